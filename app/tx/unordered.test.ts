import test from "ava";
import type { TxBody } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { SimulateRequest, SimulateResponse } from "cosmjs-types/cosmos/tx/v1beta1/service";
import { nodeCrypto } from "#platform/crypto.js";
import { TestChain } from "#test/chain/chain.js";
import { environment } from "#test/chain/environment.js";
import { TestNode } from "#test/chain/node.js";
import { Account, send, type Shape, shaped } from "#test/chain/shaped-tx.js";

const SECOND = 1_000n;

const setUp = async (t: Parameters<typeof TestNode.start>[0]) => {
  const accounts = (await Promise.all(["a", "b"].map((n) => Account.of(n)))) as [Account, Account];
  const node = await TestNode.start(t, { balances: Object.fromEntries(accounts.map((x) => [x.address, 1_000_000n])) });
  const [a, b] = accounts;
  /** Ends so many milliseconds behind the newest block. */
  const until = (ms: bigint): Pick<TxBody, "unordered" | "timeoutTimestamp"> => {
    const at = node.timeMs + ms;
    return { unordered: true, timeoutTimestamp: { seconds: at / 1000n, nanos: Number(at % 1000n) * 1_000_000 } };
  };
  const make = (ms: bigint, o: Shape = {}, who: readonly Account[] = [a]) => shaped(node, who, { sequence: 0n, ...o, body: { ...until(ms), ...o.body } });
  const sequence = (x: Account) => node.account(x.address)?.sequence;
  const kept = (): number => [...node.state.store("acc").iterate(Uint8Array.of(90), Uint8Array.of(91))].length;
  return { node, a, b, until, make, sequence, kept };
};

test("transactions without an order go in any, and leave the sequence as it was", async (t) => {
  const { node, a, make, sequence, kept } = await setUp(t);
  const txs = [await make(30n * SECOND), await make(10n * SECOND), await make(20n * SECOND, { amino: true })];
  const ordered = await node.tx(a, [send(a.address)]);
  const results = await node.block([txs[0] as Uint8Array, ordered, ...txs.slice(1)]);
  t.deepEqual(results.map((r) => r.code), [0, 0, 0, 0], results.map((r) => r.log).join());
  t.is(sequence(a), 1n);
  t.is(kept(), 3);
  const marks = results.map((r) => r.events.filter((e) => e.type === "tx").flatMap((e) => e.attributes.map((x) => x.key)));
  t.deepEqual(marks, [["fee", "fee_payer", "signature"], ["fee", "fee_payer", "acc_seq", "signature"], ["fee", "fee_payer", "signature"], ["fee", "fee_payer", "signature"]]);
});

test("none is taken twice: in a block, in the next ones, in the mempool, and at the very instant at which it ends", async (t) => {
  const { node, a, make, kept } = await setUp(t);
  const tx = await make(5n * SECOND);
  const refused = { code: 18, log: `failed to add unordered nonce: sender ${a.address} has already used timeout ${(node.timeMs + 5n * SECOND) * 1_000_000n}: invalid request` };
  t.is(node.check(tx).code, 0);
  t.like(node.check(tx), refused);
  const [first, second] = await node.block([tx, tx]);
  t.is(first?.code, 0, first?.log);
  t.like(second, refused);
  t.like(node.check(tx), refused, "the mempool begins anew with every block and knows what is in the chain");
  for (let blocks = 2; blocks <= 5; blocks++) t.like((await node.block([tx]))[0], refused, `${blocks} s on`);
  t.is(kept(), 1);
  t.like((await node.block([tx]))[0], { code: 42 });
  t.is(kept(), 0);
  t.is(node.check(tx).code, 42);
});

test("a transaction that failed has used its instant, one that was not begun has not", async (t) => {
  const { node, a, b, make } = await setUp(t);
  const failing = await make(5n * SECOND, { messages: [send(a.address, b.address, [{ denom: "upouw", amount: "9000000" }])] });
  t.is((await node.block([failing]))[0]?.code, 5);
  t.is((await node.block([failing]))[0]?.code, 18);
  const poor = await make(5n * SECOND, { fee: [{ denom: "upouw", amount: "9000000" }] });
  const forged = await make(5n * SECOND, { changed: (_raw, body) => void (body.memo = "another") });
  t.deepEqual((await node.block([poor, forged])).map((r) => r.code), [5, 4]);
  t.is((await node.block([await make(3n * SECOND)]))[0]?.code, 0, "the same instant");
});

test("what it must say: when it ends, soon enough, and no sequence", async (t) => {
  const { node, make } = await setUp(t);
  const check = async (ms: bigint, o: Shape = {}) => {
    const r = node.check(await make(ms, o));
    return [r.code, r.log];
  };
  const missing = "unordered transaction must have timeout_timestamp set: invalid request";
  t.deepEqual(await check(0n, { body: { timeoutTimestamp: undefined } }), [18, missing]);
  t.deepEqual(await check(0n, { body: { timeoutTimestamp: { seconds: 0n, nanos: 1 } } }), [18, missing]);
  t.is((await check(-1n))[0], 42);
  t.deepEqual(await check(600n * SECOND + 1n), [18, "unordered tx ttl exceeds 10m0s: invalid request"]);
  t.deepEqual(await check(600n * SECOND), [0, ""]);
  t.deepEqual(await check(9n * SECOND, { sequence: 1n }), [18, "sequence is not allowed for unordered transactions: invalid request"]);
  t.is((await check(9n * SECOND))[0], 0, "what was refused has used nothing");
});

test("several signers have one instant, which is then used by each of them", async (t) => {
  const { node, a, b, until, sequence, kept } = await setUp(t);
  const body = until(9n * SECOND);
  const by = (...who: Account[]) => shaped(node, who, { sequence: 0n, body });
  const both = await by(a, b);
  t.is((await node.block([both]))[0]?.code, 0);
  t.is(kept(), 2);
  t.deepEqual([sequence(a), sequence(b)], [0n, 0n]);
  const logs = (await node.block([both, await by(a), await by(b), await by(b, a)])).map((r) => r.log.replace(/^.*sender (\w+) .*$/, "$1"));
  t.deepEqual(logs, [a.address, a.address, b.address, b.address]);
});

test("gas is the SDK's, and a simulation notes and refuses nothing", async (t) => {
  const { node, a, make, until } = await setUp(t);
  await node.block([await node.tx(a, [send(a.address)])]);
  const simulated = async (tx: Uint8Array) => {
    const { value, log } = node.query("/cosmos.tx.v1beta1.Service/Simulate", SimulateRequest.encode(SimulateRequest.fromPartial({ txBytes: tx })).finish());
    t.is(log, "");
    return SimulateResponse.decode(value).gasInfo?.gasUsed ?? 0n;
  };
  const unordered = await make(9n * SECOND);
  const ordered = await shaped(node, [a], { body: { ...until(9n * SECOND), unordered: false } });
  const used = await simulated(unordered);
  // An ordered one writes the account with its next sequence in place of that, and pays for an index as in the SDK.
  const [[key, record]] = [...node.state.store("acc").iterate(Uint8Array.of(1), Uint8Array.of(2))].filter(([k]) => Buffer.from(k.subarray(1)).equals(Buffer.from(environment.addresses.parse(a.address)))) as [[Uint8Array, Uint8Array]];
  const written = 2_000n + 30n * BigInt(key.length + record.length);
  t.is(used - (await simulated(ordered)), 2_240n - written - 8_310n + 10n * BigInt(unordered.length - ordered.length));
  const [done] = await node.block([unordered]);
  t.is(done?.code, 0);
  // What a simulation leaves out: a look whether it was used, and a key of 29 bytes without a value.
  t.is(done?.gasUsed, used + 1_000n + 2_000n + 30n * 29n);
  t.is(await simulated(unordered), used, "of one that was taken already, too");
});

test("what has ended is forgotten, five thousand in a block at most, and an export has none of it", (t) => {
  const c = new TestChain({ crypto: nodeCrypto });
  const kept = (): number => [...(c.at()?.store("acc").iterate(Uint8Array.of(90), Uint8Array.of(91)) ?? [])].length;
  const address = c.address("a");
  const ends = (c.timeMs + 2_000n) * 1_000_000n;
  c.block(() => {
    for (let i = 0n; i < 7_000n; i++) c.k.auth.useTimeout(c.ctx, address, ends - i);
    c.k.auth.useTimeout(c.ctx, address, ends + 1n);
  });
  t.is(kept(), 7_001);
  c.block();
  t.is(kept(), 2_001);
  c.block(() => t.true(c.k.auth.useTimeout(c.ctx, address, ends - 6_000n), "what has ended is of no effect"));
  t.is(kept(), 1);
  t.false(JSON.stringify(c.exported()["auth"]).includes("timeout"));
});
