/** Lists of coins as messages and fees carry them. */
export { parseCoins, parseFee, type WireCoin, wireCoin } from "#kernel/coins.js";
