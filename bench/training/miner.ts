/** One miner's work on a recorded run, timed in parts: the loop of miner/task.ts and miner/worker.ts in one thread, without a network. */
import { groupsOf } from "#engine/quanta.js";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import { type Engine } from "#engine/types.js";
import { equalBytes } from "#kernel/bytes.js";
import { type Applied, packPeer, unpackPeer } from "#miner/protocol.js";
import { LogStore } from "#net/log-store.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Database } from "#platform/level.js";
import { Intake } from "#protocol/log/intake.js";
import { decodeHeader } from "#protocol/log/header.js";
import { initialWeights, taskSeed } from "#protocol/state/initial.js";
import { BatchOrder } from "#protocol/draws/order.js";
import { epochOf, lrBitsAt, positionOf } from "#protocol/log/positions.js";
import { type Clocked, clocked, computeThread, difference, engineWith, noParts, type Parts } from "./parts.js";
import { type BenchTask } from "./tasks.js";
import { chainOf, minerOf, type Recording, sign } from "./recording.js";

const SLOT = 0;

export interface Mined {
  /** of all iterations */
  readonly whole: Parts;
  /** iteration by iteration */
  readonly each: readonly Parts[];
}

/**
 * The miner of slot 0 makes the recorded run again, peers' messages arriving between its iterations. Messages go
 * through a port, as between the miner's two threads. Throws when one bit differs.
 */
export async function mine(rec: Recording): Promise<Mined> {
  const parts = noParts();
  const c = await clocked(rec.bench, parts);
  return run(rec, parts, c);
}

async function run(rec: Recording, parts: Parts, c: Clocked): Promise<Mined> {
  const { bench, log, keys, rounds } = rec;
  const compute = minerOf(bench, SLOT, c.engine, c.hash);
  const groups = groupsOf(bench.spec.quanta, bench.plan.tensors);
  const threads = new MessageChannel();
  const dir = mkdtempSync(join(tmpdir(), "pouwd-bench-"));
  const db = await Database.open(dir);
  const store = await LogStore.open(db, bench.task.id, bench.spec.slots);
  const { spec, task, plan } = bench;
  const intake = new Intake({
    crypto: nodeCrypto,
    chainId: chainOf.id,
    taskId: task.id,
    spec,
    parameters: plan.parameters,
    startHeight: task.startHeight,
    startBeacon: task.startBeacon,
    batchHashes: bench.batches.map((x) => x.hash),
    groups,
    logs: (await store.tips(task.startHeight)).map(({ tip, frontier }) => ({ tip, tree: frontier })),
    lowestRound: () => -1n,
  });
  intake.setView({ height: task.startHeight + 2n, slots: [], sessionKeys: new Map(keys.map((k, slot) => [slot, k.publicKey])) });
  const appended: Promise<void>[] = [];
  let clock = performance.now();
  /** time since the last lap, to a part */
  const lap = (part: Exclude<keyof Parts, "total">): void => {
    const now = performance.now();
    parts[part] += now - clock;
    clock = now;
  };

  const each: Parts[] = [];
  const begun = clock;
  for (let r = 0; r < rounds; r++) {
    const sofar = { ...parts };
    clock = performance.now();
    const before = computeThread(parts);
    c.own = true;
    const made = compute.iterate(SLOT);
    c.own = false;
    c.ownMap = made.map;
    // what has no clock of its own
    parts.header += performance.now() - clock - (computeThread(parts) - before);
    clock = performance.now();
    threads.port1.postMessage(made, made.residual ? [made.residual.buffer as ArrayBuffer] : []);
    lap("copies");
    receiveMessageOnPort(threads.port2);
    clock = performance.now();
    const own = sign(bench, keys[SLOT] as (typeof keys)[number], SLOT, made.seq, made.header, made.map, made.hash);
    lap("sign");
    appended.push(store.append(SLOT, made.seq, own.message, own.hash));
    intake.advance(decodeHeader(made.header), made.hash);
    lap("log");
    const applied: Applied[] = [];
    for (let slot = 0; slot < log.length; slot++) {
      if (slot === SLOT) continue;
      const offer = intake.offer(log[slot]?.[r] as (typeof own)["message"]);
      if (!("verify" in offer)) throw new Error(`bench: a recorded message is refused: ${"outcome" in offer ? offer.outcome : "lookup"}`);
      const { key, message: signed, signature } = offer.verify;
      intake.verified(offer.ticket, nodeCrypto.verifyEd25519(key, signed, signature));
      for (const m of intake.take(64)) {
        if ("refused" in m) throw new Error(`bench: a recorded message breaks a rule: ${m.why}`);
        const { message, header: h, hash } = m.accepted;
        const packed = packPeer({ slot: h.slot, seq: h.seq, headerHash: hash, mapHash: h.mapHash, map: message.map });
        threads.port1.postMessage(packed, [packed.buffer]);
        lap("peerChecks");
        const { message: arrived } = receiveMessageOnPort(threads.port2) as { message: Uint8Array };
        lap("copies");
        applied.push(compute.applyPeer(unpackPeer(arrived)));
        lap("peerMaps");
        appended.push(store.append(h.slot, h.seq, message, hash));
        lap("log");
      }
      lap("peerChecks");
    }
    threads.port1.postMessage({ kind: "applied", messages: applied });
    lap("copies");
    receiveMessageOnPort(threads.port2);
    clock = performance.now();
    // The daemon's event loop turns after each iteration, which is when the log is written.
    await new Promise((resolve) => setImmediate(resolve));
    lap("log");
    each.push(difference(parts, sofar));
    if (!equalBytes(made.header, log[SLOT]?.[r]?.header as Uint8Array)) throw new Error(`bench: iteration ${made.seq} has other bytes than were recorded`);
  }
  clock = performance.now();
  await Promise.all(appended);
  lap("log");
  parts.total = performance.now() - begun;
  threads.port1.close();
  await db.close();
  rmSync(dir, { recursive: true, force: true });
  return { whole: parts, each };
}

export interface BareMiner {
  /** milliseconds of all the slot's iterations: gradient, and its own update added to the model */
  train(): number;
}

/** The same batches and updates with nothing around them: no residual, no map made, nothing hashed, nobody else. */
export async function bareMiner({ bench, log, rounds }: Recording): Promise<BareMiner> {
  const engine = await bareEngine(bench);
  const { spec, task, batches } = bench;
  const order = new BatchOrder(nodeCrypto, task.startBeacon, task.id, spec.batches);
  const work = (log[SLOT] ?? []).slice(0, rounds).map(({ header, map }) => {
    const { seq } = decodeHeader(header);
    const position = positionOf(spec, SLOT, seq);
    return { batch: batches[order.batchOf(position)] as (typeof batches)[number], lrBits: lrBitsAt(spec, epochOf(spec, position)), map };
  });
  return {
    train() {
      const start = performance.now();
      for (const { batch, lrBits, map } of work) {
        engine.step(batch, SLOT, { lrBits });
        engine.addMap(map, 1);
      }
      const passed = performance.now() - start;
      for (const { map } of work) engine.addMap(map, -1);
      return passed;
    },
  };
}

/** An engine whose step ends with the gradient: the kernel that would make the map of it answers at once that there is none. */
async function bareEngine(bench: BenchTask): Promise<Engine> {
  const engine = await engineWith(bench, () => ({ quantise: () => 0 }));
  engine.setInitial(initialWeights(nodeCrypto, bench.plan, taskSeed(nodeCrypto, bench.task.startBeacon, bench.task.id)));
  return engine;
}
