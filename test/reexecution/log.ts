/** A recorded run on disk, as a miner keeps one: its log and its residuals. */
import { nodeCrypto } from "#platform/crypto.js";
import { headerHash } from "#protocol/log/header.js";
import { residualInterval, slotPositions, totalPositions } from "#protocol/log/positions.js";
import { LogStore } from "#net/log-store.js";
import { ResidualStore } from "#miner/residuals.js";
import { type Database } from "#platform/level.js";
import { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { decodeHeader } from "#protocol/log/header.js";
import { keysOf, type Recording } from "../../bench/training/recording.js";
import { type BenchTask, digits } from "../../bench/training/tasks.js";

/** The demo's task, long enough for so many iterations. */
export async function taskFor(iterations: number): Promise<BenchTask> {
  const { spec } = await digits();
  const epochs = Math.ceil((iterations + spec.slots) / spec.batches);
  const task = await digits(epochs);
  if (totalPositions(task.spec) < BigInt(iterations)) throw new Error(`the task has ${totalPositions(task.spec)} iterations, want ${iterations}`);
  return task;
}

export async function write(db: Database, { bench, log, residuals }: Recording): Promise<void> {
  const { id } = bench.task;
  const store = await LogStore.open(db, id, bench.spec.slots);
  const kept = new ResidualStore(db, id, bench.plan.parameters, bench.spec.profile);
  const written: Promise<void>[] = [];
  const rounds = Math.max(...log.map((l) => l.length));
  for (let r = 0; r < rounds; r++) {
    for (const [slot, list] of log.entries()) {
      const message = list[r];
      if (!message) continue;
      const residual = residuals.get(`${slot}/${r + 1}`);
      if (residual) written.push(kept.put(slot, BigInt(r + 1), residual));
      written.push(store.append(slot, BigInt(r + 1), message, headerHash(nodeCrypto, message.header)));
    }
  }
  await Promise.all(written);
}

export async function read(db: Database, bench: BenchTask): Promise<Recording> {
  const { id } = bench.task;
  const store = await LogStore.open(db, id, bench.spec.slots);
  const kept = new ResidualStore(db, id, bench.plan.parameters, bench.spec.profile);
  const log: Iteration[][] = Array.from({ length: bench.spec.slots }, () => []);
  const residuals = new Map<string, Uint8Array>();
  const interval = residualInterval(bench.plan.parameters, bench.spec.profile);
  for await (const { bytes } of store.after([])) {
    const message = Iteration.decode(bytes);
    const { slot, seq } = decodeHeader(message.header);
    (log[slot] as Iteration[]).push(message);
    if (seq % interval !== 0n) continue;
    const residual = await kept.get(slot, seq);
    if (!residual) throw new Error(`the residual after ${slot}/${seq} is not there`);
    residuals.set(`${slot}/${seq}`, residual);
  }
  for (const [slot, list] of log.entries()) if (BigInt(list.length) > slotPositions(bench.spec, slot)) throw new Error(`slot ${slot} has ${list.length} messages`);
  return { bench, rounds: Math.max(...log.map((l) => l.length)), log, residuals, keys: keysOf(bench) };
}
