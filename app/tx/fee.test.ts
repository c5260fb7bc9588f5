import test from "ava";
import { defineError } from "#kernel/errors.js";
import { nodeCrypto } from "#platform/crypto.js";
import { coin, TestChain } from "#test/chain/chain.js";
import { Account, execute, send, type Shape, shaped } from "#test/chain/shaped-tx.js";
import { type FeeGrants } from "./fee.js";

const fee = [coin(9n)];
const setUp = async () => {
  const [a, b, c] = (await Promise.all(["a", "b", "c"].map((n) => Account.of(n)))) as [Account, Account, Account];
  const chain = new TestChain({ crypto: nodeCrypto, parts: { bank: { balances: [a, b, c].map(({ address }) => ({ address, coins: [coin(100n)] })) } } });
  const collector = chain.environment.addresses.module("fee_collector");
  const balances = () => [a.address, b.address, c.address, collector].map((x) => chain.k.bank.balance(chain.ctx, x));
  /** Runs what `a` sends itself, or another message. */
  const run = async (signers: readonly Account[], o: Shape = {}, feeGrants?: FeeGrants) => execute(chain, await shaped(chain, signers, { messages: [send(a.address)], fee, ...o }), "deliver", feeGrants ? { feeGrants } : {});
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

test("a granter pays through the module that keeps grants, and without it nobody grants anything", async (t) => {
  const { a, b, c, balances, run } = await setUp();
  const granted = { granter: c.address };
  t.like(await run([a], granted), { code: 37, log: "fee grants: feature not supported" });

  const used: unknown[] = [];
  const feeGrants: FeeGrants = { use: (_, spent) => void used.push(spent) };
  const paid = await run([a], granted, feeGrants);
  t.is(paid.code, 0, paid.log);
  t.like(used[0], { granter: c.address, grantee: a.address, fee: [{ denom: "upouw", amount: 9n }], messages: [{ typeUrl: send(a.address).typeUrl }] });
  t.is(paid.events.flatMap((e) => e.attributes).find((x) => x.key === "fee_payer")?.value, c.address);
  t.deepEqual(balances(), [100n, 100n, 91n, 9n]);

  const limit = defineError("feegrant", 2, "fee limit exceeded");
  const refusing: FeeGrants = { use: () => { throw limit("9upouw"); } };
  t.like(await run([a], granted, refusing), { codespace: "feegrant", code: 2, log: `${c.address} does not allow to pay fees for ${a.address}: 9upouw: fee limit exceeded` });
  t.deepEqual(balances(), [100n, 100n, 91n, 9n]);

  // Nobody needs a grant of their own, and who pays is the grantee.
  t.is((await run([a], { granter: a.address }, refusing)).code, 0);
  used.length = 0;
  t.is((await run([a, b], { payer: b.address, granter: c.address }, feeGrants)).code, 0);
  t.like(used[0], { granter: c.address, grantee: b.address });
  t.deepEqual(balances(), [91n, 100n, 82n, 27n]);
});

test("a payer signs in amino what the first signer signs, the payer's address among it", async (t) => {
  const { a, b, balances, run } = await setUp();
  const named = await run([a, b], { amino: true, changed: (_raw, _body, { fee: given }) => void (given && (given.payer = b.address)) });
  t.is(named.code, 4, "it was not there when they signed");
  const outcome = await run([a, b], { amino: true, payer: b.address });
  t.is(outcome.code, 0, outcome.log);
  t.deepEqual(balances(), [100n, 91n, 100n, 9n]);
});
