/** What an account owns, by the bank's own query. */
import { BankQuery } from "#proto/gen/cosmos/bank/v1beta1/query.js";
import { type Chain } from "./types.js";

/** Base units; 0 for an address that the chain has never seen. */
export async function balanceOf(chain: Chain, address: string, denom: string): Promise<bigint> {
  const { value } = await chain.query(BankQuery.methods.balance, { address, denom });
  return BigInt(value.balance?.amount ?? "0");
}
