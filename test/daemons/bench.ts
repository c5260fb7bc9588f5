/** A small task with real data, and daemons started and stopped around it. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseTopology, flop } from "#engine/topology/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Loss, Phase, Role, Seat, Task, TaskSpec } from "#proto/gen/pouw.js";
import { cidOf } from "#protocol/tasks/cid.js";
import { packData, type PackedData } from "#protocol/tasks/data.js";
import { bitsOf } from "#protocol/floats.js";
import { BlobClient } from "#net/index.js";
import { createLogger, type Logger, silentLogger } from "#platform/log.js";
import { type Fault } from "#miner/faults.js";
import { mine } from "#miner/daemon.js";
import { supervise } from "#supervisor/daemon.js";
import { MemoryChain } from "./memory-chain.js";

const topology = JSON.stringify({
  class_name: "Sequential",
  config: {
    name: "small",
    layers: [
      { class_name: "Dense", config: { name: "a", units: 8, activation: "relu", use_bias: true, batch_input_shape: [null, 4] } },
      { class_name: "Dense", config: { name: "b", units: 3, activation: "softmax", use_bias: true } },
    ],
  },
});

export interface SmallTask {
  readonly task: Task;
  readonly data: PackedData;
  readonly testSet: Uint8Array;
}

/** Three clouds of points; M slots, so many epochs of 12 training batches. */
export function smallTask(slots: number, epochs: number, profile = "wasm-f32-1"): SmallTask {
  const batchSize = 5;
  const batches = 14;
  const rows = batchSize * batches;
  const x = new Float32Array(rows * 4);
  const y = new Int32Array(rows);
  for (let r = 0; r < rows; r++) {
    y[r] = r % 3;
    for (let i = 0; i < 4; i++) x[r * 4 + i] = Math.fround((i === r % 3 ? 1 : 0.25) + ((r * 7 + i * 3) % 11) / 64);
  }
  const data = packData(nodeCrypto, { name: "clouds", inputShape: [4], targetShape: [], classes: 3, batchSize, validationBatches: 2 }, { rows, x, y } as never);
  const testSet = new Uint8Array(200).fill(7);
  const plan = parseTopology(topology, { maxParameters: 1 << 20 });
  const spec = TaskSpec.create({
    title: "small",
    topology,
    loss: Loss.LOSS_SOFTMAX_CROSS_ENTROPY,
    batchSize,
    epochs,
    batches: 12,
    slots,
    supervisors: 3,
    evaluators: 3,
    lag: 1,
    levels: 1,
    lrBits: bitsOf(0.125),
    quantumLog2: -7,
    runAhead: 64n,
    iterationBlocks: 1n,
    trainingBlocks: 7200n,
    dataBlocks: 60n,
    profile,
    manifestCid: data.manifestCid,
    testSet: { cid: cidOf(nodeCrypto, testSet), plaintextHash: new Uint8Array(32), keyHash: new Uint8Array(32), rows: 10 },
  });
  const task = Task.create({ id: 7n, client: "pouw1client", spec, phase: Phase.PHASE_INITIALISATION, parameters: BigInt(plan.parameters), flop: flop(plan, batchSize) });
  return { task, data, testSet };
}

export interface Daemon {
  readonly home: string;
  /** it has ended, whatever the reason */
  readonly over: Promise<void>;
  stop(): Promise<void>;
}

export class Network {
  readonly chain: MemoryChain;
  readonly endpoints = new Map<string, string>();
  private ticking: NodeJS.Timeout | undefined;
  readonly failures: Error[] = [];
  readonly log: Logger = process.env["DAEMONS_LOG"] ? createLogger("test", "debug") : silentLogger;

  /** miners: which worker holds each slot */
  constructor(
    readonly small: SmallTask,
    miners: readonly string[],
    supervisors: readonly string[],
  ) {
    const seat = (role: number, index: number, worker: string) => Seat.create({ taskId: small.task.id, role: role as never, index, worker, stake: 1n });
    this.chain = new MemoryChain(small.task, [...miners.map((w, i) => seat(Role.ROLE_MINER, i, w)), ...supervisors.map((w, i) => seat(Role.ROLE_SUPERVISOR, i, w))]);
  }

  start(blockMs: number): void {
    this.ticking = setInterval(() => this.chain.block(), blockMs);
  }

  private run(start: (signal: AbortSignal) => Promise<void>, home: string): Daemon {
    const stop = new AbortController();
    const over = start(stop.signal).catch((e: Error) => void this.failures.push(e));
    return { home, over, stop: async () => (stop.abort(), over) };
  }

  async supervisor(address: string, home = mkdtempSync(join(tmpdir(), "supervisor-"))): Promise<Daemon> {
    let ready: (endpoint: string) => void = () => {};
    const serving = new Promise<string>((resolve) => (ready = resolve));
    const listen = this.endpoints.get(address) ?? "127.0.0.1:0";
    const d = this.run(
      (signal) => supervise({ home, chain: this.chain, sender: this.chain.sender(address), listen, stake: 1n, maxSeats: 1, allowPrivate: true, log: this.log.child({ who: address }), ready }, signal),
      home,
    );
    this.endpoints.set(address, await Promise.race([serving, d.over.then(() => ""), new Promise<string>((resolve) => setTimeout(() => resolve(""), 10_000))]));
    return d;
  }

  async miner(address: string, home = mkdtempSync(join(tmpdir(), "miner-")), fault?: Fault, tensorFlow?: string): Promise<Daemon> {
    return this.run((signal) => mine({ home, chain: this.chain, sender: this.chain.sender(address), stake: 1n, maxSeats: 4, allowPrivate: true, fault, tensorFlow, log: this.log.child({ who: address }) }, signal), home);
  }

  /** What a client does: the data goes to every supervisor. */
  async giveData(): Promise<void> {
    const { data, task, testSet } = this.small;
    const client = new BlobClient({ endpoints: [...this.endpoints.values()], allowPrivate: true });
    const give = async (cid: string, bytes: Uint8Array): Promise<void> => {
      const failed = await client.putAll(task.id, cid, bytes);
      for (const e of failed.values()) throw e;
    };
    await give(data.manifestCid, data.manifestBytes);
    for (const [i, s] of data.segments.entries()) await give((data.manifest.segments[i] as { cid: string }).cid, s);
    await give(cidOf(nodeCrypto, testSet), testSet);
    client.close();
  }

  async until(done: () => boolean, what: string, ms = 60_000): Promise<void> {
    const end = Date.now() + ms;
    while (!done()) {
      const [failed] = this.failures;
      if (failed) throw failed;
      if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}; refused: ${this.chain.refused.join(", ") || "nothing"}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  close(): void {
    clearInterval(this.ticking);
  }
}
