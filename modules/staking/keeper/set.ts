/** Who signs: x/staking/keeper/val_state_change.go of the Cosmos SDK, with one rule of this chain: who has no beacon key cannot propose, so it is not bonded. */
import { operatorText } from "#kernel/address.js";
import { compareBytes } from "#kernel/bytes.js";
import type { Context } from "#kernel/context.js";
import type { ValidatorUpdate } from "#kernel/module.js";
import type { View } from "#kernel/store.js";
import { stakingEvents } from "../events.js";
import { params, unbondingNs } from "../params.js";
import { powerOf } from "../shares.js";
import { lastPowers, lastTotal, powerIndex, redelegationQueue, unbondingQueue, validatorQueue } from "../store.js";
import { BondStatus, type StakingHooks, type StakingPorts, type Validator } from "../types.js";
import { consensusAddressOf } from "../wire.js";
import { nextUnbondingId, putValidator, validatorAt } from "./books.js";
import { type Delegating, isBonded } from "./delegating.js";

const { BOND_STATUS_BONDED, BOND_STATUS_UNBONDED, BOND_STATUS_UNBONDING } = BondStatus;

export interface ValidatorSet {
  /** At the end of a block: who bonds, who leaves, what is due. Answers what the engine is told. */
  endBlock(ctx: Context): ValidatorUpdate[];
  /** The first part of it alone, as in genesis. */
  apply(ctx: Context): ValidatorUpdate[];
}

const must = (view: View, operator: string): Validator => {
  const v = validatorAt(view, operator);
  if (!v) throw new Error(`staking: there is no validator ${operator}, which an index names`);
  return v;
};

export function validatorSet(ports: StakingPorts, hooks: Required<StakingHooks>, stake: Delegating): ValidatorSet {
  function bond(ctx: Context, v: Validator): Validator {
    if (v.status === BOND_STATUS_UNBONDING) validatorQueue.delete(ctx, v.unbondingNs, v.unbondingHeight, v.operator);
    const bonded = { ...v, status: BOND_STATUS_BONDED };
    putValidator(ctx, bonded);
    hooks.afterValidatorBonded(ctx, consensusAddressOf(ctx, v), v.operator);
    return bonded;
  }

  function beginUnbonding(ctx: Context, v: Validator): void {
    const id = nextUnbondingId(ctx);
    const endNs = ctx.block.timeNs + unbondingNs(params.get(ctx));
    putValidator(ctx, { ...v, status: BOND_STATUS_UNBONDING, unbondingNs: endNs, unbondingHeight: ctx.block.height, unbondingIds: [...v.unbondingIds, id] });
    validatorQueue.add(ctx, endNs, ctx.block.height, v.operator);
    hooks.afterValidatorBeginsUnbonding(ctx, consensusAddressOf(ctx, v), v.operator);
  }

  /** Those with most stake who can sign, at most so many. */
  function chosen(ctx: Context): Validator[] {
    const { maxValidators } = params.get(ctx);
    const out: Validator[] = [];
    // A page at a time: however many validators there are, those at the end of the list are not read.
    for (let below: readonly [bigint, string] | undefined; ; ) {
      const page: (readonly [bigint, string])[] = powerIndex.keys(ctx, { reverse: true, from: [1n], limit: maxValidators, ...(below ? { below: [...below] } : {}) });
      for (const [, operator] of page) {
        if (out.length >= maxValidators) return out;
        if (ports.beacon.has(ctx, operator)) out.push(must(ctx, operator));
      }
      below = page.at(-1);
      if (!below || page.length < maxValidators) return out;
    }
  }

  function apply(ctx: Context): ValidatorUpdate[] {
    const last = new Map(lastPowers.entries(ctx).map(({ key: [operator], value }) => [operator, value]));
    const members = chosen(ctx);
    // The engine cannot go on with nobody: who signed last goes on, jailed or not, until somebody can take over.
    if (members.length === 0) return [];
    const updates: ValidatorUpdate[] = [];
    let toBonded = 0n;
    let total = 0n;
    for (let v of members) {
      if (!isBonded(v)) {
        toBonded += v.tokens;
        v = bond(ctx, v);
      } else if (!last.has(v.operator)) hooks.afterValidatorBonded(ctx, consensusAddressOf(ctx, v), v.operator); // of genesis
      const power = powerOf(v);
      if (last.get(v.operator) !== power) {
        updates.push({ key: v.consensusKey, power });
        lastPowers.set(ctx, power, v.operator);
      }
      last.delete(v.operator);
      total += power;
    }
    // ascending by raw operator address, as the map was filled
    for (const operator of last.keys()) {
      const v = must(ctx, operator);
      toBonded -= v.tokens;
      beginUnbonding(ctx, v);
      lastPowers.delete(ctx, operator);
      updates.push({ key: v.consensusKey, power: 0n });
    }
    if (toBonded > 0n) stake.toBonded(ctx, toBonded);
    else if (toBonded < 0n) stake.toNotBonded(ctx, -toBonded);
    if (updates.length > 0) lastTotal.set(ctx, total);
    return updates;
  }

  function unbondValidators(ctx: Context): void {
    for (const [endNs, height, operator] of validatorQueue.keys(ctx, { below: [ctx.block.timeNs + 1n] })) {
      if (height > ctx.block.height) continue;
      validatorQueue.delete(ctx, endNs, height, operator);
      const v: Validator = { ...must(ctx, operator), status: BOND_STATUS_UNBONDED };
      putValidator(ctx, v);
      if (v.shares === 0n) stake.removeValidator(ctx, v);
    }
  }

  return {
    apply,
    endBlock(ctx) {
      const updates = apply(ctx);
      unbondValidators(ctx);
      const { bondDenom: denom } = params.get(ctx);
      const text = (amount: bigint): string => (amount > 0n ? `${amount}${denom}` : "");
      const due = ctx.block.timeNs + 1n;
      for (const [endNs, delegator, operator] of unbondingQueue.keys(ctx, { below: [due] })) {
        unbondingQueue.delete(ctx, endNs, delegator, operator);
        const amount = stake.completeUnbonding(ctx, delegator, operator);
        if (amount !== undefined) ctx.emit(stakingEvents.unbondingComplete({ amount: text(amount), validator: operatorText(ctx, operator), delegator }));
      }
      for (const [endNs, delegator, from, to] of redelegationQueue.keys(ctx, { below: [due] })) {
        redelegationQueue.delete(ctx, endNs, delegator, from, to);
        const amount = stake.completeRedelegation(ctx, delegator, from, to);
        if (amount !== undefined) {
          ctx.emit(stakingEvents.redelegationComplete({ amount: text(amount), delegator, source_validator: operatorText(ctx, from), destination_validator: operatorText(ctx, to) }));
        }
      }
      return updates.sort((a, b) => compareBytes(a.key, b.key));
    },
  };
}
