import test from "ava";
import * as theirs from "cosmjs-types/cosmos/bank/v1beta1/query";
import { utf8 } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { BankQuery } from "#proto/gen/cosmos/bank/v1beta1/query.js";
import { PageRequest } from "#proto/gen/cosmos/base/query/v1beta1/pagination.js";
import { coin, refusal, TestChain } from "#test/chain/chain.js";
import { address } from "#test/chain/environment.js";

const q = BankQuery.methods;
const [rich, poor, other] = [address("rich"), address("poor"), address("other")];
const FIVE = ["aaa", "bbb", "ccc", "ddd", "eee"];
const chain = (bank: unknown = {}) => new TestChain({ crypto: nodeCrypto, parts: { bank } });
const setUp = () =>
  chain({
    balances: [
      { address: rich, coins: FIVE.map((denom) => coin(1n, denom)) },
      { address: poor, coins: [coin(9n, "aaa"), coin(2n, "aaaa"), coin(3n)] },
      { address: other, coins: [coin(5n, "aaa")] },
    ],
    send_enabled: [{ denom: "aaa", enabled: false }, { denom: "bbb", enabled: true }, { denom: "zzz", enabled: false }],
  });

test("pages as the SDK makes them: from a key or an offset, in either direction, the total when no limit is given", (t) => {
  const c = setUp();
  const page = (p?: Partial<PageRequest>): [string, string, bigint] => {
    const { balances, pagination } = c.ask(q.allBalances, { address: rich, ...(p ? { pagination: PageRequest.create(p) } : {}) });
    return [balances.map((x) => x.denom[0]).join(""), new TextDecoder().decode(pagination?.nextKey), pagination?.total ?? 0n];
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
  t.is(refusal(() => c.query(q.allBalances, { address: rich, pagination: PageRequest.create({ offset: 1n, key: utf8("bbb") }) })), "sdk/18: rpc error: code = InvalidArgument desc = paginate: invalid request, either offset or key is expected, got both: invalid request");
});

test("what an account has, and what it can spend, which is the same", (t) => {
  const c = setUp();
  t.deepEqual(c.ask(q.balance, { address: poor, denom: "aaa" }).balance, coin(9n, "aaa"));
  t.deepEqual(c.ask(q.spendableBalanceByDenom, { address: poor, denom: "aaa" }).balance, coin(9n, "aaa"));
  t.deepEqual(c.ask(q.balance, { address: address("nobody"), denom: "aaa" }).balance, coin(0n, "aaa"), "nothing is an answer");
  t.deepEqual(c.ask(q.spendableBalances, { address: poor }).balances, [coin(9n, "aaa"), coin(2n, "aaaa"), coin(3n)]);
  t.deepEqual(c.ask(q.allBalances, { address: poor, resolveDenom: true }).balances, [coin(9n, "aaa"), coin(2n, "aaaa"), coin(3n, "pouw")]);
  t.is(refusal(() => c.ask(q.balance, { address: poor, denom: "!" })), "sdk/18: invalid denom: !: invalid request");
  t.is(refusal(() => c.ask(q.spendableBalanceByDenom, { address: poor })), "sdk/18: invalid denom: : invalid request");
  t.is(refusal(() => c.ask(q.allBalances, { address: "x" })), 'sdk/7: "x" is not a bech32 address: invalid address');
});

test("who owns a denomination, in pages, and not who owns one whose name begins with it", (t) => {
  const c = setUp();
  const all = c.ask(q.denomOwners, { denom: "aaa" });
  t.deepEqual(Object.fromEntries(all.denomOwners.map((o) => [o.address, o.balance])), { [rich]: coin(1n, "aaa"), [poor]: coin(9n, "aaa"), [other]: coin(5n, "aaa") });
  t.is(all.pagination?.total, 3n);
  t.deepEqual(c.ask(q.denomOwnersByQuery, { denom: "aaa" }).denomOwners, all.denomOwners);
  const first = c.ask(q.denomOwners, { denom: "aaa", pagination: PageRequest.create({ limit: 2n }) });
  const second = c.ask(q.denomOwners, { denom: "aaa", pagination: PageRequest.create({ key: first.pagination?.nextKey as Uint8Array, limit: 2n }) });
  t.deepEqual([...first.denomOwners, ...second.denomOwners], all.denomOwners);
  t.is(second.pagination?.nextKey.length, 0);
  t.deepEqual(c.ask(q.denomOwners, { denom: "gold" }).denomOwners, []);
  t.is(refusal(() => c.ask(q.denomOwners)), "sdk/18: invalid denom: : invalid request");
  t.is(refusal(() => c.ask(q.denomOwnersByQuery, { denom: "a b" })), "sdk/18: invalid denom: a b: invalid request");
});

test("supplies, metadata, and what may be sent", (t) => {
  const c = setUp();
  t.deepEqual(c.ask(q.supplyOf, { denom: "aaa" }).amount, coin(15n, "aaa"));
  t.deepEqual(c.ask(q.supplyOf, { denom: "gold" }).amount, coin(0n, "gold"));
  t.is(c.ask(q.totalSupply).pagination?.total, 7n);
  t.deepEqual(c.ask(q.totalSupply, { pagination: PageRequest.create({ limit: 1n }) }).supply, [coin(15n, "aaa")]);
  const { metadata } = c.ask(q.denomMetadata, { denom: "upouw" });
  t.like(metadata, { base: "upouw", display: "pouw", name: "POUW", description: "The token that pays for machine learning work" });
  t.deepEqual(c.ask(q.denomMetadataByQueryString, { denom: "upouw" }).metadata, metadata);
  t.deepEqual(c.ask(q.denomsMetadata).metadatas, [metadata]);
  for (const m of [q.denomMetadata, q.denomMetadataByQueryString]) t.is(refusal(() => c.ask(m, { denom: "uatom" })), "sdk/22: client metadata for denom uatom: key not found");

  const [aaa, bbb, zzz] = [{ denom: "aaa", enabled: false }, { denom: "bbb", enabled: true }, { denom: "zzz", enabled: false }];
  t.deepEqual(c.ask(q.sendEnabled).sendEnabled, [aaa, bbb, zzz]);
  t.deepEqual(c.ask(q.sendEnabled, { denoms: ["zzz", "ccc", "bbb"] }), { sendEnabled: [zzz, bbb] });
  t.deepEqual(c.ask(q.sendEnabled, { pagination: PageRequest.create({ key: utf8("bbb"), limit: 1n }) }).sendEnabled, [bbb]);
});

test("what the SDK never leaves out stands in every answer, empty or not", (t) => {
  const c = chain();
  const answer = <T>(method: string, codec: { decode(bytes: Uint8Array): T }, request: Uint8Array = new Uint8Array(0)): T => {
    const handler = c.app.queries.get(`/cosmos.bank.v1beta1.Query/${method}`);
    return codec.decode(handler?.run(c.ctx, request) ?? new Uint8Array(0));
  };
  t.deepEqual(answer("Params", theirs.QueryParamsResponse).params, { sendEnabled: [], defaultSendEnabled: true });
  t.deepEqual(answer("SupplyOf", theirs.QuerySupplyOfResponse, theirs.QuerySupplyOfRequest.encode({ denom: "aaa" }).finish()).amount, coin(0n, "aaa"));
  t.is(answer("DenomMetadata", theirs.QueryDenomMetadataResponse, theirs.QueryDenomMetadataRequest.encode({ denom: "upouw" }).finish()).metadata?.base, "upouw");
  t.is(answer("TotalSupply", theirs.QueryTotalSupplyResponse).pagination?.total, 0n);
});
