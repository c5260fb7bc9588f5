/** Lists of coins as messages carry them: valid denominations, ascending, none twice. */
import type { Coin } from "#proto/gen/cosmos/base/v1beta1/coin.js";
import { isDenom, MAX_AMOUNT } from "./coins.js";

export interface Amount {
  readonly denom: string;
  readonly amount: bigint;
}
/** As messages have them: the amount is text, and neither it nor the denomination need be one. */
export type WireCoin = Readonly<Coin>;

const MAX_TEXT = 300;

export const wireCoin = ({ denom, amount }: Amount): Coin => ({ denom, amount: `${amount}` });

/** For logs and events: a sender's text may hold anything, half a surrogate pair too, and be of any length. */
export function coinsText(list: readonly WireCoin[]): string {
  const text = list.slice(0, 16).map((c) => `${c.amount}${c.denom}`).join(",");
  return text.slice(0, MAX_TEXT).replace(/[^\x20-\x7e]/g, "?");
}

/** Undefined when a denomination or an amount is none, or their order is not ascending. An amount may be zero. */
export function readCoins(list: readonly WireCoin[]): Amount[] | undefined {
  const out: Amount[] = [];
  for (const { denom, amount } of list) {
    const before = out.at(-1);
    if (!isDenom(denom) || !/^[0-9]{1,78}$/.test(amount) || (before && before.denom >= denom)) return undefined;
    const value = BigInt(amount);
    if (value > MAX_AMOUNT) return undefined;
    out.push({ denom, amount: value });
  }
  return out;
}

/** What is left, without what is zero; undefined where more is taken than there is. Either list is ascending. */
export function subtract(from: readonly Amount[], taken: readonly Amount[]): Amount[] | undefined {
  const left = new Map(from.map((c) => [c.denom, c.amount]));
  for (const { denom, amount } of taken) {
    const rest = (left.get(denom) ?? 0n) - amount;
    if (rest < 0n) return undefined;
    left.set(denom, rest);
  }
  // a denomination that was not there had nothing taken of it
  return [...left].flatMap(([denom, amount]) => (amount > 0n ? [{ denom, amount }] : []));
}
