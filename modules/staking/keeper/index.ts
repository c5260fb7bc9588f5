/** What `staking` does, put together. */
import type { Context } from "#kernel/context.js";
import type { ValidatorUpdate } from "#kernel/module.js";
import { fromWire } from "#kernel/dec.js";
import { stakingErrors } from "../errors.js";
import { params } from "../params.js";
import { lastPowers, lastTotal, operators } from "../store.js";
import { BONDED, type Member, type StakingHooks, type StakingKeeper, type StakingPorts, type Validator } from "../types.js";
import { consensusAddressOf } from "../wire.js";
import { addValidator, allValidators, delegationAt, delegationsOf, delegationsTo, putValidator, validatorAt } from "./books.js";
import { type Delegating, delegating, isBonded } from "./delegating.js";
import { validatorSet } from "./set.js";
import { slashing } from "./slash.js";

export interface StakingWriter extends StakingKeeper, Delegating {
  /** A new validator without stake. */
  create(ctx: Context, v: Validator): void;
  /** One that is there, with another description, commission or least own stake. */
  edit(ctx: Context, v: Validator): void;
  /** `edit` with a new commission changes what its delegators earn from now on. */
  beforeModified(ctx: Context, operator: string): void;
  /** In the last part of a block. */
  updates(ctx: Context): ValidatorUpdate[];
  /** Behind all of genesis: who signs the first block, unless an export says so. */
  begin(ctx: Context): void;
}

/** Every hook of every module, in their order. */
function all(list: readonly StakingHooks[]): Required<StakingHooks> {
  const each = <K extends keyof StakingHooks>(name: K) => ((...args: unknown[]) => list.forEach((h) => (h[name] as ((...a: unknown[]) => void) | undefined)?.(...args))) as Required<StakingHooks>[K];
  return {
    afterValidatorCreated: each("afterValidatorCreated"),
    beforeValidatorModified: each("beforeValidatorModified"),
    afterValidatorRemoved: each("afterValidatorRemoved"),
    afterValidatorBonded: each("afterValidatorBonded"),
    afterValidatorBeginsUnbonding: each("afterValidatorBeginsUnbonding"),
    beforeDelegationCreated: each("beforeDelegationCreated"),
    beforeSharesModified: each("beforeSharesModified"),
    beforeDelegationRemoved: each("beforeDelegationRemoved"),
    afterDelegationModified: each("afterDelegationModified"),
    beforeValidatorSlashed: each("beforeValidatorSlashed"),
  };
}

export function stakingKeeper(ports: StakingPorts, listeners: readonly StakingHooks[] = []): StakingWriter {
  const hooks = all([
    ...listeners,
    { afterValidatorBonded: (ctx, address) => ports.slashing.bonded(ctx, address) },
    { afterValidatorRemoved: (ctx, _address, operator) => ports.beacon.forget(ctx, operator) },
  ]);
  const jailValidator = (ctx: Context, v: Validator): void => {
    if (v.jailed) throw stakingErrors.jailed(`cannot jail already jailed validator, validator: ${v.operator}`);
    putValidator(ctx, { ...v, jailed: true });
  };
  const stake = delegating(ports, hooks, jailValidator);
  const set = validatorSet(ports, hooks, stake);
  const must = (ctx: Context, consensusAddress: Uint8Array): Validator => {
    const v = keeper.byConsensusAddress(ctx, consensusAddress);
    if (!v) throw stakingErrors.noValidator("");
    return v;
  };
  const keeper: StakingWriter = {
    ...stake,
    params: (view) => params.get(view),
    all: allValidators,
    byOperator: validatorAt,
    byConsensusAddress(view, address) {
      // Whatever an engine or a peer names may be asked for.
      const operator = address.length === 20 ? operators.get(view, address) : undefined;
      return operator === undefined ? undefined : validatorAt(view, operator);
    },
    delegation: delegationAt,
    delegationsOf,
    delegationsTo,
    members: (view) =>
      lastPowers.entries(view).flatMap(({ key: [operator], value: power }): Member[] => {
        const v = validatorAt(view, operator);
        return v ? [{ operator, consensusKey: v.consensusKey, consensusAddress: consensusAddressOf(view, v), power }] : [];
      }),
    totalPower: (view) => lastTotal.get(view) ?? 0n,
    bonded: (view) => allValidators(view).flatMap((v) => (isBonded(v) ? [v.operator] : [])),
    bondedTokens: (view) => ports.bank.poolBalance(view, BONDED),
    slash: slashing(ports, hooks, stake),
    jail: (ctx, address) => jailValidator(ctx, must(ctx, address)),
    unjail(ctx, address) {
      const v = must(ctx, address);
      if (!v.jailed) throw new Error(`cannot unjail already unjailed validator, validator: ${v.operator}`);
      putValidator(ctx, { ...v, jailed: false });
    },

    create(ctx, v) {
      addValidator(ctx, v);
      hooks.afterValidatorCreated(ctx, v.operator);
    },
    edit: putValidator,
    beforeModified: (ctx, operator) => hooks.beforeValidatorModified(ctx, operator),
    updates: (ctx) => set.endBlock(ctx),
    begin(ctx) {
      if (lastTotal.get(ctx) === undefined) set.apply(ctx);
    },
  };
  return keeper;
}

export const minCommission = (p: { readonly minCommissionRate: string }): bigint => fromWire(p.minCommissionRate);
