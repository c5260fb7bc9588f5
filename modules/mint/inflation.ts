/** How much is minted: x/mint/types/minter.go of the Cosmos SDK. Pure. */
import { type Dec, decOf, fromWire, mul, mulInt, ONE, quo, quoInt, truncate } from "#kernel/dec.js";
import type { Params } from "#proto/gen/cosmos/mint/v1beta1/mint.js";

/** Where less is bonded than is wanted inflation rises, in a year by the rate of change at most; where more, it falls. */
export function nextInflation(p: Params, now: Dec, bondedRatio: Dec): Dec {
  const perYear = mul(ONE - quo(bondedRatio, fromWire(p.goalBonded)), fromWire(p.inflationRateChange));
  const next = now + quo(perYear, decOf(p.blocksPerYear));
  const [most, least] = [fromWire(p.inflationMax), fromWire(p.inflationMin)];
  return next > most ? most : next < least ? least : next;
}

/** Base units a year, of a supply in base units. */
export const annualProvisions = (inflation: Dec, supply: bigint): Dec => mulInt(inflation, supply);
/** Base units of one block. */
export const blockProvision = (p: Params, annual: Dec): bigint => truncate(quoInt(annual, p.blocksPerYear));
