/** Stake that comes, goes and moves: x/staking/keeper/delegation.go of the Cosmos SDK. */
import type { Context } from "#kernel/context.js";
import { type Dec, decText, truncate } from "#kernel/dec.js";
import { sdk } from "#kernel/errors.js";
import { stakingErrors } from "../errors.js";
import { params, unbondingNs } from "../params.js";
import { hasNoRate, sharesOf, sharesTruncated, tokensOf, withoutShares, withTokens } from "../shares.js";
import { redelegationQueue, unbondingQueue } from "../store.js";
import { BONDED, BondStatus, NOT_BONDED, type StakingHooks, type StakingPorts, type Validator } from "../types.js";
import { consensusAddressOf } from "../wire.js";
import { deleteDelegation, deleteValidator, delegationAt, nextUnbondingId, putDelegation, putRedelegation, putUnbonding, putValidator, receives, redelegationAt, unbondingAt, validatorAt } from "./books.js";

export const isBonded = (v: Pick<Validator, "status">): boolean => v.status === BondStatus.BOND_STATUS_BONDED;

/** Where the stake comes from that is delegated: the delegator's balance, or a pool that it is in. */
export type Source = "balance" | "bonded" | "not-bonded";

export interface Delegating {
  /** Answers the shares that were issued. */
  delegate(ctx: Context, delegator: string, amount: bigint, source: Source, v: Validator): Dec;
  /** Takes shares off a validator; what they were worth stays in the validator's pool. */
  unbond(ctx: Context, delegator: string, operator: string, shares: Dec): bigint;
  /** Answers when it is paid, and how much. */
  undelegate(ctx: Context, delegator: string, operator: string, shares: Dec): { readonly endNs: bigint; readonly amount: bigint };
  /** Answers when the move is over; undefined: at once. */
  redelegate(ctx: Context, delegator: string, from: string, to: string, shares: Dec): bigint | undefined;
  /** The shares for which so much is taken back. Throws what cannot be. */
  sharesToUnbond(ctx: Context, delegator: string, operator: string, amount: bigint): Dec;
  /** Pays what is due of a delegator's unbonding; answers how much, undefined where there is none. */
  completeUnbonding(ctx: Context, delegator: string, operator: string): bigint | undefined;
  completeRedelegation(ctx: Context, delegator: string, from: string, to: string): bigint | undefined;
  toBonded(ctx: Context, amount: bigint): void;
  toNotBonded(ctx: Context, amount: bigint): void;
  removeValidator(ctx: Context, v: Validator): void;
}

export function delegating(ports: StakingPorts, hooks: Required<StakingHooks>, jail: (ctx: Context, v: Validator) => void): Delegating {
  const must = (ctx: Context, operator: string): Validator => {
    const v = validatorAt(ctx, operator);
    if (!v) throw stakingErrors.noValidator("");
    return v;
  };
  const self: Delegating = {
    toBonded: (ctx, amount) => ports.bank.betweenPools(ctx, NOT_BONDED, BONDED, amount),
    toNotBonded: (ctx, amount) => ports.bank.betweenPools(ctx, BONDED, NOT_BONDED, amount),

    delegate(ctx, delegator, amount, source, v) {
      if (hasNoRate(v)) throw stakingErrors.noRate("");
      const { operator } = v;
      const known = delegationAt(ctx, delegator, operator);
      if (known) hooks.beforeSharesModified(ctx, delegator, operator);
      else hooks.beforeDelegationCreated(ctx, delegator, operator);
      if (source === "balance") ports.bank.stake(ctx, delegator, isBonded(v) ? BONDED : NOT_BONDED, amount);
      else if (source === "not-bonded" && isBonded(v)) self.toBonded(ctx, amount);
      else if (source === "bonded" && !isBonded(v)) self.toNotBonded(ctx, amount);
      const [after, issued] = withTokens(v, amount);
      putValidator(ctx, after);
      putDelegation(ctx, { delegator, operator, shares: (known?.shares ?? 0n) + issued });
      hooks.afterDelegationModified(ctx, delegator, operator);
      return issued;
    },

    unbond(ctx, delegator, operator, shares) {
      const known = delegationAt(ctx, delegator, operator);
      if (!known) throw stakingErrors.noDelegator("");
      hooks.beforeSharesModified(ctx, delegator, operator);
      if (known.shares < shares) throw stakingErrors.notEnoughShares(decText(known.shares));
      const left = { ...known, shares: known.shares - shares };
      let v = must(ctx, operator);
      if (delegator === operator && !v.jailed && truncate(tokensOf(v, left.shares)) < v.minSelfDelegation) {
        jail(ctx, v);
        v = must(ctx, operator);
      }
      if (left.shares === 0n) {
        hooks.beforeDelegationRemoved(ctx, delegator, operator);
        deleteDelegation(ctx, left);
      } else {
        putDelegation(ctx, left);
        hooks.afterDelegationModified(ctx, delegator, operator);
      }
      const [after, amount] = withoutShares(v, shares);
      putValidator(ctx, after);
      if (after.shares === 0n && after.status === BondStatus.BOND_STATUS_UNBONDED) self.removeValidator(ctx, after);
      return amount;
    },

    removeValidator(ctx, v) {
      if (v.status !== BondStatus.BOND_STATUS_UNBONDED || v.tokens > 0n) throw sdk.logic(`removing ${v.operator}, which has ${v.tokens} and status ${v.status}`);
      deleteValidator(ctx, v);
      hooks.afterValidatorRemoved(ctx, consensusAddressOf(ctx, v), v.operator);
    },

    undelegate(ctx, delegator, operator, shares) {
      const v = must(ctx, operator);
      const p = params.get(ctx);
      const known = unbondingAt(ctx, delegator, operator);
      if ((known?.entries.length ?? 0) >= p.maxEntries) throw stakingErrors.maxUnbondings("");
      const amount = self.unbond(ctx, delegator, operator, shares);
      if (isBonded(v)) self.toNotBonded(ctx, amount);
      const endNs = ctx.block.timeNs + unbondingNs(p);
      const { height } = ctx.block;
      const id = nextUnbondingId(ctx);
      const entries = [...(known?.entries ?? [])];
      const at = entries.findIndex((e) => e.height === height && e.endNs === endNs);
      const same = entries[at];
      if (same) entries[at] = { ...same, initial: same.initial + amount, balance: same.balance + amount };
      else entries.push({ height, endNs, initial: amount, balance: amount, id });
      putUnbonding(ctx, { delegator, operator, entries });
      unbondingQueue.add(ctx, endNs, delegator, operator);
      return { endNs, amount };
    },

    completeUnbonding(ctx, delegator, operator) {
      const known = unbondingAt(ctx, delegator, operator);
      if (!known) return undefined;
      const due = known.entries.filter((e) => e.endNs <= ctx.block.timeNs);
      for (const { balance } of due) if (balance > 0n) ports.bank.unstake(ctx, NOT_BONDED, delegator, balance);
      putUnbonding(ctx, { ...known, entries: known.entries.filter((e) => e.endNs > ctx.block.timeNs) });
      return due.reduce((sum, e) => sum + e.balance, 0n);
    },

    redelegate(ctx, delegator, from, to, shares) {
      if (from === to) throw stakingErrors.selfRedelegation("");
      const target = validatorAt(ctx, to);
      if (!target) throw stakingErrors.badDestination("");
      const source = validatorAt(ctx, from);
      if (!source) throw stakingErrors.badSource("");
      if (receives(ctx, delegator, from)) throw stakingErrors.transitive("");
      const p = params.get(ctx);
      const known = redelegationAt(ctx, delegator, from, to);
      if ((known?.entries.length ?? 0) >= p.maxEntries) throw stakingErrors.maxRedelegations("");
      const amount = self.unbond(ctx, delegator, from, shares);
      if (amount === 0n) throw stakingErrors.tinyRedelegation("");
      // The SDK delegates to the validator as it was read before the unbonding, which can only have changed the other one.
      const issued = self.delegate(ctx, delegator, amount, isBonded(source) ? "bonded" : "not-bonded", target);
      const left = validatorAt(ctx, from);
      if (!left) throw stakingErrors.noValidator("");
      if (left.status === BondStatus.BOND_STATUS_UNBONDED) return undefined;
      const bonded = isBonded(left);
      const endNs = bonded ? ctx.block.timeNs + unbondingNs(p) : left.unbondingNs;
      const entry = { height: bonded ? ctx.block.height : left.unbondingHeight, endNs, initial: amount, shares: issued, id: nextUnbondingId(ctx) };
      putRedelegation(ctx, { delegator, from, to, entries: [...(known?.entries ?? []), entry] });
      redelegationQueue.add(ctx, endNs, delegator, from, to);
      return endNs;
    },

    completeRedelegation(ctx, delegator, from, to) {
      const known = redelegationAt(ctx, delegator, from, to);
      if (!known) return undefined;
      const due = known.entries.filter((e) => e.endNs <= ctx.block.timeNs);
      putRedelegation(ctx, { ...known, entries: known.entries.filter((e) => e.endNs > ctx.block.timeNs) });
      return due.reduce((sum, e) => sum + e.initial, 0n);
    },

    sharesToUnbond(ctx, delegator, operator, amount) {
      const v = must(ctx, operator);
      const has = delegationAt(ctx, delegator, operator)?.shares;
      if (has === undefined) throw stakingErrors.noDelegation("");
      if (v.tokens === 0n) throw stakingErrors.insufficientShares("");
      const shares = sharesOf(v, amount);
      if (sharesTruncated(v, amount) > has) throw sdk.invalidRequest("invalid shares amount");
      return shares > has ? has : shares;
    },
  };
  return self;
}
