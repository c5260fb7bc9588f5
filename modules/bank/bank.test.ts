import test from "ava";
import { MsgMultiSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { nodeCrypto } from "#platform/crypto.js";
import { coin, TestChain } from "#test/chain/chain.js";
import { address, environment } from "#test/chain/environment.js";
import { Account, type EncodedMessage, execute, send, type Shape, shaped } from "#test/chain/shaped-tx.js";

const chain = (bank: unknown) => new TestChain({ crypto: nodeCrypto, parts: { bank } });
const setUp = async () => {
  const [a, b] = await Promise.all([Account.of("a"), Account.of("b")]);
  return { a, b, c: chain({ balances: [{ address: a.address, coins: [coin(1_000n)] }] }) };
};
/** A block with one transaction of this account, and all invariants behind it. */
const run = async (c: TestChain, by: Account, message: EncodedMessage, o: Shape = {}) => {
  const tx = await shaped(c, [by], { messages: [message], ...o });
  let outcome: ReturnType<typeof execute> | undefined;
  c.block(() => (outcome = execute(c, tx)));
  if (!outcome) throw new Error("nothing ran");
  return outcome;
};

test("a pool receives nothing by a transfer, however its address is written", async (t) => {
  const { a, c } = await setUp();
  const pool = environment.addresses.module("workers");
  for (const [to, code] of [[pool, 4], [pool.toUpperCase(), 7], [`P${pool.slice(1)}`, 7]] as const) {
    const r = await run(c, a, send(a.address, to));
    t.is(r.code, code, r.log);
  }
});

test("an upper-case signer is no account", async (t) => {
  const { a, c } = await setUp();
  t.is(execute(c, await shaped(c, [a], { messages: [send(a.address.toUpperCase(), a.address)] }), "check").code, 7);
});

test("MsgMultiSend has exactly one sender, and what is sent is what is received", async (t) => {
  const { a, b, c } = await setUp();
  const multi = (inputs: [string, bigint][], outputs: [string, bigint][]) => {
    const side = (list: [string, bigint][]) => list.map(([who, n]) => ({ address: who, coins: [coin(n)] }));
    return { typeUrl: "/cosmos.bank.v1beta1.MsgMultiSend", value: MsgMultiSend.encode({ inputs: side(inputs), outputs: side(outputs) }).finish() };
  };
  const sent = async (m: EncodedMessage) => {
    const { codespace, code } = await run(c, a, m);
    return `${codespace}/${code}`;
  };
  t.is(await sent(multi([], [[b.address, 1n]])), "bank/2");
  t.is(await sent(multi([[a.address, 1n]], [])), "bank/3");
  t.is(await sent(multi([[a.address, 3n]], [[b.address, 2n]])), "bank/4");
  t.is(await sent(multi([[a.address, 1n], [b.address, 1n]], [[b.address, 2n]])), "bank/9");
  t.is(await sent(multi([[a.address, 3n]], [[b.address, 2n], [a.address, 1n]])), "/0");
  t.is(await sent(multi([[a.address, 3n]], [[b.address, 2n], [environment.addresses.module("tasks"), 1n]])), "sdk/4");
  t.is(c.k.bank.balance(c.ctx, b.address), 2n);
});

test("coins that are no coins are refused without their text reaching the log", async (t) => {
  const { a, c } = await setUp();
  for (const [denom, code] of [["é \n denom", 10], ["\ud800 no text at all", 2]] as const) {
    const r = await run(c, a, send(a.address, a.address, [{ denom, amount: "1" }]));
    t.is(r.code, code);
    t.regex(r.log, /^[\x20-\x7e]*$/);
  }
});

test("a denomination that is not enabled stays where it is, but for fees and modules", async (t) => {
  const a = await Account.of("a");
  const balances = [{ address: a.address, coins: [coin(5n, "aaa"), coin(5n, "bbb"), coin(5n)] }];
  const sent = async (c: TestChain, denom: string): Promise<[string, string]> => {
    const { codespace, code, log } = await run(c, a, send(a.address, address("b"), [coin(1n, denom)]), { fee: [coin(1n)] });
    return [`${codespace}/${code}`, log];
  };
  const some = chain({ balances, send_enabled: [{ denom: "aaa", enabled: false }] });
  t.deepEqual(await sent(some, "aaa"), ["bank/5", "failed to execute message; message index: 0: aaa transfers are currently disabled: send transactions are disabled"]);
  t.is((await sent(some, "bbb"))[0], "/0");
  const none = chain({ balances, params: { default_send_enabled: false }, send_enabled: [{ denom: "aaa", enabled: true }] });
  t.is((await sent(none, "aaa"))[0], "/0");
  t.is((await sent(none, "upouw"))[0], "bank/5");
  t.is(none.k.bank.balances(none.ctx, a.address).reduce((sum, x) => sum + x.amount, 0n), 15n - 2n - 1n, "both transactions have paid");
  t.notThrows(() => none.k.bank.send(none.ctx, a.address, address("b"), 1n));
});

test("a transfer's events and its receiver's account", async (t) => {
  const { a, c } = await setUp();
  const [to, from] = [address("new"), a.address];
  const { events } = await run(c, a, send(from, to, [coin(7n)]));
  const told = events.filter((e) => e.type !== "tx").map((e) => `${e.type} ${e.attributes.map((x) => `${x.key}=${x.value}`).join(" ")}`);
  t.deepEqual(told, [
    `message action=/cosmos.bank.v1beta1.MsgSend sender=${from} module=bank msg_index=0`,
    `coin_spent spender=${from} amount=7upouw msg_index=0`,
    `coin_received receiver=${to} amount=7upouw msg_index=0`,
    `transfer recipient=${to} sender=${from} amount=7upouw msg_index=0`,
    `message sender=${from} msg_index=0`,
  ]);
  t.truthy(c.account(to));
});
