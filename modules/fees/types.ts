/** What `fees` needs of other modules and offers. */
import type { View } from "#kernel/store.js";
import type { Params } from "#proto/gen/pouw/fees/v1/types.js";

export interface FeesPorts {
  readonly staking: { params(view: View): { readonly bondDenom: string } };
}

export interface LeastFee {
  /** base units, rounded up */
  readonly amount: bigint;
  /** what a client pays in that chooses nothing else */
  readonly denom: string;
  /** whether coins of this denomination pay it */
  takes(denom: string): boolean;
}

export interface FeesKeeper {
  params(view: View): Params;
  /** What so much gas costs at least. */
  least(view: View, gas: bigint): LeastFee;
  /** What one transaction may ask for of a block with so much gas; undefined: blocks have no limit. */
  mostOfOne(view: View, blockGas: bigint | undefined): bigint | undefined;
  /** What is kept of a block's gas for what a deadline waits for. */
  lane(view: View, blockGas: bigint): bigint;
}
