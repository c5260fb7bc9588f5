/** What anybody can ask of validators and their stake, as the Cosmos SDK answers it. */
import { operatorText } from "#kernel/address.js";
import type { QueryContext } from "#kernel/context.js";
import { truncate } from "#kernel/dec.js";
import { sdk } from "#kernel/errors.js";
import { paginate } from "#kernel/pagination.js";
import type { QueryHandlers } from "#kernel/services.js";
import type { Coin } from "#proto/gen/cosmos/base/v1beta1/coin.js";
import type { StakingQuery } from "#proto/gen/cosmos/staking/v1beta1/query.js";
import { BondStatus, type DelegationResponse, type RedelegationResponse } from "#proto/gen/cosmos/staking/v1beta1/staking.js";
import { stakingErrors } from "./errors.js";
import { delegationAt, redelegationAt, unbondingAt } from "./keeper/books.js";
import { tokensOf } from "./shares.js";
import { delegations, delegators, history, redelegations, redelegationsFrom, unbondings, unbondingsFrom, validators } from "./store.js";
import { BONDED, type Delegation, NOT_BONDED, type Redelegation, type StakingKeeper, type StakingPorts, type Validator } from "./types.js";
import { parseDelegation, parseRedelegation, wireDelegation, wireRedelegation, wireUnbonding, wireValidator } from "./wire.js";

const STATUSES = [BondStatus.BOND_STATUS_BONDED, BondStatus.BOND_STATUS_UNBONDED, BondStatus.BOND_STATUS_UNBONDING];
const NAMES: ReadonlyMap<string, BondStatus> = new Map(Object.entries(BondStatus).filter(([, v]) => (STATUSES as number[]).includes(v)));

export function stakingQueries(ports: StakingPorts, keeper: StakingKeeper): QueryHandlers<typeof StakingQuery> {
  const operatorOf = (ctx: QueryContext, text: string): string => {
    if (text === "") throw sdk.invalidRequest("validator address cannot be empty");
    return ctx.addresses.format(ctx.addresses.operator.parse(text));
  };
  const delegatorOf = (ctx: QueryContext, text: string): string => {
    if (text === "") throw sdk.invalidRequest("delegator address cannot be empty");
    return ctx.addresses.format(ctx.addresses.parse(text));
  };
  const must = (ctx: QueryContext, operator: string): Validator => {
    const v = keeper.byOperator(ctx, operator);
    if (!v) throw sdk.keyNotFound(`validator ${operatorText(ctx, operator)} not found`);
    return v;
  };
  const coin = (ctx: QueryContext, amount: bigint): Coin => ({ denom: keeper.params(ctx).bondDenom, amount: `${amount}` });
  const response = (ctx: QueryContext, d: Delegation): DelegationResponse => ({ delegation: wireDelegation(ctx, d), balance: coin(ctx, truncate(tokensOf(must(ctx, d.operator), d.shares))) });
  const moved = (ctx: QueryContext, r: Redelegation): RedelegationResponse => {
    const target = must(ctx, r.to);
    const redelegation = wireRedelegation(ctx, r);
    return {
      redelegation: { ...redelegation, entries: [] },
      entries: redelegation.entries.map((entry, i) => ({ redelegationEntry: entry, balance: `${truncate(tokensOf(target, r.entries[i]?.shares ?? 0n))}` })),
    };
  };

  return {
    validators(ctx, { status, pagination: request }) {
      const wanted = status === "" ? undefined : NAMES.get(status);
      if (status !== "" && wanted === undefined) throw sdk.invalidRequest(`invalid validator status ${status.slice(0, 40)}`);
      const { items, pagination } = paginate(ctx, validators, request, undefined, wanted === undefined ? undefined : ({ value }) => value.status === wanted);
      return { validators: items.map(({ value }) => value), pagination };
    },
    validator: (ctx, { validatorAddr }) => ({ validator: wireValidator(ctx, must(ctx, operatorOf(ctx, validatorAddr))) }),
    validatorDelegations(ctx, { validatorAddr, pagination: request }) {
      const operator = operatorOf(ctx, validatorAddr);
      const { items, pagination } = paginate(ctx, delegators, request, [operator]);
      return { delegationResponses: items.map(({ key: [, delegator] }) => response(ctx, delegationAt(ctx, delegator, operator) as Delegation)), pagination };
    },
    validatorUnbondingDelegations(ctx, { validatorAddr, pagination: request }) {
      const operator = operatorOf(ctx, validatorAddr);
      const { items, pagination } = paginate(ctx, unbondingsFrom, request, [operator]);
      return { unbondingResponses: items.flatMap(({ key: [, delegator] }) => unbondings.get(ctx, delegator, operator) ?? []), pagination };
    },
    delegation(ctx, { delegatorAddr, validatorAddr }) {
      const [delegator, operator] = [delegatorOf(ctx, delegatorAddr), operatorOf(ctx, validatorAddr)];
      const d = delegationAt(ctx, delegator, operator);
      if (!d) throw sdk.keyNotFound(`delegation with delegator ${delegatorAddr} not found for validator ${validatorAddr}`);
      return { delegationResponse: response(ctx, d) };
    },
    unbondingDelegation(ctx, { delegatorAddr, validatorAddr }) {
      const [delegator, operator] = [delegatorOf(ctx, delegatorAddr), operatorOf(ctx, validatorAddr)];
      const u = unbondingAt(ctx, delegator, operator);
      if (!u) throw sdk.keyNotFound(`unbonding delegation with delegator ${delegatorAddr} not found for validator ${validatorAddr}`);
      return { unbond: wireUnbonding(ctx, u) };
    },
    delegatorDelegations(ctx, { delegatorAddr, pagination: request }) {
      const { items, pagination } = paginate(ctx, delegations, request, [delegatorOf(ctx, delegatorAddr)]);
      return { delegationResponses: items.map(({ value }) => response(ctx, parseDelegation(ctx, value))), pagination };
    },
    delegatorUnbondingDelegations(ctx, { delegatorAddr, pagination: request }) {
      const { items, pagination } = paginate(ctx, unbondings, request, [delegatorOf(ctx, delegatorAddr)]);
      return { unbondingResponses: items.map(({ value }) => value), pagination };
    },
    redelegations(ctx, { delegatorAddr, srcValidatorAddr, dstValidatorAddr, pagination: request }) {
      if (delegatorAddr !== "" && srcValidatorAddr !== "" && dstValidatorAddr !== "") {
        const r = redelegationAt(ctx, delegatorOf(ctx, delegatorAddr), operatorOf(ctx, srcValidatorAddr), operatorOf(ctx, dstValidatorAddr));
        // As the SDK wraps it: this code and no other is what clients know.
        if (!r) throw sdk.unknownRequest(`rpc error: code = Internal desc = rpc error: code = NotFound desc = redelegation not found for delegator address ${delegatorAddr} from validator address ${srcValidatorAddr}`);
        return { redelegationResponses: [moved(ctx, r)], pagination: undefined };
      }
      if (delegatorAddr === "" && srcValidatorAddr !== "" && dstValidatorAddr === "") {
        const from = operatorOf(ctx, srcValidatorAddr);
        const { items, pagination } = paginate(ctx, redelegationsFrom, request, [from]);
        return { redelegationResponses: items.map(({ key: [, delegator, to] }) => moved(ctx, redelegationAt(ctx, delegator, from, to) as Redelegation)), pagination };
      }
      const { items, pagination } = paginate(ctx, redelegations, request, [delegatorOf(ctx, delegatorAddr)]);
      return { redelegationResponses: items.map(({ value }) => moved(ctx, parseRedelegation(ctx, value))), pagination };
    },
    delegatorValidators(ctx, { delegatorAddr, pagination: request }) {
      const { items, pagination } = paginate(ctx, delegations, request, [delegatorOf(ctx, delegatorAddr)]);
      return { validators: items.map(({ key: [, operator] }) => wireValidator(ctx, must(ctx, operator))), pagination };
    },
    delegatorValidator(ctx, { delegatorAddr, validatorAddr }) {
      const [delegator, operator] = [delegatorOf(ctx, delegatorAddr), operatorOf(ctx, validatorAddr)];
      if (!delegationAt(ctx, delegator, operator)) throw sdk.unknownRequest(`rpc error: code = Internal desc = ${stakingErrors.noDelegation("").message}`);
      return { validator: wireValidator(ctx, must(ctx, operator)) };
    },
    historicalInfo(ctx, { height }) {
      if (height < 0n) throw sdk.invalidRequest("height cannot be negative");
      const hist = history.get(ctx, height);
      if (!hist) throw sdk.keyNotFound(`historical info for height ${height} not found`);
      return { hist };
    },
    pool: (ctx) => ({ pool: { notBondedTokens: `${ports.bank.poolBalance(ctx, NOT_BONDED)}`, bondedTokens: `${ports.bank.poolBalance(ctx, BONDED)}` } }),
    params: (ctx) => ({ params: keeper.params(ctx) }),
  };
}
