import test from "ava";
import { QueryAllBalancesRequest, QueryAllBalancesResponse } from "cosmjs-types/cosmos/bank/v1beta1/query";
import { PageRequest } from "cosmjs-types/cosmos/base/query/v1beta1/pagination";
import { utf8 } from "#kernel/bytes.js";
import { address } from "#test/modules/chain.js";
import { TestNode } from "#test/modules/node.js";

test("pages as the SDK makes them: from a key or an offset, in either direction, the total when no limit is given", async (t) => {
  const node = await TestNode.make(t);
  const state = node.appState();
  const coins = ["aaa", "bbb", "ccc", "ddd", "eee"].map((denom) => ({ denom, amount: "1" }));
  node.app.initChain(node.genesis({ ...state, bank: { balances: [{ address: address("rich"), coins }] } }));
  await node.block([]);
  const ask = (pagination?: Partial<PageRequest>) =>
    node.query("/cosmos.bank.v1beta1.Query/AllBalances", QueryAllBalancesRequest.encode(QueryAllBalancesRequest.fromPartial({ address: address("rich"), ...(pagination ? { pagination: PageRequest.fromPartial(pagination) } : {}) })).finish());
  const page = (p?: Partial<PageRequest>): [string, string, bigint] => {
    const { balances, pagination } = QueryAllBalancesResponse.decode(ask(p).value);
    return [balances.map((b) => b.denom[0]).join(""), new TextDecoder().decode(pagination?.nextKey), pagination?.total ?? 0n];
  };
  t.deepEqual(page(), ["abcde", "", 5n]);
  t.deepEqual(page({}), ["abcde", "", 5n]);
  t.deepEqual(page({ reverse: true }), ["edcba", "", 5n]);
  t.deepEqual(page({ limit: 2n }), ["ab", "ccc", 0n]);
  t.deepEqual(page({ limit: 2n, countTotal: true, offset: 1n }), ["bc", "ddd", 5n]);
  t.deepEqual(page({ limit: 2n, reverse: true }), ["ed", "ccc", 0n]);
  t.deepEqual(page({ limit: 2n, reverse: true, key: utf8("ccc") }), ["cb", "aaa", 0n]);
  t.deepEqual(page({ limit: 2n, key: utf8("ccc"), countTotal: true }), ["cd", "eee", 0n]);
  t.deepEqual(page({ offset: 1n << 63n }), ["", "", 0n]);
  t.like(ask({ offset: 1n, key: utf8("bbb") }), { code: 18, log: "rpc error: code = InvalidArgument desc = paginate: invalid request, either offset or key is expected, got both: invalid request" });
});
