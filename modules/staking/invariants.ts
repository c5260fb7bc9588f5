/** What must hold of stake after every block: x/staking/keeper/invariants.go of the Cosmos SDK. */
import { truncate } from "#kernel/dec.js";
import type { Invariants } from "#kernel/module.js";
import { allValidators, delegationsTo } from "./keeper/books.js";
import { potentialPower, tokensOf } from "./shares.js";
import { delegations, powerIndex, unbondings } from "./store.js";
import { BONDED, BondStatus, NOT_BONDED, type StakingPorts } from "./types.js";
import { parseUnbonding } from "./wire.js";

export const stakingInvariants = (ports: StakingPorts): Invariants => ({
  /** The pools hold the stake of all validators, and what is being taken back. */
  pools(ctx) {
    let bonded = 0n;
    let rest = 0n;
    for (const v of allValidators(ctx)) {
      if (v.status === BondStatus.BOND_STATUS_BONDED) bonded += v.tokens;
      else rest += v.tokens;
    }
    for (const w of unbondings.list(ctx)) for (const e of parseUnbonding(ctx, w).entries) rest += e.balance;
    const has = [ports.bank.poolBalance(ctx, BONDED), ports.bank.poolBalance(ctx, NOT_BONDED)];
    return has[0] === bonded && has[1] === rest ? undefined : `the pools hold ${has[0]} and ${has[1]}, stake is ${bonded} bonded and ${rest} not`;
  },
  /** A validator's shares are its delegators'. */
  shares(ctx) {
    let count = 0;
    for (const v of allValidators(ctx)) {
      const to = delegationsTo(ctx, v.operator);
      count += to.length;
      const sum = to.reduce((s, d) => s + d.shares, 0n);
      if (sum !== v.shares) return `${v.operator} has ${v.shares} shares, its delegators ${sum}`;
      if (to.some((d) => d.shares <= 0n)) return `${v.operator} has a delegation of nothing`;
      if (v.shares > 0n && truncate(tokensOf(v, v.shares)) !== v.tokens) return `${v.operator}: all shares are worth ${truncate(tokensOf(v, v.shares))}, it has ${v.tokens}`;
    }
    const all = delegations.keys(ctx).length;
    return all === count ? undefined : `there are ${all} delegations, validators know ${count}`;
  },
  /** Those who are not jailed stand in the index of powers, with their power. */
  powers(ctx) {
    const wanted = allValidators(ctx).filter((v) => !v.jailed);
    const missing = wanted.find((v) => !powerIndex.has(ctx, potentialPower(v), v.operator));
    if (missing) return `${missing.operator} is not among the powers with ${potentialPower(missing)}`;
    const all = powerIndex.keys(ctx).length;
    return all === wanted.length ? undefined : `there are ${all} powers of ${wanted.length} validators`;
  },
});
