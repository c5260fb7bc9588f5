/** What a miner keeps is bounded, and what it makes is the same. */
import "#platform/install.js";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { oneGroup } from "#engine/quanta.js";
import test from "ava";
import { createEngine } from "#engine/index.js";
import { planOf } from "#engine/testing/models.js";
import { LogStore } from "#net/log-store.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Database } from "#platform/level.js";
import { type Slot, SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import { Loss, Task, TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { bitsOf } from "#protocol/floats.js";
import { decodeHeader } from "#protocol/log/header.js";
import { MissingMap } from "#protocol/state/replica.js";
import { batchOf, type Subject, SUBJECTS } from "#test/tolerant/runs.js";
import { Compute } from "./compute.js";
import { Maps } from "./maps.js";
import { type ComputeSetup, packPeer, unpackPeer } from "./protocol.js";
import { Snapshots } from "./snapshots.js";

const s = SUBJECTS[0] as Subject;
const plan = planOf(s.topology);
const options = { loss: s.loss, batchSize: s.batchSize, quanta: oneGroup(plan, s.quantumLog2, s.levels) };
const SLOTS = 3;
const BATCHES = 6;
const ROUNDS = 40;

function setup(slot: number): ComputeSetup {
  const spec = TaskSpec.create({ topology: s.topology, loss: Loss.LOSS_SOFTMAX_CROSS_ENTROPY, batchSize: s.batchSize, epochs: 60, batches: BATCHES, slots: SLOTS, lag: 1, lrBits: bitsOf(Math.fround(s.lr)), quanta: oneGroup(plan, s.quantumLog2, s.levels), runAhead: 1000n, profile: "wasm-f32-1" });
  const batches = Array.from({ length: BATCHES }, (_, i) => ({ ...batchOf(s, i), hash: new Uint8Array(32).fill(i) }));
  return { chainId: "pouw-test-1", task: { ...Task.create({ id: 7n }), spec, startBeacon: new Uint8Array(32).fill(9), startHeight: 100n }, maxParameters: 1 << 20, slots: [slot], batches };
}
const signed = (m: { header: Uint8Array; map: Uint8Array }): Iteration => ({ ...m, signature: new Uint8Array(64) });

interface Miner {
  readonly compute: Compute;
  /** how often maps were lent, and the most bytes of maps that it held */
  lent: number;
  held: number;
}
async function miner(slot: number, mapBytes?: number): Promise<Miner> {
  const compute = new Compute(setup(slot), await createEngine(plan, options), () => 0, nodeCrypto, mapBytes);
  return { compute, lent: 0, held: 0 };
}

/** Lends from a log what is missing, three messages at a time, as the daemon does. */
function lending<T>(m: Miner, log: readonly (readonly Iteration[])[], work: () => T): T {
  for (let tries = 0; tries < 10_000; tries++) {
    try {
      const done = work();
      m.held = Math.max(m.held, (m.compute as unknown as { maps: Maps }).maps.held);
      return done;
    } catch (e) {
      if (!(e instanceof MissingMap)) throw e;
      const { slot, first, last } = m.compute.wanted(e);
      m.lent++;
      const messages = (log[slot] as readonly Iteration[]).slice(Number(first) - 1, Number(last)).slice(0, 300);
      m.compute.lend(slot, first, messages.map(({ header, map }) => ({ map, chainDigest: decodeHeader(header).chainDigest })));
    }
  }
  throw new Error("it never has what it needs");
}
function apply(m: Miner, log: readonly (readonly Iteration[])[], message: Iteration): void {
  const header = decodeHeader(message.header);
  m.compute.applyPeer(unpackPeer(packPeer({ slot: header.slot, seq: header.seq, headerHash: nodeCrypto.sha256(message.header), mapHash: header.mapHash, map: message.map })));
  if (m.compute.full) lending(m, log, () => m.compute.shrink());
}

/** Three miners, and besides the first one those that are to do the same; what each of them makes must be equal. */
async function train(twins: readonly Miner[], rounds: number, at: (round: number, log: readonly (readonly Iteration[])[], all: readonly Miner[], stopped: Set<number>) => void = () => {}): Promise<Iteration[][]> {
  const group = [await miner(0), await miner(1), await miner(2)];
  const log: Iteration[][] = [[], [], []];
  const all = [...group, ...twins];
  const stopped = new Set<number>();
  for (const m of all) m.compute.view(102n, { height: 100n, lowest: -1n }, []);
  for (let round = 1; round <= rounds; round++) {
    at(round, log, all, stopped);
    const made = group.flatMap((m, slot) => (stopped.has(slot) ? [] : lending(m, log, () => m.compute.iterate(slot))));
    for (const twin of twins) {
      const same = lending(twin, log, () => twin.compute.iterate(0));
      if (Buffer.compare(same.header, (made[0] as typeof same).header) !== 0) throw new Error(`round ${round}: another header`);
    }
    made.forEach((m) => (log[m.slot] as Iteration[]).push(signed(m)));
    group.forEach((m, slot) => made.forEach((x) => x.slot !== slot && apply(m, log, signed(x))));
    for (const twin of twins) made.forEach((x) => x.slot !== 0 && apply(twin, log, signed(x)));
  }
  return log;
}

test("a miner with few maps in memory makes the same headers, and holds no more than its budget", async (t) => {
  const budget = 3000;
  const small = await miner(0, budget);
  const log = await train([small], ROUNDS);
  const bytes = log.flat().reduce((n, m) => n + m.map.length + 160, 0);
  const largest = Math.max(...log.flat().map((m) => m.map.length + 160));
  t.true(bytes > 4 * budget, `${bytes} bytes of maps in all`);
  t.true(small.held <= budget + largest, `${small.held} bytes held`);
  t.is(small.lent, 0, "what an iteration needs now is in memory");
});

test("an own message runs again at its old clock with maps that are lent, and mining goes on behind it", async (t) => {
  const small = await miner(0, 3000);
  const log = await train([small], ROUNDS, (round, sofar) => {
    if (round !== ROUNDS - 2) return;
    small.compute.beginRerun((sofar[0] as Iteration[]).slice(0, 5), undefined);
    for (;;) {
      const done = lending(small, sofar, () => small.compute.rerunNext());
      if (!done) continue;
      t.true(done.agrees);
      const hash = decodeHeader((sofar[0] as Iteration[])[4]?.header as Uint8Array).residualHash;
      if (hash.length > 0) t.deepEqual(nodeCrypto.sha256(done.residual), hash);
      break;
    }
  });
  t.true(small.lent > 0);
  const wrong = signed({ header: (log[0] as Iteration[])[1]?.header as Uint8Array, map: (log[0] as Iteration[])[1]?.map as Uint8Array });
  small.compute.beginRerun([wrong], undefined);
  t.false(lending(small, log, () => small.compute.rerunNext())?.agrees, "the second from the residual of the first one does not come out");
});

test("a peer that is closed for a fault long ago counts up to there, with maps and a digest that are lent", async (t) => {
  const small = await miner(0, 3000);
  const closed = { slot: 2, status: SlotStatus.SLOT_CLOSED_FAULT, closedHeight: 103n, closedSeq: 4n } as Slot;
  const open = (slot: number) => ({ slot, status: SlotStatus.SLOT_OPEN }) as Slot;
  await train([small], ROUNDS, (round, _, all, stopped) => {
    if (round !== ROUNDS - 8) return;
    stopped.add(2);
    for (const m of all) for (let h = 103n; h <= 106n; h++) m.compute.view(h, { height: h - 2n, lowest: -1n }, [open(0), open(1), closed]);
  });
  t.true(small.lent > 0);
});

test("a restart from a snapshot goes on as if there had been none, and takes from the log only what came after it", async (t) => {
  const db = await Database.open(mkdtempSync(join(tmpdir(), "snapshot-")));
  const store = await LogStore.open(db, 7n, SLOTS);
  const snapshots = new Snapshots(db, 7n);
  const twin = await miner(0);
  let kept: bigint[] | undefined;
  const log = await train([twin], ROUNDS, (round) => {
    if (round !== 30) return;
    twin.compute.shrink();
    const snapshot = twin.compute.snapshot();
    kept = snapshot?.clock;
    if (snapshot) void snapshots.put(snapshot);
  });
  t.deepEqual(kept, [29n, 29n, 29n]);
  for (let seq = 1; seq <= ROUNDS; seq++) for (const [slot, list] of log.entries()) {
    const m = list[seq - 1] as Iteration;
    await store.append(slot, BigInt(seq), m, nodeCrypto.sha256(m.header));
  }
  const from = await snapshots.start(store, [0], plan.parameters);
  t.truthy(from);
  const again = await miner(0);
  again.compute.view(102n, { height: 100n, lowest: -1n }, []);
  again.compute.startFrom(from as NonNullable<typeof from>);
  let restored = 0;
  for await (const m of store.after((from as NonNullable<typeof from>).slots.map((x) => x.seq))) {
    const message = Iteration.decode(m.bytes);
    if (m.slot === 0) lending(again, log, () => again.compute.restore(message, undefined));
    else apply(again, log, message);
    restored++;
  }
  t.is(restored, 3 * (ROUNDS - 29));
  t.deepEqual(again.compute.iterate(0).header, twin.compute.iterate(0).header);
  t.deepEqual(again.compute.stateHash(), twin.compute.stateHash());
});

test("a snapshot that is damaged, or stands on more than the log has, is not taken", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "snapshot-"));
  const db = await Database.open(directory);
  const store = await LogStore.open(db, 7n, 1);
  const snapshots = new Snapshots(db, 7n);
  const K = new Uint8Array(4 * 10);
  t.is(await snapshots.start(store, [0], 10), undefined);
  await snapshots.put({ clock: [0n], K, residuals: [{ slot: 0, residual: new Uint8Array(40) }] });
  t.truthy(await snapshots.start(store, [0], 10));
  t.is(await snapshots.start(store, [0], 11), undefined, "of another model");
  t.is(await snapshots.start(store, [], 10), undefined, "of another seat");
  await snapshots.put({ clock: [1n], K, residuals: [{ slot: 0, residual: new Uint8Array(40) }] });
  t.is(await snapshots.start(store, [0], 10), undefined, "of a message that is not in the log");
  await snapshots.put({ clock: [0n], K, residuals: [{ slot: 0, residual: new Uint8Array(40) }] });
  const { levelKey } = await import("#platform/level.js");
  const chunk = Uint8Array.from((await db.get(levelKey("s", 7n, 1))) as Uint8Array);
  chunk[chunk.length - 1] = 1;
  await db.write([{ key: levelKey("s", 7n, 1), value: chunk }]);
  t.is(await snapshots.get(), undefined);
});

test("maps within the budget are had by slot and seq, older ones only while they are lent", (t) => {
  const maps = new Maps(2, 1000, 600);
  maps.startAt(1, 50n);
  const map = (slot: number, seq: number) => new Uint8Array(40).fill(slot * 100 + seq);
  for (let seq = 1; seq <= 20; seq++) {
    maps.push(0, map(0, seq));
    maps.push(1, map(1, 50 + seq));
    if (maps.full) maps.trim();
    t.true(maps.held <= 1000);
    t.deepEqual(maps.of(0, BigInt(seq)), map(0, seq));
    t.deepEqual(maps.of(1, BigInt(50 + seq)), map(1, 50 + seq));
  }
  for (const [slot, seq] of [[0, 1n], [0, 0n], [0, 21n], [1, 51n], [1, 1n], [2, 1n]] as const) t.is(maps.of(slot, seq), undefined);
  maps.lend(0, 1n, [1, 2, 3].map((n) => ({ map: map(0, n), chainDigest: new Uint8Array(32).fill(n) })));
  t.deepEqual(maps.of(0, 2n), map(0, 2));
  t.deepEqual(maps.chainDigestOf(0, 3n), new Uint8Array(32).fill(3));
  maps.lend(0, 4n, [{ map: map(0, 4), chainDigest: new Uint8Array(32) }]);
  t.is(maps.of(0, 1n), undefined, "the oldest goes");
  t.deepEqual(maps.of(0, 4n), map(0, 4));
});
