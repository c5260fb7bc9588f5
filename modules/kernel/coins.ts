/** What a denomination and an amount may be, and lists of coins as messages and fees carry them: ascending by denomination, none twice. */
import type * as wire from "#proto/gen/cosmos/base/v1beta1/coin.js";
import { sdk } from "./errors.js";

/** Base units of a denomination. */
export interface Coin {
  readonly denom: string;
  readonly amount: bigint;
}

const DENOM = /^[a-zA-Z][a-zA-Z0-9/:._-]{2,127}$/;
/** 256-bit amounts, as in the Cosmos SDK */
export const MAX_AMOUNT = (1n << 256n) - 1n;

export const isDenom = (text: string): boolean => DENOM.test(text);

/** As messages have them: the amount is text, and neither it nor the denomination need be one. */
export type WireCoin = Readonly<wire.Coin>;

const MAX_TEXT = 300;

export const wireCoin = ({ denom, amount }: Coin): wire.Coin => ({ denom, amount: `${amount}` });

/** For logs and events: a sender's text may hold anything, half a surrogate pair too, and be of any length. */
function coinsText(list: readonly WireCoin[]): string {
  const text = list.slice(0, 16).map((c) => `${c.amount}${c.denom}`).join(",");
  return text.slice(0, MAX_TEXT).replace(/[^\x20-\x7e]/g, "?");
}

/** Undefined when a denomination or an amount is none, or their order is not ascending. An amount may be zero. */
function readCoins(list: readonly WireCoin[]): Coin[] | undefined {
  const out: Coin[] = [];
  for (const { denom, amount } of list) {
    const before = out.at(-1);
    if (!isDenom(denom) || !/^[0-9]{1,78}$/.test(amount) || (before && before.denom >= denom)) return undefined;
    const value = BigInt(amount);
    if (value > MAX_AMOUNT) return undefined;
    out.push({ denom, amount: value });
  }
  return out;
}

/** Coins of a message: at least one, all positive. Throws sdk.invalidCoins. */
export function parseCoins(list: readonly WireCoin[]): Coin[] {
  const coins = readCoins(list);
  if (!coins || coins.length === 0 || coins.some((c) => c.amount === 0n)) throw sdk.invalidCoins(coinsText(list));
  return coins;
}

/** Coins of a fee: none, or all positive, or all zero, which is the same as none. */
export function parseFee(list: readonly WireCoin[]): Coin[] {
  const coins = readCoins(list);
  const zeros = coins?.filter((c) => c.amount === 0n).length ?? 0;
  if (!coins || (zeros > 0 && zeros < coins.length)) throw sdk.insufficientFee(`invalid fee amount: ${coinsText(list)}`);
  return coins.filter((c) => c.amount > 0n);
}
