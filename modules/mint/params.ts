/**
 * Parameters of `mint`. Inflation is 0 by default: on this chain coins come into being for training that was verified
 * (protocol section 9), and a chain that wants inflation beside it names it in genesis or votes for it.
 */
import { isDenom } from "#kernel/coins.js";
import { fromWire, ONE } from "#kernel/dec.js";
import { defineParams } from "#kernel/params.js";
import { Params } from "#proto/gen/cosmos/mint/v1beta1/mint.js";
import { store } from "./store.js";

/** seconds of a year of 365.25 days */
const YEAR = 60n * 60n * 8766n;

/** A block every nine hours: with fewer a supply that doubles with each block would soon be more than can be counted. */
const LEAST_BLOCKS = 1_000n;

export const params = defineParams(store, 0x01, Params, {
  // An empty denomination is the chain's own.
  defaults: { mintDenom: "", inflationRateChange: "0", inflationMax: "0", inflationMin: "0", goalBonded: `${(67n * ONE) / 100n}`, blocksPerYear: YEAR / 5n },
  check(p) {
    if (p.mintDenom !== "" && !isDenom(p.mintDenom)) return `mint_denom: ${JSON.stringify(p.mintDenom.slice(0, 40))} is no denomination`;
    for (const [name, text] of [["inflation_rate_change", p.inflationRateChange], ["inflation_max", p.inflationMax], ["inflation_min", p.inflationMin], ["goal_bonded", p.goalBonded]] as const) {
      const d = fromWire(text);
      if (d < 0n || d > ONE) return `${name}: want 0 to 1`;
    }
    if (fromWire(p.goalBonded) === 0n) return "goal_bonded: want more than 0";
    if (p.blocksPerYear < LEAST_BLOCKS || p.blocksPerYear >= 1n << 62n) return `blocks_per_year: got ${p.blocksPerYear}, want at least ${LEAST_BLOCKS}`;
    if (fromWire(p.inflationMax) < fromWire(p.inflationMin)) return "inflation_max: want at least inflation_min";
    return undefined;
  },
});
