import "#platform/install.js";
import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import type { Outcome } from "#protocol/log/outcomes.js";
import { silentLogger } from "#platform/log.js";
import { Reader, ScriptedGroup } from "#test/daemons/scripted.js";
import { GapFiller, type GapFillerOptions } from "./gap-filler.js";

const map = Uint8Array.of(0);
const first = (slot: number, by: Uint8Array = map): Iteration => ({
  header: Header.encode(Header.create({ version: 1, chainId: "c", taskId: 1n, slot, seq: 1n, prev: new Uint8Array(32), mapHash: nodeCrypto.sha256(map) })),
  map: by,
  signature: new Uint8Array(64),
});
/** Supervisors that all answer the same. */
const answering = (messages: (slot: number) => Iteration[] | undefined): GapFillerOptions["peers"] => ({
  range: async (_task, slot, _first, _last, check) => {
    const out = messages(slot);
    if (!out) throw new Error("not here");
    await check?.(out);
    return out;
  },
});
const nobody = { range: () => Promise.reject(new Error("nobody has it")) } as never;

test("slots are filled beside each other: one whose author is silent delays no other, and is asked once at a time", async (t) => {
  const got: number[] = [];
  const asked: number[] = [];
  let now = 0;
  const filler = new GapFiller({
    taskId: 1n,
    peers: answering((slot) => (slot === 3 ? [first(3)] : undefined)),
    log: silentLogger,
    hash: async () => undefined,
    receive: async (m) => (got.push(Header.decode(m.header).slot), "held"),
    author: async (author, { slot }) => {
      asked.push(author);
      if (author === 9) await new Promise((_, reject) => setTimeout(() => reject(new Error("silent")), 50));
      return [first(slot)];
    },
    now: () => now,
  });
  const gaps = [0, 1, 2].map((slot) => ({ slot, from: 1n, to: 1n, namedBy: [slot < 2 ? 9 : 8] }));
  const all = filler.fill([...gaps, { slot: 3, from: 1n, to: 1n }]);
  await new Promise((r) => setTimeout(r, 10));
  t.deepEqual(got.toSorted(), [2, 3], "while the author of 0 and 1 says nothing");
  await all;
  await filler.fill(gaps.slice(0, 2));
  t.deepEqual(asked.filter((a) => a === 9).length, 1, "left alone after its silence");
  now = 60_000;
  await filler.fill(gaps.slice(0, 1));
  t.is(asked.filter((a) => a === 9).length, 2);
});

test("what does not continue the log, or has another map, is not handed on", async (t) => {
  const got: Iteration[] = [];
  const options = { taskId: 1n, log: silentLogger, hash: async () => undefined, receive: async (m: Iteration) => (got.push(m), "held" as const) };
  await new GapFiller({ ...options, peers: nobody, author: async () => [first(0, Uint8Array.of(1, 0, 0))] }).fill([{ slot: 0, from: 1n, to: 1n, namedBy: [1] }]);
  await new GapFiller({ ...options, peers: nobody, author: async () => [] }).fill([{ slot: 0, from: 1n, to: 1n, namedBy: [1] }]);
  const peers = answering(() => [first(1)]);
  await new GapFiller({ ...options, peers }).fill([{ slot: 0, from: 1n, to: 1n }]);
  t.deepEqual(got, []);
  await new GapFiller({ ...options, peers: nobody, author: async () => [first(0)] }).fill([{ slot: 0, from: 1n, to: 1n, namedBy: [1] }]);
  t.is(got.length, 1);
});

/** Slot 0 is a bad miner's: only the honest miner of slot 1 was given 0/1, and names it. */
function starved() {
  const g = new ScriptedGroup({ slots: 2 });
  const x1 = g.next(0, [0n, 0n]);
  const h1 = g.next(1, [1n, 0n]);
  const reader = new Reader(g);
  reader.receive(h1);
  return { g, x1, reader };
}

test("a page that links and is not signed ends nothing: the next source is asked, and the author behind them", async (t) => {
  const { g, x1, reader } = starved();
  t.deepEqual(reader.intake.gaps(), [{ slot: 0, from: 1n, to: 1n, namedBy: [1] }]);
  const forged: Iteration = { header: Header.encode({ ...Header.decode(x1.header), loss: 1 }), map: x1.map, signature: new Uint8Array(64) };
  const asked: number[] = [];
  const options = { taskId: g.taskId, log: silentLogger, hash: async () => undefined, receive: async (m: Iteration) => reader.receive(m) as Outcome };
  await new GapFiller({ ...options, peers: answering(() => [forged]), author: async (author) => (asked.push(author), [x1]) }).fill(reader.intake.gaps());
  t.deepEqual(asked, [1]);
  t.deepEqual(reader.log, ["0/1", "1/1"]);
});

test("a bad miner that signs far ahead does not become the one who is asked, nor makes all that honest ones have too little", async (t) => {
  const { g, x1, reader } = starved();
  const x2 = g.next(0, [1n, 1n]);
  let far = x2;
  for (let i = 3; i <= 40; i++) far = g.next(0, [BigInt(i - 1), 1n]);
  t.is(reader.receive(far), "held");
  const [gap] = reader.intake.gaps();
  t.deepEqual(gap, { slot: 0, from: 1n, to: 39n, namedBy: [1, 0] });
  const asked: number[] = [];
  const options = { taskId: g.taskId, log: silentLogger, hash: async (slot: number, seq: bigint) => reader.hashes.get(`${slot}/${seq}`), receive: async (m: Iteration) => reader.receive(m) as Outcome };
  await new GapFiller({ ...options, peers: nobody, author: async (author) => (asked.push(author), author === 1 ? [x1] : []) }).fill(reader.intake.gaps());
  t.deepEqual(asked, [1]);
  t.deepEqual(reader.log, ["0/1", "1/1"]);
  await new GapFiller({ ...options, peers: answering(() => [x2]) }).fill(reader.intake.gaps());
  t.deepEqual(reader.log, ["0/1", "1/1", "0/2"], "a part of what was asked for is an answer");
});
