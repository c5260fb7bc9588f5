/** Messages of `distribution`. The ante handler has authenticated who signs. */
import { isModuleAccount } from "#kernel/accounts.js";
import { checkAuthority, updateParams } from "#kernel/authority.js";
import { type Amount, parseCoins, wireCoin } from "#kernel/coin-list.js";
import type { Context } from "#kernel/context.js";
import { fromWire } from "#kernel/dec.js";
import { sdk } from "#kernel/errors.js";
import type { MsgHandlers } from "#kernel/services.js";
import type { DistributionMsg } from "#proto/gen/cosmos/distribution/v1beta1/tx.js";
import type { DistributionWriter } from "./keeper/index.js";
import { params } from "./params.js";
import type { DistributionPorts } from "./types.js";

export function distributionMessages(ports: DistributionPorts, keeper: DistributionWriter): MsgHandlers<typeof DistributionMsg> {
  const named = (what: string, parse: () => string): string => {
    try {
      return parse();
    } catch (e) {
      throw sdk.invalidAddress(`invalid ${what} address: ${(e as Error).message}`);
    }
  };
  const account = (ctx: Context, text: string, what: string): string => named(what, () => ctx.addresses.format(ctx.addresses.parse(text)));
  const operator = (ctx: Context, text: string): string => named("validator", () => ctx.addresses.format(ctx.addresses.operator.parse(text)));
  const wire = (coins: readonly Amount[]) => coins.filter((c) => c.amount > 0n).map(wireCoin);

  return {
    setWithdrawAddress(ctx, m) {
      const [delegator, to] = [account(ctx, m.delegatorAddress, "delegator"), account(ctx, m.withdrawAddress, "withdraw")];
      keeper.setWithdrawAddress(ctx, delegator, to);
      return {};
    },
    withdrawDelegatorReward: (ctx, m) => ({ amount: keeper.withdraw(ctx, account(ctx, m.delegatorAddress, "delegator"), operator(ctx, m.validatorAddress)).map(wireCoin) }),
    withdrawValidatorCommission: (ctx, m) => ({ amount: wire(keeper.withdrawCommission(ctx, operator(ctx, m.validatorAddress))) }),
    fundCommunityPool(ctx, m) {
      keeper.fund(ctx, account(ctx, m.depositor, "depositor"), given(m.amount));
      return {};
    },
    updateParams: updateParams(params, (_ctx, next) => {
      if (fromWire(next.baseProposerReward) !== 0n || fromWire(next.bonusProposerReward) !== 0n) {
        throw sdk.invalidRequest("cannot update base or bonus proposer reward because these are deprecated fields");
      }
    }),
    communityPoolSpend(ctx, m) {
      checkAuthority(ctx, m.authority);
      const coins = given(m.amount);
      const to = account(ctx, m.recipient, "recipient");
      if (isModuleAccount(ctx, ports.accounts, to)) throw sdk.unauthorized(`${m.recipient} is not allowed to receive external funds`);
      keeper.spend(ctx, to, coins);
      return {};
    },
    depositValidatorRewardsPool(ctx, m) {
      keeper.deposit(ctx, account(ctx, m.depositor, "depositor"), operator(ctx, m.validatorAddress), given(m.amount));
      return {};
    },
  };
}

/** Coins of a message, with the Cosmos SDK's words for none. */
function given(list: Parameters<typeof parseCoins>[0]): ReturnType<typeof parseCoins> {
  if (list.length === 0) throw sdk.invalidCoins("amount cannot be nil");
  return parseCoins(list);
}
