/** Coins of deposits, as the Cosmos SDK's Coins are: ascending by denomination, none twice, all positive. */
import { isDenom, MAX_AMOUNT } from "#kernel/coins.js";
import type { Coin } from "#proto/gen/cosmos/base/v1beta1/coin.js";

export interface Amount {
  readonly denom: string;
  /** base units */
  readonly amount: bigint;
}
export type Coins = readonly Amount[];

export const wireCoins = (coins: Coins): Coin[] => coins.map(({ denom, amount }) => ({ denom, amount: `${amount}` }));

/** Undefined where the list is no Coins; the empty one is. */
export function readCoins(list: readonly Readonly<Coin>[]): Amount[] | undefined {
  const out: Amount[] = [];
  for (const { denom, amount } of list) {
    const before = out.at(-1);
    if (!isDenom(denom) || !/^[0-9]{1,78}$/.test(amount) || (before && before.denom >= denom)) return undefined;
    const value = BigInt(amount);
    if (value === 0n || value > MAX_AMOUNT) return undefined;
    out.push({ denom, amount: value });
  }
  return out;
}

/** "5upouw,7uother"; empty of none. A sender's text may hold anything and be of any length: what is no ASCII is left out of it. */
export const coinsText = (list: readonly { readonly denom: string; readonly amount: bigint | string }[]): string =>
  list.slice(0, 16).map((c) => `${c.amount}${c.denom}`).join(",").slice(0, 300).replace(/[^\x20-\x7e]/g, "?");

export const amountOf = (coins: Coins, denom: string): bigint => coins.find((c) => c.denom === denom)?.amount ?? 0n;

export function addCoins(a: Coins, b: Coins): Amount[] {
  const sums = new Map(a.map((c) => [c.denom, c.amount]));
  for (const { denom, amount } of b) sums.set(denom, (sums.get(denom) ?? 0n) + amount);
  return [...sums].filter(([, amount]) => amount !== 0n).sort(([x], [y]) => (x < y ? -1 : 1)).map(([denom, amount]) => ({ denom, amount }));
}

/** Whether there is at least as much of every denomination of `b`. */
export const coversAll = (a: Coins, b: Coins): boolean => b.every(({ denom, amount }) => amountOf(a, denom) >= amount);
