/** Lists of coins as messages and fees carry them: valid denominations, ascending, none twice. */
import { type Amount, coinsText, readCoins, type WireCoin } from "#kernel/coin-list.js";
import { sdk } from "#kernel/errors.js";

export { type WireCoin, wireCoin } from "#kernel/coin-list.js";

/** Coins of a message: at least one, all positive. Throws sdk.invalidCoins. */
export function parseCoins(list: readonly WireCoin[]): Amount[] {
  const coins = readCoins(list);
  if (!coins || coins.length === 0 || coins.some((c) => c.amount === 0n)) throw sdk.invalidCoins(coinsText(list));
  return coins;
}

/** Coins of a fee: none, or all positive, or all zero, which is the same as none. */
export function parseFee(list: readonly WireCoin[]): Amount[] {
  const coins = readCoins(list);
  const zeros = coins?.filter((c) => c.amount === 0n).length ?? 0;
  if (!coins || (zeros > 0 && zeros < coins.length)) throw sdk.insufficientFee(`invalid fee amount: ${coinsText(list)}`);
  return coins.filter((c) => c.amount > 0n);
}
