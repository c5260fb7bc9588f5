/**
 * The only writer of staking's records. Invariants kept here: an index has exactly the records that it is of, and a validator
 * stands in the index of powers with its present power unless it is jailed.
 */
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import { potentialPower } from "../shares.js";
import { delegations, delegators, operators, powerIndex, redelegations, redelegationsFrom, redelegationsTo, unbondingId, unbondings, unbondingsFrom, validators } from "../store.js";
import type { Delegation, Redelegation, Unbonding, Validator } from "../types.js";
import { consensusAddressOf, parseDelegation, parseRedelegation, parseUnbonding, parseValidator, wireDelegation, wireRedelegation, wireUnbonding, wireValidator } from "../wire.js";

export const validatorAt = (view: View, operator: string): Validator | undefined => {
  const w = validators.get(view, operator);
  return w && parseValidator(view, w);
};
export const allValidators = (view: View): Validator[] => validators.list(view).map((w) => parseValidator(view, w));

/** With its place among the powers. */
export function putValidator(ctx: Context, v: Validator): void {
  const before = validatorAt(ctx, v.operator);
  if (before && !before.jailed) powerIndex.delete(ctx, potentialPower(before), v.operator);
  if (!v.jailed) powerIndex.add(ctx, potentialPower(v), v.operator);
  validators.set(ctx, wireValidator(ctx, v), v.operator);
}

/** A validator that was not there. */
export function addValidator(ctx: Context, v: Validator): void {
  operators.set(ctx, v.operator, consensusAddressOf(ctx, v));
  putValidator(ctx, v);
}

export function deleteValidator(ctx: Context, v: Validator): void {
  if (!v.jailed) powerIndex.delete(ctx, potentialPower(v), v.operator);
  operators.delete(ctx, consensusAddressOf(ctx, v));
  validators.delete(ctx, v.operator);
}

export const delegationAt = (view: View, delegator: string, operator: string): Delegation | undefined => {
  const w = delegations.get(view, delegator, operator);
  return w && parseDelegation(view, w);
};
export const delegationsOf = (view: View, delegator: string, after?: string, limit?: number): Delegation[] =>
  delegations.list(view, { prefix: [delegator], ...(after === undefined ? {} : { after: [delegator, after] }), ...(limit === undefined ? {} : { limit }) }).map((w) => parseDelegation(view, w));
export const delegationsTo = (view: View, operator: string): Delegation[] =>
  delegators.keys(view, { prefix: [operator] }).map(([, delegator]) => delegationAt(view, delegator, operator) as Delegation);

export function putDelegation(ctx: Context, d: Delegation): void {
  delegations.set(ctx, wireDelegation(ctx, d), d.delegator, d.operator);
  if (!delegators.has(ctx, d.operator, d.delegator)) delegators.add(ctx, d.operator, d.delegator);
}
export function deleteDelegation(ctx: Context, d: Delegation): void {
  delegations.delete(ctx, d.delegator, d.operator);
  delegators.delete(ctx, d.operator, d.delegator);
}

export const unbondingAt = (view: View, delegator: string, operator: string): Unbonding | undefined => {
  const w = unbondings.get(view, delegator, operator);
  return w && parseUnbonding(view, w);
};
export const unbondingsOfValidator = (view: View, operator: string): Unbonding[] =>
  unbondingsFrom.keys(view, { prefix: [operator] }).map(([, delegator]) => unbondingAt(view, delegator, operator) as Unbonding);

/** Without entries it is gone. */
export function putUnbonding(ctx: Context, u: Unbonding): void {
  if (u.entries.length === 0) {
    unbondings.delete(ctx, u.delegator, u.operator);
    unbondingsFrom.delete(ctx, u.operator, u.delegator);
    return;
  }
  unbondings.set(ctx, wireUnbonding(ctx, u), u.delegator, u.operator);
  if (!unbondingsFrom.has(ctx, u.operator, u.delegator)) unbondingsFrom.add(ctx, u.operator, u.delegator);
}

export const redelegationAt = (view: View, delegator: string, from: string, to: string): Redelegation | undefined => {
  const w = redelegations.get(view, delegator, from, to);
  return w && parseRedelegation(view, w);
};
export const redelegationsFromValidator = (view: View, from: string): Redelegation[] =>
  redelegationsFrom.keys(view, { prefix: [from] }).map(([, delegator, to]) => redelegationAt(view, delegator, from, to) as Redelegation);
/** Whether a delegator moved stake to this validator that can still be slashed for the one it left. */
export const receives = (view: View, delegator: string, to: string): boolean => redelegationsTo.first(view, { prefix: [to, delegator] }) !== undefined;

/** Without entries it is gone. */
export function putRedelegation(ctx: Context, r: Redelegation): void {
  const { delegator, from, to } = r;
  if (r.entries.length === 0) {
    redelegations.delete(ctx, delegator, from, to);
    redelegationsFrom.delete(ctx, from, delegator, to);
    redelegationsTo.delete(ctx, to, delegator, from);
    return;
  }
  const known = redelegations.has(ctx, delegator, from, to);
  redelegations.set(ctx, wireRedelegation(ctx, r), delegator, from, to);
  if (known) return;
  redelegationsFrom.add(ctx, from, delegator, to);
  redelegationsTo.add(ctx, to, delegator, from);
}

/** The next number of an unbonding. */
export function nextUnbondingId(ctx: Context): bigint {
  const id = (unbondingId.get(ctx) ?? 0n) + 1n;
  unbondingId.set(ctx, id);
  return id;
}
