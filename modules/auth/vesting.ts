/**
 * What is locked of a vesting account, and whose coins are delegated: x/auth/vesting of the Cosmos SDK, to its rounding.
 *
 * Of coins that are delegated the locked ones count as the first to go and the last to come back. What a slash took never
 * comes back, so it stays counted as delegated: a slash is paid with locked coins as far as those were delegated.
 */
import { type Amount, amountOf, sums } from "#kernel/coin-list.js";
import { decOf, mul, quo, roundInt } from "#kernel/dec.js";
import { type Period, type Schedule, type Vesting, type VestingBase } from "./types.js";

const SECOND = 1_000_000_000n;

/** Whole seconds since 1970 of a block. */
export const unixSeconds = (block: { readonly timeNs: bigint }): bigint => BigInt.asIntN(64, (block.timeNs - (((block.timeNs % SECOND) + SECOND) % SECOND)) / SECOND);

/** 64-bit sums wrap, as Go's do. */
const i64 = (n: bigint): bigint => BigInt.asIntN(64, n);
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const positive = (n: bigint): bigint => (n > 0n ? n : 0n);

/** What has come free by a time. */
export function vested(v: Vesting, now: bigint): readonly Amount[] {
  switch (v.kind) {
    case "base":
      return v.original;
    case "permanent":
      return [];
    case "delayed":
      return now >= v.endTime ? v.original : [];
    case "continuous": {
      if (now <= v.startTime) return [];
      if (now >= v.endTime) return v.original;
      const part = quo(decOf(now - v.startTime), decOf(v.endTime - v.startTime));
      return v.original.map(({ denom, amount }) => ({ denom, amount: roundInt(mul(decOf(amount), part)) }));
    }
    case "periodic": {
      if (now <= v.startTime) return [];
      if (now >= v.endTime) return v.original;
      const free: Amount[] = [];
      let start = v.startTime;
      for (const { length, amount } of v.periods) {
        if (i64(now - start) < length) break;
        free.push(...amount);
        start = i64(start + length);
      }
      return sums(free);
    }
  }
}

/** What has not. */
function vesting(v: Vesting, now: bigint): Amount[] {
  const free = vested(v, now);
  return v.original.map(({ denom, amount }) => ({ denom, amount: amount - amountOf(free, denom) }));
}

/** What cannot be spent: of what has not come free, what is not delegated. */
export const lockedAt = (v: Vesting, now: bigint): Amount[] =>
  vesting(v, now)
    .map(({ denom, amount }) => ({ denom, amount: positive(amount - amountOf(v.delegatedVesting, denom)) }))
    .filter((c) => c.amount > 0n);

/** After coins were delegated. A record that locks nothing is not told of delegations, as in the SDK. */
export function delegated(v: Vesting, now: bigint, { denom, amount }: Amount): Vesting {
  if (v.kind === "base") return v;
  const locked = least(positive(amountOf(vesting(v, now), denom) - amountOf(v.delegatedVesting, denom)), amount);
  return { ...v, delegatedVesting: plus(v.delegatedVesting, denom, locked), delegatedFree: plus(v.delegatedFree, denom, amount - locked) };
}

/** After coins came back from a delegation. */
export function undelegated(v: Vesting, { denom, amount }: Amount): Vesting {
  if (v.kind === "base") return v;
  const free = least(amountOf(v.delegatedFree, denom), amount);
  const locked = least(amountOf(v.delegatedVesting, denom), amount - free);
  return { ...v, delegatedFree: plus(v.delegatedFree, denom, -free), delegatedVesting: plus(v.delegatedVesting, denom, -locked) };
}

/** Nothing of a denomination is not listed. */
const plus = (coins: readonly Amount[], denom: string, amount: bigint): readonly Amount[] => (amount === 0n ? coins : sums([...coins, { denom, amount }]).filter((c) => c.amount !== 0n));

/** When all periods are over. */
export const endOfPeriods = (startTime: bigint, periods: Iterable<Period>): bigint => [...periods].reduce((end, p) => i64(end + p.length), startTime);

/** What the SDK refuses when a message makes such an account; undefined for what it makes. A continuous one may end before it begins: then all is free at once. */
export function vestingFault({ original, delegatedVesting, endTime }: VestingBase, schedule: Schedule): string | undefined {
  if (schedule.kind === "periodic") {
    const { startTime } = schedule;
    const periods = [...schedule.periods];
    if (startTime >= endTime) return "vesting start-time cannot be before end-time";
    const negative = periods.findIndex((p) => p.length < 0n);
    if (negative >= 0) return `period #${negative} has a negative length: ${periods[negative]?.length}`;
    const empty = periods.findIndex((p) => p.amount.length === 0);
    if (empty >= 0) return `period #${empty} has invalid coins: `;
    if (endOfPeriods(startTime, periods) !== endTime) return "vesting end time does not match length of all vesting periods";
    const total = sums(periods.flatMap((p) => p.amount));
    if (total.length !== original.length || total.some((c, i) => c.denom !== original[i]?.denom || c.amount !== original[i]?.amount)) {
      return `original vesting coins (${text(original)}) does not match the sum of all coins in vesting periods (${text(total)})`;
    }
  }
  if (schedule.kind === "permanent" && endTime > 0n) return "permanently vested accounts cannot have an end-time";
  if (endTime < 0n) return "end time cannot be negative";
  if (original.length === 0) return "invalid coins: ";
  if (delegatedVesting.some((c) => c.amount > amountOf(original, c.denom))) return "delegated vesting amount cannot be greater than original vesting amount";
  return undefined;
}

const text = (coins: readonly Amount[]): string => coins.map((c) => `${c.amount}${c.denom}`).join(",");
