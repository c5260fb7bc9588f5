/** What anybody can ask of earnings, as the Cosmos SDK answers it. */
import { operatorText } from "#kernel/address.js";
import type { QueryContext } from "#kernel/context.js";
import { addCoins, type DecCoins, wireDecCoins } from "#kernel/dec-coins.js";
import { sdk } from "#kernel/errors.js";
import { paginate } from "#kernel/pagination.js";
import type { QueryHandlers } from "#kernel/services.js";
import type { DistributionQuery } from "#proto/gen/cosmos/distribution/v1beta1/query.js";
import type { DistributionWriter } from "./keeper/index.js";
import { commissions, outstanding, slashEvents, wireSlashEvent } from "./store.js";
import type { DistributionPorts } from "./types.js";

/** A delegator's validators that one question is answered for. */
const MOST = 1000;

export function distributionQueries(ports: DistributionPorts, keeper: DistributionWriter): QueryHandlers<typeof DistributionQuery> {
  const operatorOf = (ctx: QueryContext, text: string): string => {
    if (text === "") throw sdk.invalidRequest("empty validator address");
    return ctx.addresses.format(ctx.addresses.operator.parse(text));
  };
  const delegatorOf = (ctx: QueryContext, text: string): string => {
    if (text === "") throw sdk.invalidRequest("empty delegator address");
    return ctx.addresses.format(ctx.addresses.parse(text));
  };
  const rewards = (ctx: QueryContext, delegator: string, operator: string): DecCoins => keeper.rewards(ctx, ctx.block.height, delegator, operator);
  const delegations = (ctx: QueryContext, delegator: string) => {
    const all = ports.staking.delegationsOf(ctx, delegator);
    if (all.length > MOST) throw sdk.invalidRequest(`${delegator} has ${all.length} delegations, at most ${MOST} are answered at once: ask for one validator`);
    return all;
  };
  return {
    params: (ctx) => ({ params: keeper.params(ctx) }),
    validatorDistributionInfo(ctx, { validatorAddress }) {
      const operator = operatorOf(ctx, validatorAddress);
      const own = rewards(ctx, operator, operator);
      return { operatorAddress: operator, selfBondRewards: wireDecCoins(own), commission: wireDecCoins(commissions.get(ctx, operator) ?? []) };
    },
    validatorOutstandingRewards(ctx, { validatorAddress }) {
      const { operator } = ports.staking.mustValidator(ctx, operatorOf(ctx, validatorAddress));
      return { rewards: { rewards: wireDecCoins(outstanding.get(ctx, operator) ?? []) } };
    },
    validatorCommission(ctx, { validatorAddress }) {
      const { operator } = ports.staking.mustValidator(ctx, operatorOf(ctx, validatorAddress));
      return { commission: { commission: wireDecCoins(commissions.get(ctx, operator) ?? []) } };
    },
    validatorSlashes(ctx, { validatorAddress, startingHeight, endingHeight, pagination: request }) {
      const operator = operatorOf(ctx, validatorAddress);
      if (endingHeight < startingHeight) throw sdk.invalidRequest(`starting height greater than ending height (${startingHeight} > ${endingHeight})`);
      // The bounds are of periods and not of heights, as the SDK has it.
      const { items, pagination } = paginate(ctx, slashEvents, request, [operator], ({ value }) => value.period >= startingHeight && value.period <= endingHeight);
      return { slashes: items.map(({ value }) => wireSlashEvent(value)), pagination };
    },
    delegationRewards(ctx, { delegatorAddress, validatorAddress }) {
      const delegator = delegatorOf(ctx, delegatorAddress);
      return { rewards: wireDecCoins(rewards(ctx, delegator, operatorOf(ctx, validatorAddress))) };
    },
    delegationTotalRewards(ctx, { delegatorAddress }) {
      const delegator = delegatorOf(ctx, delegatorAddress);
      const list = delegations(ctx, delegator).map(({ operator }) => ({ operator, reward: rewards(ctx, delegator, operator) }));
      return {
        rewards: list.map(({ operator, reward }) => ({ validatorAddress: operatorText(ctx, operator), reward: wireDecCoins(reward) })),
        total: wireDecCoins(list.reduce((sum: DecCoins, { reward }) => addCoins(sum, reward), [])),
      };
    },
    delegatorValidators: (ctx, { delegatorAddress }) => ({ validators: delegations(ctx, delegatorOf(ctx, delegatorAddress)).map(({ operator }) => operatorText(ctx, operator)) }),
    delegatorWithdrawAddress: (ctx, { delegatorAddress }) => ({ withdrawAddress: keeper.withdrawAddress(ctx, delegatorOf(ctx, delegatorAddress)) }),
    communityPool: (ctx) => ({ pool: wireDecCoins(keeper.communityPool(ctx)) }),
  };
}
