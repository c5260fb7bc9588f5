/** What a genesis may say and seldom means: a chain begins with it all the same. */
import { decText, fromWire, ONE } from "#kernel/dec.js";
import { type FirstState, type Program } from "./init-chain.js";

/** What a client asks for a transfer, about: half as much again as it uses, and some. */
const TRANSFER_GAS = 150_000n;

/** A line each. */
export function remarksOn({ ctx }: FirstState, { assembly }: Program): string[] {
  const { fees } = assembly.keepers;
  const price = fromWire(fees.params(ctx).minGasPrice);
  if (price <= ONE) return [];
  const { amount, denom } = fees.least(ctx, TRANSFER_GAS);
  return [`app_state.fees.params.min_gas_price is ${decText(price).replace(/\.?0+$/, "")} base units for one unit of gas: a transfer would cost about ${amount}${denom}`];
}
