import test from "ava";
import { definitions } from "#app/assemble.js";
import { nodeCrypto } from "#platform/crypto.js";
import { BaseAccount, Params } from "#proto/gen/cosmos/auth/v1beta1/auth.js";
import { MsgUpdateParams } from "#proto/gen/cosmos/auth/v1beta1/tx.js";
import { PubKey } from "#proto/gen/cosmos/crypto/secp256k1/keys.js";
import { coin, refusal, TestChain } from "#test/chain/chain.js";
import { Account, execute, send, shaped } from "#test/chain/shaped-tx.js";

interface AccountJson {
  readonly "@type": string;
  readonly address: string;
  readonly pub_key: unknown;
  readonly account_number: string;
  readonly sequence: string;
}
/** Accounts of an export, those of modules too, by address. */
const exported = (c: TestChain): Map<string, AccountJson> => {
  const { accounts } = c.exported().auth as { accounts: (AccountJson & { base_account?: AccountJson })[] };
  return new Map(accounts.map((a) => a.base_account ?? a).map((a) => [a.address, a]));
};

const chain = (parts: Readonly<Record<string, unknown>> = {}) => new TestChain({ crypto: nodeCrypto, parts });
const owning = (...accounts: readonly Account[]) => ({ balances: accounts.map(({ address }) => ({ address, coins: [coin(1_000n)] })) });

test("accounts keep number, sequence and key through export and genesis", async (t) => {
  const [a, b] = await Promise.all([Account.of("a"), Account.of("b")]);
  const first = chain({ bank: owning(a, b) });
  const pay = async (c: TestChain, to: string): Promise<void> => {
    const tx = await shaped(c, [a], { messages: [send(a.address, c.address(to))] });
    c.block(() => t.is(execute(c, tx).code, 0));
  };
  for (let i = 0; i < 2; i++) await pay(first, "new");
  t.like(exported(first).get(a.address), { sequence: "2", pub_key: { "@type": "/cosmos.crypto.secp256k1.PubKey", key: Buffer.from(a.key).toString("base64") } });

  const second = new TestChain({ crypto: nodeCrypto, genesis: first.exported(), initialHeight: first.height + 1n, timeMs: first.timeMs });
  t.deepEqual(second.exported(), first.exported());
  t.deepEqual(second.dump(), first.dump(), "every key of the state");
  await pay(second, "newest");
  const numbers = [...exported(second).values()].map((x) => Number(x.account_number));
  t.is(new Set(numbers).size, numbers.length);
  t.is(Number(exported(second).get(second.address("newest"))?.account_number), Math.max(...numbers));
});

test("accounts get numbers in the order in which they are made, and keep them", (t) => {
  const c = chain();
  const { ctx } = c;
  const keeper = c.k.auth;
  const [a, b] = [c.address("a"), c.address("b")];
  const modules = definitions.flatMap((d) => d.accounts);
  t.is(keeper.ensure(ctx, ctx.addresses.module(modules[0]?.name as string)).accountNumber, 0n, "modules' come first");
  const first = BigInt(modules.length);
  t.deepEqual([keeper.ensure(ctx, a), keeper.ensure(ctx, b)].map((x) => x.accountNumber), [first, first + 1n]);
  t.is(keeper.ensure(ctx, a).accountNumber, first);
  t.is(keeper.get(ctx, c.address("c")), undefined);
  const key = { typeUrl: PubKey.typeUrl, value: PubKey.encode({ key: new Uint8Array(33) }) };
  const known = keeper.setPubKey(ctx, keeper.ensure(ctx, a), key);
  t.throws(() => keeper.setPubKey(ctx, known, key), { message: /has a public key already/ });
  t.like(keeper.countTransaction(ctx, known), { sequence: 1n, pubKey: key, accountNumber: first });
  t.deepEqual(keeper.get(ctx, a), BaseAccount.create({ address: a, accountNumber: first, sequence: 1n, pubKey: key }));
  t.notThrows(() => c.checkInvariants());
});

test("parameters of transactions are state", async (t) => {
  const a = await Account.of("a");
  const bank = owning(a);
  const c = chain({ auth: { params: { max_memo_characters: "3", tx_sig_limit: "2", sig_verify_cost_secp256k1: "5000" } }, bank });
  t.deepEqual(c.k.auth.params(c.ctx), Params.create({ maxMemoCharacters: 3n, txSigLimit: 2n, txSizeCostPerByte: 10n, sigVerifyCostEd25519: 590n, sigVerifyCostSecp256k1: 5000n }));
  t.like(execute(c, await shaped(c, [a], { body: { memo: "four" } })), { code: 12, log: "maximum number of characters is 3 but received 4 characters: memo too large" });
  const three = ["x", "y", "z"].map((n) => send(c.address(n)));
  t.like(execute(c, await shaped(c, [a], { messages: three })), { code: 14, log: "signatures: 3, limit: 2: maximum number of signatures exceeded" });
  const cheap = chain({ bank });
  const used = async (on: TestChain): Promise<bigint> => execute(on, await shaped(on, [a])).gasUsed;
  t.is((await used(c)) - (await used(cheap)), 4000n);
  t.is(refusal(() => chain({ auth: { params: { tx_sig_limit: "0" } } })), "app_state.auth.params.tx_sig_limit: got 0, want 1 to 1099511627776");
});

test("governance changes the parameters, nobody else, and to nothing that cannot be", (t) => {
  const c = chain();
  const authority = c.environment.addresses.module("gov");
  const now = c.k.auth.params(c.ctx);
  const set = (change: Partial<Params>, by = authority) => c.deliver(MsgUpdateParams, { authority: by, params: { ...now, ...change } });
  t.like(set({}, c.address("a")), { codespace: "gov", code: 13, log: `invalid authority; expected ${authority}, got ${c.address("a")}: expected gov account as only signer for proposal message` });
  t.like(set({ txSigLimit: 0n }), { code: 18, log: "params.tx_sig_limit: got 0, want 1 to 1099511627776: invalid request" });
  t.like(c.deliver(MsgUpdateParams, { authority }), { code: 18, log: "params are missing: invalid request" });
  t.deepEqual(c.k.auth.params(c.ctx), now);
  t.false("code" in set({ maxMemoCharacters: 512n }));
  t.deepEqual(c.k.auth.params(c.ctx), { ...now, maxMemoCharacters: 512n });
});
