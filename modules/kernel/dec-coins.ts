/**
 * Amounts with 18 places of several denominations, as earnings are reckoned: ascending by denomination, none of 0. What each
 * function does with a rest is what the Cosmos SDK's DecCoins does (types/dec_coin.go).
 */
import type { DecCoin } from "#proto/gen/cosmos/base/v1beta1/coin.js";
import { type Amount, amountOf } from "./coin-list.js";
import { type Dec, decOf, decText, fromWire, minDec, mul, mulTruncate as mulDown, quoTruncate as quoDown, truncate as whole } from "./dec.js";

export interface DecAmount {
  readonly denom: string;
  readonly amount: Dec;
}
export type DecCoins = readonly DecAmount[];

const each = (coins: DecCoins, f: (c: DecAmount) => Dec): DecCoins => coins.map((c) => ({ denom: c.denom, amount: f(c) })).filter((c) => c.amount !== 0n);

/** Of coins ascending by denomination. */
export const decCoinsOf = (coins: readonly Amount[]): DecCoins => each(coins, (c) => decOf(c.amount));

/** Amounts may be negative in neither, nor in what comes out of it. */
export const addCoins = (a: DecCoins, b: DecCoins): DecCoins => merge(a, b, 1n);

/** Throws RangeError where there is less of a denomination than is taken. */
export function subCoins(a: DecCoins, b: DecCoins): DecCoins {
  const out = merge(a, b, -1n);
  const negative = out.find((c) => c.amount < 0n);
  if (negative) throw new RangeError(`${decCoinsText(a)} less ${decCoinsText(b)} is negative`);
  return out;
}
/** Whether there is as much of everything. */
export const covers = (a: DecCoins, b: DecCoins): boolean => b.every((c) => amountOf(a, c.denom) >= c.amount);

function merge(a: DecCoins, b: DecCoins, sign: bigint): DecCoins {
  const out: DecAmount[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [x, y] = [a[i], b[j]];
    if (y === undefined || (x !== undefined && x.denom < y.denom)) {
      out.push(x as DecAmount);
      i++;
    } else if (x === undefined || y.denom < x.denom) {
      out.push({ denom: y.denom, amount: sign * y.amount });
      j++;
    } else {
      out.push({ denom: x.denom, amount: x.amount + sign * y.amount });
      i++;
      j++;
    }
  }
  return out.filter((c) => c.amount !== 0n);
}

export const mulCoins = (coins: DecCoins, d: Dec): DecCoins => each(coins, (c) => mul(c.amount, d));
export const mulTruncate = (coins: DecCoins, d: Dec): DecCoins => each(coins, (c) => mulDown(c.amount, d));
/** Throws RangeError for a divisor of 0. */
export const quoTruncate = (coins: DecCoins, d: Dec): DecCoins => each(coins, (c) => quoDown(c.amount, d));
/** Of each denomination the smaller amount. */
export const intersect = (a: DecCoins, b: DecCoins): DecCoins => each(a, (c) => minDec(c.amount, amountOf(b, c.denom)));

/** Whole base units, and what is left of each. */
export function truncateCoins(coins: DecCoins): readonly [Amount[], DecCoins] {
  const units = coins.map(({ denom, amount }) => ({ denom, amount: whole(amount) })).filter((c) => c.amount > 0n);
  return [units, each(coins, (c) => c.amount - decOf(whole(c.amount)))];
}

/** "1.500000000000000000upouw,…", nothing for none. */
export const decCoinsText = (coins: DecCoins): string => coins.map((c) => `${decText(c.amount)}${c.denom}`).join(",");

export const wireDecCoins = (coins: DecCoins): DecCoin[] => coins.map(({ denom, amount }) => ({ denom, amount: `${amount}` }));
/** Throws for amounts that are no numbers, negative or 0, and for another order than ascending. */
export const parseDecCoins = (coins: readonly DecCoin[]): DecCoins =>
  coins.map(({ denom, amount: text }, i) => {
    const amount = fromWire(text);
    if (amount <= 0n) throw new Error(`[${i}].amount: got ${decText(amount)}, want more than 0`);
    if (i > 0 && (coins[i - 1] as DecCoin).denom >= denom) throw new Error(`[${i}].denom: ${denom} comes behind ${(coins[i - 1] as DecCoin).denom}, want ascending order`);
    return { denom, amount };
  });
