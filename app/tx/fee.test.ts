import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { BasicAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/feegrant.js";
import { MsgGrantAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/tx.js";
import { coin, TestChain } from "#test/chain/chain.js";
import type { ParamsByModule } from "#test/chain/genesis.js";
import { Account, execute, send, type Shape, shaped } from "#test/chain/shaped-tx.js";

const fee = [coin(9n)];
const basic = (a: Partial<BasicAllowance>) => ({ typeUrl: BasicAllowance.typeUrl, value: BasicAllowance.encode(BasicAllowance.create(a)) });
const setUp = async () => {
  const [a, b, c] = (await Promise.all(["a", "b", "c"].map((n) => Account.of(n)))) as [Account, Account, Account];
  const chain = new TestChain({ crypto: nodeCrypto, parts: { bank: { balances: [a, b, c].map(({ address }) => ({ address, coins: [coin(100n)] })) } } });
  const collector = chain.environment.addresses.module("fee_collector");
  const balances = () => [a.address, b.address, c.address, collector].map((x) => chain.k.bank.balance(chain.ctx, x));
  /** Runs what `a` sends itself, or another message. */
  const run = async (signers: readonly Account[], o: Shape = {}) => execute(chain, await shaped(chain, signers, { messages: [send(a.address)], fee, ...o }));
  return { a, b, c, chain, balances, run };
};

test("the first signer pays, or who signs to pay", async (t) => {
  const { a, b, chain, balances, run } = await setUp();
  t.is((await run([a])).code, 0);
  t.deepEqual(balances(), [91n, 100n, 100n, 9n]);
  const other = await run([a, b], { payer: b.address });
  t.is(other.code, 0, other.log);
  t.deepEqual(balances(), [91n, 91n, 100n, 18n]);
  t.deepEqual(other.events.find((e) => e.attributes.some((x) => x.key === "fee_payer"))?.attributes, [{ key: "fee", value: "9upouw" }, { key: "fee_payer", value: b.address }]);
  t.deepEqual([a, b].map((x) => chain.account(x.address)?.sequence), [2n, 1n]);
  // Who signs a message anyhow may pay although another comes first.
  t.is((await run([a, b], { messages: [send(a.address), send(b.address)], payer: b.address })).code, 0);
  t.deepEqual(balances(), [91n, 82n, 100n, 27n]);
});

test("the price is paid in any denomination that there is, or in one of those that are named", async (t) => {
  const a = await Account.of("a");
  const balances = [{ address: a.address, coins: [{ denom: "ucosm", amount: "1000000" }, coin(1_000_000n)] }];
  const ran = (fees: ParamsByModule["fees"], amounts: readonly { readonly denom: string; readonly amount: string }[]) => async () => {
    const chain = new TestChain({ crypto: nodeCrypto, parts: { bank: { balances } }, params: { fees } });
    return execute(chain, await shaped(chain, [a], { messages: [send(a.address)], fee: amounts, gas: 200_000n }));
  };
  const other = (amount: number, denom = "ucosm") => [{ denom, amount: `${amount}` }];
  const any = { min_gas_price: "0.001" };
  t.is((await ran(any, other(200))()).code, 0);
  t.is((await ran(any, [coin(200n)])()).code, 0);
  t.like(await ran(any, other(199))(), { code: 13, log: "insufficient fees; got: 199ucosm required: 200upouw: insufficient fee" });
  // no sum of two coins
  t.is((await ran(any, [...other(199), coin(199n)])()).code, 13);
  t.is((await ran(any, [...other(199), coin(200n)])()).code, 0);
  t.like(await ran(any, other(200, "unothing"))(), { code: 13, log: "insufficient fees; got: 200unothing required: 200upouw: insufficient fee" });
  const named = { ...any, fee_denoms: ["ucosm"] };
  t.is((await ran(named, other(200))()).code, 0);
  t.like(await ran(named, [coin(200n)])(), { code: 13, log: "insufficient fees; got: 200upouw required: 200ucosm: insufficient fee" });
});

test("nobody pays who has not signed", async (t) => {
  const { a, b, c, balances, run } = await setUp();
  const payer = { payer: b.address };
  t.like(await run([a], payer), { code: 4, log: "wrong number of signers; expected 2, got 1: unauthorized" });
  t.is((await run([a, c], payer)).code, 8, "another's key");
  t.is((await run([b, a], payer)).code, 8, "another order");
  t.deepEqual(balances(), [100n, 100n, 100n, 0n]);
  t.is((await run([a, b], { payer: b.address.toUpperCase() })).code, 0, "in upper case it is the same address");
  t.deepEqual(balances(), [100n, 91n, 100n, 9n]);
});

test("a granter pays what it allows, and whoever grants nothing pays nothing", async (t) => {
  const { a, b, c, chain, balances, run } = await setUp();
  const granted = { granter: c.address };
  const refused = `${c.address} does not allow to pay fees for ${a.address}: `;
  t.like(await run([a], granted), { codespace: "sdk", code: 38, log: `${refused}fee-grant not found: not found` });

  chain.must(MsgGrantAllowance, { granter: c.address, grantee: a.address, allowance: basic({ spendLimit: [coin(20n)] }) });
  const paid = await run([a], granted);
  t.is(paid.code, 0, paid.log);
  const names = paid.events.map((e) => e.type);
  t.deepEqual(names.slice(0, names.indexOf("tx") + 1), ["use_feegrant", "update_feegrant", "coin_spent", "coin_received", "transfer", "message", "tx"]);
  t.deepEqual(paid.events[0]?.attributes, [{ key: "granter", value: c.address }, { key: "grantee", value: a.address }]);
  t.is(paid.events.flatMap((e) => e.attributes).find((x) => x.key === "fee_payer")?.value, c.address);
  t.deepEqual(balances(), [100n, 100n, 91n, 9n]);

  t.like(await run([a], { ...granted, fee: [coin(12n)] }), { codespace: "feegrant", code: 2, log: `${refused}basic allowance: fee limit exceeded` });
  t.deepEqual(balances(), [100n, 100n, 91n, 9n]);

  // Nobody needs a grant of their own, and who pays is the grantee.
  t.is((await run([a], { granter: a.address })).code, 0);
  t.is((await run([a, b], { payer: b.address, ...granted })).code, 38, "b has no grant");
  chain.must(MsgGrantAllowance, { granter: c.address, grantee: b.address, allowance: basic({}) });
  t.is((await run([a, b], { payer: b.address, ...granted })).code, 0);
  t.deepEqual(balances(), [91n, 100n, 82n, 27n]);
});

test("a granter is an address, and has an account", async (t) => {
  const { a, chain, run } = await setUp();
  t.like(await run([a], { granter: "nobody" }), { codespace: "sdk", code: 7 });
  const nobody = chain.address("nobody");
  chain.must(MsgGrantAllowance, { granter: nobody, grantee: a.address, allowance: basic({}) });
  t.like(await run([a], { granter: nobody, fee: [] }), { codespace: "sdk", code: 9, log: `fee payer address: ${nobody} does not exist: unknown address` });
});

test("a payer signs in amino what the first signer signs, the payer's address among it", async (t) => {
  const { a, b, balances, run } = await setUp();
  const named = await run([a, b], { amino: true, changed: (_raw, _body, { fee: given }) => void (given && (given.payer = b.address)) });
  t.is(named.code, 4, "it was not there when they signed");
  const outcome = await run([a, b], { amino: true, payer: b.address });
  t.is(outcome.code, 0, outcome.log);
  t.deepEqual(balances(), [100n, 91n, 100n, 9n]);
});
