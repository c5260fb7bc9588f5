/** Lists of coins as messages and fees carry them: valid denominations, ascending, none twice. */
import { type Coin } from "#proto/gen/cosmos/base/v1beta1/coin.js";
import { isDenom, MAX_AMOUNT } from "./coins.js";
import { ModuleError, sdk } from "./errors.js";

/** So many base units of a denomination. */
export interface Amount {
  readonly denom: string;
  readonly amount: bigint;
}

/** As messages have them: the amount is text, and neither it nor the denomination need be one. */
export type WireCoin = Readonly<Coin>;

const MAX_TEXT = 300;

export const wireCoin = ({ denom, amount }: Amount): Coin => ({ denom, amount: `${amount}` });

/** As events have one coin, and several. */
export const coinText = ({ denom, amount }: Amount): string => `${amount}${denom}`;
export const coinsText = (coins: readonly Amount[]): string => coins.map(coinText).join(",");

/** Of one denomination in a list. */
export const amountOf = (coins: readonly Amount[], denom: string): bigint => coins.find((c) => c.denom === denom)?.amount ?? 0n;

/** Totals by denomination, ascending. */
export function sums(coins: readonly Amount[]): Amount[] {
  const totals = new Map<string, bigint>();
  for (const { denom, amount } of coins) totals.set(denom, (totals.get(denom) ?? 0n) + amount);
  return [...totals].sort(([a], [b]) => (a < b ? -1 : 1)).map(([denom, amount]) => ({ denom, amount }));
}

/** For logs and events: a sender's text may hold anything, half a surrogate pair too, and be of any length. */
export function givenText(list: readonly WireCoin[]): string {
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

/** None, or all positive. Throws sdk.invalidCoins. */
export function parseAnyCoins(list: readonly WireCoin[]): Amount[] {
  const coins = readCoins(list);
  if (!coins || coins.some((c) => c.amount === 0n)) throw sdk.invalidCoins(givenText(list));
  return coins;
}

/** Coins of a message: at least one, all positive. Throws sdk.invalidCoins. */
export function parseCoins(list: readonly WireCoin[]): Amount[] {
  const coins = parseAnyCoins(list);
  // No coins are written as nothing, and the SDK's text has what was given before it all the same.
  if (coins.length === 0) throw new ModuleError(sdk.invalidCoins.codespace, sdk.invalidCoins.code, `: ${sdk.invalidCoins.text}`);
  return coins;
}

/** Coins of a fee: none, or all positive, or all zero, which is the same as none. */
export function parseFee(list: readonly WireCoin[]): Amount[] {
  const coins = readCoins(list);
  const zeros = coins?.filter((c) => c.amount === 0n).length ?? 0;
  if (!coins || (zeros > 0 && zeros < coins.length)) throw sdk.insufficientFee(`invalid fee amount: ${givenText(list)}`);
  return coins.filter((c) => c.amount > 0n);
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
