/** One miner's work on a recorded run, timed in parts: the loop of miner/task.ts and miner/worker.ts in one thread, without a network. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExactEngine } from "#engine/exact.js";
import { nativeHost } from "#engine/native/host.js";
import { wasmHost } from "#engine/wasm/host.js";
import { type Engine } from "#engine/types.js";
import { equalBytes } from "#kernel/bytes.js";
import { LogMachine } from "#net/log-machine.js";
import { LogStore } from "#net/log-store.js";
import { Database } from "#platform/level.js";
import { decodeHeader } from "#protocol/header.js";
import { initialWeights, taskSeed } from "#protocol/initial.js";
import { checkMap } from "#protocol/map.js";
import { BatchOrder } from "#protocol/order.js";
import { epochOf, lrBitsAt, positionOf, slotPositions } from "#protocol/positions.js";
import { lossName } from "#protocol/task-spec.js";
import { type BenchTask } from "./tasks.js";
import { chainOf, engineOf, minerOf, type Recording, sign } from "./recording.js";

const SLOT = 0;

/** Seconds by part of all iterations of a run. */
export type Parts = Record<"step" | "addMaps" | "header" | "sign" | "peers" | "append" | "total", number>;

/** The miner of slot 0 makes the recorded run again, peers' messages arriving between its iterations. Throws when one bit differs. */
export async function mine(rec: Recording): Promise<Parts> {
  const { bench, log, keys, rounds } = rec;
  const parts: Parts = { step: 0, addMaps: 0, header: 0, sign: 0, peers: 0, append: 0, total: 0 };
  const engine = await engineOf(bench);
  const compute = minerOf(bench, SLOT, engine);
  timed(engine, parts);
  const dir = mkdtempSync(join(tmpdir(), "pouwd-bench-"));
  const db = await Database.open(dir);
  const store = await LogStore.open(db, bench.task.id, bench.spec.slots);
  const machine = new LogMachine({
    chainId: chainOf.id,
    taskId: bench.task.id,
    slots: bench.spec.slots,
    positions: (slot) => slotPositions(bench.spec, slot),
    heads: store.heads(),
    sessionKey: (slot) => keys[slot]?.publicKey,
    logged: (slot, seq) => store.hash(slot, seq),
    check: ({ message }) => {
      checkMap(bench.plan.parameters, bench.spec.levels, message.map);
      return undefined;
    },
  });
  machine.setHeight(bench.task.startHeight + 2n);
  const appended: Promise<void>[] = [];

  const begun = performance.now();
  for (let r = 0; r < rounds; r++) {
    const inEngine = parts.step + parts.addMaps;
    const t0 = performance.now();
    const { seq, header, map } = compute.iterate(SLOT);
    const t1 = performance.now();
    const own = sign(bench, keys[SLOT] as (typeof keys)[number], SLOT, seq, header, map);
    const t2 = performance.now();
    appended.push(store.append(SLOT, seq, own.message, own.hash));
    machine.advance(SLOT, seq);
    const t3 = performance.now();
    for (let slot = 0; slot < log.length; slot++) {
      if (slot === SLOT) continue;
      machine.receive(log[slot]?.[r] as (typeof own)["message"]);
      for (const m of machine.ready()) {
        if ("broken" in m) throw new Error(`bench: a recorded message breaks a rule: ${m.why}`);
        const { message, header: h, hash } = m.accepted;
        compute.apply(message);
        appended.push(store.append(h.slot, h.seq, message, hash));
      }
    }
    const t4 = performance.now();
    // The daemon's event loop turns after each iteration, which is when the log is written.
    await new Promise((resolve) => setImmediate(resolve));
    parts.header += t1 - t0 - (parts.step + parts.addMaps - inEngine);
    parts.sign += t2 - t1;
    parts.append += t3 - t2 + (performance.now() - t4);
    parts.peers += t4 - t3;
    if (!equalBytes(header, log[SLOT]?.[r]?.header as Uint8Array)) throw new Error(`bench: iteration ${seq} has other bytes than were recorded`);
  }
  const waited = performance.now();
  await Promise.all(appended);
  parts.append += performance.now() - waited;
  parts.total = performance.now() - begun;
  await db.close();
  rmSync(dir, { recursive: true, force: true });
  return parts;
}

/** Adds up what the engine takes within an iteration. */
function timed(engine: Engine, parts: Parts): void {
  const { step, addMap } = engine;
  engine.step = (...args) => {
    const start = performance.now();
    const result = step.apply(engine, args);
    parts.step += performance.now() - start;
    return result;
  };
  engine.addMap = (...args) => {
    const start = performance.now();
    addMap.apply(engine, args);
    parts.addMaps += performance.now() - start;
  };
}

export interface BareMiner {
  /** milliseconds of all the slot's iterations: gradient, and its own update added to the model */
  train(): number;
}

/** The same batches and updates with nothing around them: no residual, no map made, nothing hashed, nobody else. */
export async function bareMiner({ bench, log, rounds }: Recording): Promise<BareMiner> {
  const engine = await bareEngine(bench);
  const { spec, task, batches } = bench;
  const order = new BatchOrder(task.startBeacon, task.id, spec.batches);
  const work = (log[SLOT] ?? []).slice(0, rounds).map(({ header, map }) => {
    const { seq } = decodeHeader(header);
    const position = positionOf(spec, SLOT, seq);
    return { batch: batches[order.batchOf(position)] as (typeof batches)[number], lrBits: lrBitsAt(spec, epochOf(spec, position)), map };
  });
  engine.setQuantum(spec.quantumLog2);
  return {
    train() {
      const start = performance.now();
      for (const { batch, lrBits, map } of work) {
        engine.step(batch, SLOT, { lrBits, quantumLog2: spec.quantumLog2, levels: spec.levels });
        engine.addMap(map, spec.levels, 1);
      }
      const passed = performance.now() - start;
      for (const { map } of work) engine.addMap(map, spec.levels, -1);
      return passed;
    },
  };
}

/** An engine whose step ends with the gradient: the kernel that would make the map of it answers at once that there is none. */
async function bareEngine(bench: BenchTask): Promise<Engine> {
  const host = (await engineOf(bench)).host === "native" ? nativeHost() : await wasmHost();
  if (!host) throw new Error("bench: the native kernels are gone");
  const { plan, spec, task } = bench;
  const engine = new ExactEngine(plan, { loss: lossName(spec.loss), batchSize: spec.batchSize }, { ...host, kernels: { ...host.kernels, quantise: () => 0 } });
  engine.setInitial(initialWeights(plan, taskSeed(task.startBeacon, task.id)));
  return engine;
}
