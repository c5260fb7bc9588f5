/** Parameters of `fees` (protocol sections 13 and 14). */
import { isDenom } from "#kernel/coins.js";
import { fromWire, ONE } from "#kernel/dec.js";
import { defineParams } from "#kernel/params.js";
import { Params } from "#proto/gen/pouw/fees/v1/types.js";
import { store } from "./store.js";

const MOST_DENOMS = 16;
/** A million base units for a unit of gas: more, and nobody could pay for a transaction that lowers it again. */
const MOST = 1_000_000n * ONE;

export const params = defineParams(store, 0, Params, {
  defaults: { minGasPrice: `${ONE / 1000n}`, maxTxShare: 100_000, laneShare: 250_000, feeDenoms: [] },
  counts: { maxTxShare: [10_000, 1_000_000], laneShare: [0, 900_000] },
  check(p) {
    const price = fromWire(p.minGasPrice);
    if (price < 0n || price > MOST) return "min_gas_price: want 0 to a million base units for a unit of gas";
    if (p.feeDenoms.length > MOST_DENOMS || p.feeDenoms.some((d, i) => !isDenom(d) || p.feeDenoms.indexOf(d) !== i)) return `fee_denoms: want at most ${MOST_DENOMS} denominations, none of them twice`;
    return undefined;
  },
});
