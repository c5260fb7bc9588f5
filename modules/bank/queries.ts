/** The bank's queries, as the Cosmos SDK answers them. */
import * as q from "cosmjs-types/cosmos/bank/v1beta1/query";
import { type Metadata } from "cosmjs-types/cosmos/bank/v1beta1/bank";
import { utf8 } from "#kernel/bytes.js";
import { sdk } from "#kernel/errors.js";
import { type QueryHandler } from "#kernel/module.js";
import { type HasStore } from "#kernel/store.js";
import { type Amount, type BankKeeper } from "./keeper.js";

const PATH = "/cosmos.bank.v1beta1.Query/";
const coins = (list: readonly Amount[]) => list.map(({ denom, amount }) => ({ denom, amount: `${amount}` }));
const MAX_PAGE = 1000;

interface Page {
  readonly key: Uint8Array;
  readonly offset: bigint;
  readonly limit: bigint;
  readonly countTotal: boolean;
}

/** A page of a list ordered by denom; keys are denoms. */
function page(all: readonly Amount[], p: Page | undefined) {
  const from = p && p.key.length > 0 ? all.findIndex((a) => a.denom >= String.fromCharCode(...p.key)) : Number(p?.offset ?? 0n);
  const start = from < 0 ? all.length : from;
  const wanted = Number(p?.limit ?? 0n) || 100;
  const limit = wanted > MAX_PAGE ? MAX_PAGE : wanted;
  const next = all[start + limit];
  return {
    list: coins(all.slice(start, start + limit)),
    pagination: { nextKey: next ? utf8(next.denom) : new Uint8Array(0), total: p?.countTotal || !p ? BigInt(all.length) : 0n },
  };
}

export function bankQueries(keeper: BankKeeper, metadata: (ctx: HasStore) => Metadata[]): QueryHandler[] {
  return [
    {
      path: `${PATH}Balance`,
      run(ctx, bytes) {
        const { address, denom } = q.QueryBalanceRequest.decode(bytes);
        return q.QueryBalanceResponse.encode({ balance: { denom, amount: `${keeper.balance(ctx, address, denom)}` } }).finish();
      },
    },
    {
      path: `${PATH}AllBalances`,
      run(ctx, bytes) {
        const { address, pagination } = q.QueryAllBalancesRequest.decode(bytes);
        const p = page(keeper.balances(ctx, address), pagination);
        return q.QueryAllBalancesResponse.encode({ balances: p.list, pagination: p.pagination }).finish();
      },
    },
    {
      path: `${PATH}SpendableBalances`,
      run(ctx, bytes) {
        const { address, pagination } = q.QuerySpendableBalancesRequest.decode(bytes);
        const p = page(keeper.balances(ctx, address), pagination);
        return q.QuerySpendableBalancesResponse.encode({ balances: p.list, pagination: p.pagination }).finish();
      },
    },
    {
      path: `${PATH}TotalSupply`,
      run(ctx, bytes) {
        const p = page(keeper.supplies(ctx), q.QueryTotalSupplyRequest.decode(bytes).pagination);
        return q.QueryTotalSupplyResponse.encode({ supply: p.list, pagination: p.pagination }).finish();
      },
    },
    {
      path: `${PATH}SupplyOf`,
      run(ctx, bytes) {
        const { denom } = q.QuerySupplyOfRequest.decode(bytes);
        return q.QuerySupplyOfResponse.encode({ amount: { denom, amount: `${keeper.supply(ctx, denom)}` } }).finish();
      },
    },
    {
      path: `${PATH}DenomMetadata`,
      run(ctx, bytes) {
        const { denom } = q.QueryDenomMetadataRequest.decode(bytes);
        const found = metadata(ctx).find((m) => m.base === denom);
        if (!found) throw sdk.keyNotFound(`rpc error: code = NotFound desc = client metadata for denom ${denom}`);
        return q.QueryDenomMetadataResponse.encode({ metadata: found }).finish();
      },
    },
    {
      path: `${PATH}DenomsMetadata`,
      run: (ctx) => q.QueryDenomsMetadataResponse.encode(q.QueryDenomsMetadataResponse.fromPartial({ metadatas: metadata(ctx) })).finish(),
    },
    { path: `${PATH}Params`, run: () => q.QueryParamsResponse.encode({ params: { sendEnabled: [], defaultSendEnabled: true } }).finish() },
  ];
}
