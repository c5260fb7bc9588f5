import test from "ava";
import { TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { nodeCrypto } from "#platform/crypto.js";
import { coin, TestChain } from "#test/chain/chain.js";
import { TestContext } from "#test/chain/context.js";
import { Account, execute, send, shaped } from "#test/chain/shaped-tx.js";
import { Branch, Heights } from "#test/chain/state.js";
import { executeTx } from "./execute.js";

const setUp = async () => {
  const account = await Account.of("a");
  const chain = () => new TestChain({ crypto: nodeCrypto, parts: { bank: { balances: [{ address: account.address, coins: [coin(100n)] }] } } });
  return { account, chain };
};

test("a transaction with more signatures than signers is refused, so that nobody else can change its hash", async (t) => {
  const { account, chain } = await setUp();
  const good = await shaped(chain(), [account]);
  const run = (bytes: Uint8Array) => execute(chain(), bytes);
  t.is(run(good).code, 0, run(good).log);
  const raw = TxRaw.decode(good);
  const more = run(TxRaw.encode({ ...raw, signatures: [...raw.signatures, Uint8Array.of(1)] }).finish());
  t.is(more.code, 4);
  t.is(more.log, "wrong number of signers; expected 1, got 2: unauthorized");
});

test("a transaction before genesis has no outcome but its own", async (t) => {
  const { account, chain } = await setUp();
  const c = chain();
  const empty = new TestContext(c.environment, c.ctx.block, new Branch(new Heights().latest()));
  const told: unknown[] = [];
  const unexpected = (e: unknown): void => void told.push((e as Error).message);
  const outcome = executeTx(empty, await shaped(c, [account]), "deliver", { router: c.app.router, deps: c.k, unexpected });
  t.like(outcome, { code: 1, codespace: "undefined", log: "internal error" });
  t.deepEqual(told, ["acc: no parameters are set; InitChain writes them"]);
});

test("what failed has paid and is counted, and nothing else of it stays", async (t) => {
  const { account, chain } = await setUp();
  const [c, idle] = [chain(), chain()];
  const b = await Account.of("b");
  const tx = await shaped(c, [account], { messages: [send(account.address, b.address), send(account.address, account.address, [coin(95n)])], fee: [coin(9n)] });
  c.block(() => t.like(execute(c, tx), { code: 5, log: "failed to execute message; message index: 1: spendable balance 90upouw is smaller than 95upouw: insufficient funds" }));
  t.is(c.k.bank.balance(c.ctx, account.address), 91n);
  idle.block();
  const without = idle.dump();
  const changed = [...c.dump()].filter(([k, v]) => without.get(k) !== v).map(([k]) => k.slice(0, k.indexOf("/") + 3));
  // The account; balances of payer and collector; the collector among the owners.
  t.deepEqual(changed, ["acc/01", "bank/02", "bank/02", "bank/03"]);
  t.is(c.dump().size, without.size + 2, "nothing is gone");
});
