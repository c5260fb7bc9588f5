/** What an account owns, by the bank's own query. */
import { QueryBalanceRequest, QueryBalanceResponse } from "cosmjs-types/cosmos/bank/v1beta1/query";
import { cosmosCodec } from "./cosmos.js";
import { type Chain } from "./types.js";

/** Base units; 0 for an address that the chain has never seen. */
export async function balanceOf(chain: Chain, address: string, denom: string): Promise<bigint> {
  const { value } = await chain.query("/cosmos.bank.v1beta1.Query/Balance", cosmosCodec("", QueryBalanceRequest), QueryBalanceRequest.fromPartial({ address, denom }), cosmosCodec("", QueryBalanceResponse));
  return BigInt(value.balance?.amount ?? "0");
}
