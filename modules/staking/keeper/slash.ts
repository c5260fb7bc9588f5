/** Stake that a validator's fault costs: x/staking/keeper/slash.go of the Cosmos SDK. */
import type { Context } from "#kernel/context.js";
import { type Dec, decOf, minDec, mul, mulInt, ONE, quoRoundUp, truncate } from "#kernel/dec.js";
import { operators } from "../store.js";
import { BONDED, BondStatus, NOT_BONDED, POWER_REDUCTION, type Redelegation, type StakingHooks, type StakingPorts, type Unbonding } from "../types.js";
import { delegationAt, putUnbonding, putValidator, redelegationsFromValidator, unbondingAt, unbondingsOfValidator, validatorAt } from "./books.js";
import { type Delegating, isBonded } from "./delegating.js";

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

export function slashing(ports: StakingPorts, hooks: Required<StakingHooks>, stake: Delegating) {
  /** Of what was taken back since: the part of what it was at first, off what is left. Answers the whole part. */
  function unbonding(ctx: Context, u: Unbonding, height: bigint, fraction: Dec): bigint {
    let total = 0n;
    let burned = 0n;
    const entries = u.entries.map((e) => {
      if (e.height < height || e.endNs <= ctx.block.timeNs) return e;
      const part = truncate(mulInt(fraction, e.initial));
      total += part;
      const taken = least(part, e.balance);
      burned += taken;
      return { ...e, balance: e.balance - taken };
    });
    if (burned > 0n) {
      putUnbonding(ctx, { ...u, entries });
      ports.bank.burn(ctx, NOT_BONDED, burned);
    }
    return total;
  }

  /** Of what was moved since: first off what is being taken back from the other validator, then off what is there. */
  function redelegation(ctx: Context, r: Redelegation, height: bigint, fraction: Dec): bigint {
    const { delegator, to } = r;
    let total = 0n;
    let bonded = 0n;
    let notBonded = 0n;
    for (const moved of r.entries) {
      if (moved.height < height || moved.endNs <= ctx.block.timeNs) continue;
      let part = truncate(mulInt(fraction, moved.initial));
      total += part;
      const u = unbondingAt(ctx, delegator, to);
      if (u) {
        const before = part;
        const entries = u.entries.map((e) => {
          const taken = least(part, e.balance);
          if (taken === 0n || e.height < height || e.endNs <= ctx.block.timeNs) return e;
          part -= taken;
          notBonded += taken;
          return { ...e, balance: e.balance - taken };
        });
        if (part !== before) putUnbonding(ctx, { ...u, entries });
      }
      const shares = mul(fraction, moved.shares);
      const d = delegationAt(ctx, delegator, to);
      // Read first: an unbonded validator is gone with its last share, which in the SDK stops the chain.
      const v = validatorAt(ctx, to);
      if (shares === 0n || part === 0n || !d || !v) continue;
      const burned = stake.unbond(ctx, delegator, to, minDec(shares, d.shares));
      if (isBonded(v)) bonded += burned;
      else notBonded += burned;
    }
    if (bonded > 0n) ports.bank.burn(ctx, BONDED, bonded);
    if (notBonded > 0n) ports.bank.burn(ctx, NOT_BONDED, notBonded);
    return total;
  }

  return function slash(ctx: Context, consensusAddress: Uint8Array, height: bigint, power: bigint, fraction: Dec): bigint {
    if (fraction < 0n) throw new Error(`attempted to slash with a negative slash factor: ${fraction}`);
    const operator = operators.get(ctx, consensusAddress);
    const v = operator === undefined ? undefined : validatorAt(ctx, operator);
    // It was removed since: nothing of it is left to be taken.
    if (!v) return 0n;
    if (v.status === BondStatus.BOND_STATUS_UNBONDED) throw new Error(`should not be slashing unbonded validator: ${v.operator}`);
    if (height > ctx.block.height) throw new Error(`impossible attempt to slash future infraction at height ${height} but we are at height ${ctx.block.height}`);
    hooks.beforeValidatorModified(ctx, v.operator);
    let left = truncate(mul(decOf(power * POWER_REDUCTION), fraction));
    if (height < ctx.block.height) {
      for (const u of unbondingsOfValidator(ctx, v.operator)) left -= unbonding(ctx, u, height, fraction);
      for (const r of redelegationsFromValidator(ctx, v.operator)) left -= redelegation(ctx, r, height, fraction);
    }
    // The SDK takes the validator as it was read before redelegations were slashed, which change others only.
    const burned = least(left > 0n ? left : 0n, v.tokens);
    if (burned === 0n) return 0n;
    hooks.beforeValidatorSlashed(ctx, v.operator, minDec(quoRoundUp(decOf(burned), decOf(v.tokens)), ONE));
    putValidator(ctx, { ...v, tokens: v.tokens - burned });
    ports.bank.burn(ctx, isBonded(v) ? BONDED : NOT_BONDED, burned);
    return burned;
  };
}
