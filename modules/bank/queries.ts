/** The bank's queries, as the Cosmos SDK answers them. */
import * as q from "cosmjs-types/cosmos/bank/v1beta1/query";
import { type Metadata } from "cosmjs-types/cosmos/bank/v1beta1/bank";
import { utf8 } from "#kernel/bytes.js";
import { sdk } from "#kernel/errors.js";
import { type QueryHandler } from "#kernel/module.js";
import { type View } from "#kernel/store.js";
import { isDenom } from "./coins.js";
import { type Amount, type BankKeeper } from "./keeper.js";

const PATH = "/cosmos.bank.v1beta1.Query/";
const coins = (list: readonly Amount[]) => list.map(({ denom, amount }) => ({ denom, amount: `${amount}` }));
const MAX_PAGE = 1000;
const DEFAULT_PAGE = 100;

interface Page {
  readonly key: Uint8Array;
  readonly offset: bigint;
  readonly limit: bigint;
  readonly countTotal: boolean;
  readonly reverse: boolean;
}

/** A page of a list ordered by denom; keys are denoms. A request without a limit wants the total too, as in the SDK. */
function page(all: readonly Amount[], p: Page | undefined) {
  const { key = new Uint8Array(0), offset = 0n, limit = 0n, countTotal = false, reverse = false } = p ?? {};
  if (key.length > 0 && offset > 0n) throw sdk.invalidRequest("paginate: invalid request, either offset or key is expected, got both");
  const ordered = reverse ? [...all].reverse() : all;
  const first = String.fromCharCode(...key);
  const from = key.length > 0 ? ordered.findIndex(({ denom }) => (reverse ? denom <= first : denom >= first)) : offset > BigInt(all.length) ? -1 : Number(offset);
  const start = from < 0 ? all.length : from;
  const size = limit === 0n ? DEFAULT_PAGE : limit > BigInt(MAX_PAGE) ? MAX_PAGE : Number(limit);
  const next = ordered[start + size];
  const total = (countTotal || limit === 0n) && key.length === 0 && from >= 0;
  return {
    list: coins(ordered.slice(start, start + size)),
    pagination: { nextKey: next ? utf8(next.denom) : new Uint8Array(0), total: total ? BigInt(all.length) : 0n },
  };
}

const valid = (denom: string): string => {
  if (!isDenom(denom)) throw sdk.invalidRequest(`invalid denom: ${denom.slice(0, 130).replace(/[^\x20-\x7e]/g, "?")}`);
  return denom;
};

export function bankQueries(keeper: BankKeeper, metadata: (ctx: View) => Metadata[]): QueryHandler[] {
  return [
    {
      path: `${PATH}Balance`,
      run(ctx, bytes) {
        const { address, denom } = q.QueryBalanceRequest.decode(bytes);
        return q.QueryBalanceResponse.encode({ balance: { denom, amount: `${keeper.balance(ctx, address, valid(denom))}` } }).finish();
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
        return q.QuerySupplyOfResponse.encode({ amount: { denom, amount: `${keeper.supply(ctx, valid(denom))}` } }).finish();
      },
    },
    {
      path: `${PATH}DenomMetadata`,
      run(ctx, bytes) {
        const { denom } = q.QueryDenomMetadataRequest.decode(bytes);
        const found = metadata(ctx).find((m) => m.base === valid(denom));
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
