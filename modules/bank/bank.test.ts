import test from "ava";
import { MsgMultiSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { nodeCrypto } from "#platform/crypto.js";
import { BankQuery } from "#proto/gen/cosmos/bank/v1beta1/query.js";
import { MsgSetSendEnabled, MsgUpdateParams } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import type { Event } from "#kernel/context.js";
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
  for (const [to, code] of [[pool, 4], [pool.toUpperCase(), 4], [`P${pool.slice(1)}`, 7]] as const) {
    const r = await run(c, a, send(a.address, to));
    t.is(r.code, code, r.log);
  }
});

test("an address in upper case is the same address: of who signs, who receives, who pays and who is asked for", async (t) => {
  const { a, b, c } = await setUp();
  const upper = (x: Account): string => x.address.toUpperCase();
  const r = await run(c, a, send(upper(a), upper(b), [coin(7n)]));
  t.is(r.code, 0, r.log);
  t.is(c.k.bank.balance(c.ctx, b.address), 7n);
  t.is(c.ask(BankQuery.methods.balance, { address: upper(b), denom: "upouw" }).balance?.amount, "7");
  t.true(r.events.every((e) => e.attributes.every((x) => x.value !== upper(a) && x.value !== upper(b))), "events have one spelling");
  t.is((await run(c, a, send(a.address, b.address), { amino: true, fee: [coin(1n)] })).code, 0);
  t.is((await run(c, a, send(upper(a), upper(b)), { amino: true })).code, 0, "amino JSON has what was sent");
  const shuffled = `P${b.address.slice(1)}`;
  t.is((await run(c, a, send(a.address, shuffled))).code, 7, "either case, not both");
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
  t.is(await sent(multi([["pouw1x", 1n]], [[b.address, 1n]])), "sdk/7");
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

const told = (events: readonly Event[]): string[] => events.filter((e) => e.type !== "tx").map((e) => `${e.type} ${e.attributes.map((x) => `${x.key}=${x.value}`).join(" ")}`);

test("a transfer of several coins has one set of events, a fee too, and one to several receivers the SDK's", async (t) => {
  const [a, b] = await Promise.all([Account.of("a"), Account.of("b")]);
  const c = chain({ balances: [{ address: a.address, coins: [coin(50n, "aaa"), coin(60n, "bbb"), coin(70n)] }] });
  const both = [coin(1n, "aaa"), coin(2n, "bbb")];
  const [from, to, collector] = [a.address, b.address, environment.addresses.module("fee_collector")];
  const sent = await run(c, a, send(from, to, both), { fee: [coin(3n, "aaa"), coin(4n)] });
  t.is(sent.code, 0, sent.log);
  t.deepEqual(told(sent.events), [
    `coin_spent spender=${from} amount=3aaa,4upouw`,
    `coin_received receiver=${collector} amount=3aaa,4upouw`,
    `transfer recipient=${collector} sender=${from} amount=3aaa,4upouw`,
    `message sender=${from}`,
    `message action=/cosmos.bank.v1beta1.MsgSend sender=${from} module=bank msg_index=0`,
    `coin_spent spender=${from} amount=1aaa,2bbb msg_index=0`,
    `coin_received receiver=${to} amount=1aaa,2bbb msg_index=0`,
    `transfer recipient=${to} sender=${from} amount=1aaa,2bbb msg_index=0`,
    `message sender=${from} msg_index=0`,
  ]);
  const other = address("new");
  const value = MsgMultiSend.encode({ inputs: [{ address: from, coins: [coin(2n, "aaa"), coin(2n, "bbb")] }], outputs: [{ address: to, coins: both }, { address: other, coins: [coin(1n, "aaa")] }] }).finish();
  const many = await run(c, a, { typeUrl: "/cosmos.bank.v1beta1.MsgMultiSend", value });
  t.is(many.code, 0, many.log);
  t.deepEqual(told(many.events), [
    `message action=/cosmos.bank.v1beta1.MsgMultiSend sender=${from} module=bank msg_index=0`,
    `message sender=${from} msg_index=0`,
    `coin_spent spender=${from} amount=2aaa,2bbb msg_index=0`,
    `coin_received receiver=${to} amount=1aaa,2bbb msg_index=0`,
    `transfer recipient=${to} sender=${from} amount=1aaa,2bbb msg_index=0`,
    `coin_received receiver=${other} amount=1aaa msg_index=0`,
    `transfer recipient=${other} sender=${from} amount=1aaa msg_index=0`,
  ]);
  t.truthy(c.account(other));
});

test("checks of a transfer come in the SDK's order: addresses, coins, whether they may move, who receives, what there is", async (t) => {
  const { a, b, c } = await setUp();
  const pool = environment.addresses.module("tasks");
  const log = async (m: EncodedMessage) => (await run(c, a, m)).log.replace("failed to execute message; message index: 0: ", "");
  t.regex(await log(send(a.address, "x", [coin(0n)])), /^invalid to address: .*: invalid address$/);
  t.is(await log(send(a.address, pool, [coin(0n)])), "0upouw: invalid coins");
  t.is(await log(send(a.address, pool, [coin(9_999n)])), `${pool} is not allowed to receive funds: unauthorized`);
  t.is(await log(send(a.address, b.address, [coin(9_999n)])), "spendable balance 1000upouw is smaller than 9999upouw: insufficient funds");
  t.is((await run(c, a, send(a.address), { fee: [coin(9_999n)] })).log, "spendable balance 1000upouw is smaller than 9999upouw: insufficient funds: insufficient funds");
});

test("an amount that is no whole number of 256 bits makes no transaction, in messages and fees", async (t) => {
  const { a, c } = await setUp();
  const amount = (text: string) => [{ denom: "upouw", amount: text }];
  for (const [text, log] of [
    ["1.5", 'math/big: cannot unmarshal "1.5" into a *big.Int: tx parse error'],
    ["one", 'math/big: cannot unmarshal "one" into a *big.Int: tx parse error'],
    ["007", 'math/big: cannot unmarshal "007" into a *big.Int: tx parse error'],
    [`${1n << 256n}`, "integer out of range; got: 257, max: 256: tx parse error"],
  ] as const) {
    t.like(execute(c, await shaped(c, [a], { messages: [send(a.address, a.address, amount(text))] }), "check"), { codespace: "sdk", code: 2, log });
    t.like(execute(c, await shaped(c, [a], { fee: amount(text) }), "check"), { codespace: "sdk", code: 2, log });
  }
  // What is a number, and no amount of coins, is told when the message runs.
  t.is((await run(c, a, send(a.address, a.address, amount("-1")))).code, 10);
});

test("what governance alone may say: parameters and which denominations can be sent", (t) => {
  const c = chain({});
  const gov = environment.addresses.module("gov");
  const on = (denom: string) => c.k.bank.sendEnabled(c.ctx, denom);
  const say = (m: Partial<MsgSetSendEnabled>) => c.deliver(MsgSetSendEnabled, { authority: gov, ...m });
  t.like(c.deliver(MsgUpdateParams, { authority: address("a"), params: { sendEnabled: [], defaultSendEnabled: false } }), { codespace: "gov", code: 13 });
  t.like(say({ authority: address("a") }), { codespace: "gov", code: 13, log: `invalid authority; expected ${gov}, got ${address("a")}: expected gov account as only signer for proposal message` });
  c.must(MsgUpdateParams, { authority: gov, params: { sendEnabled: [], defaultSendEnabled: false } });
  t.false(on("aaa"));
  t.is(c.send(MsgUpdateParams, { authority: gov, params: { sendEnabled: [{ denom: "aaa", enabled: true }], defaultSendEnabled: true } }), "sdk/18");
  c.must(MsgSetSendEnabled, { authority: gov, sendEnabled: [{ denom: "aaa", enabled: true }, { denom: "bbb", enabled: true }] });
  t.deepEqual([on("aaa"), on("bbb"), on("ccc")], [true, true, false]);
  c.must(MsgSetSendEnabled, { authority: gov, useDefaultFor: ["bbb", "none"] });
  t.deepEqual([on("aaa"), on("bbb")], [true, false]);
  t.like(say({ sendEnabled: [{ denom: "aaa", enabled: true }, { denom: "aaa", enabled: false }] }), { code: 18, log: 'duplicate denom entries found for "aaa": invalid request' });
  t.like(say({ sendEnabled: [{ denom: "!", enabled: true }] }), { code: 18, log: 'invalid SendEnabled denom "!": invalid denom: !: invalid request' });
  t.like(say({ useDefaultFor: ["!"] }), { code: 18, log: 'invalid UseDefaultFor denom "!": invalid denom: !: invalid request' });
});

test("a transfer's events and its receiver's account", async (t) => {
  const { a, c } = await setUp();
  const [to, from] = [address("new"), a.address];
  const { events } = await run(c, a, send(from, to, [coin(7n)]));
  t.deepEqual(told(events), [
    `message action=/cosmos.bank.v1beta1.MsgSend sender=${from} module=bank msg_index=0`,
    `coin_spent spender=${from} amount=7upouw msg_index=0`,
    `coin_received receiver=${to} amount=7upouw msg_index=0`,
    `transfer recipient=${to} sender=${from} amount=7upouw msg_index=0`,
    `message sender=${from} msg_index=0`,
  ]);
  t.truthy(c.account(to));
});
