/** A small task with real data on a chain of the real modules, and daemons started and stopped around it. */
import { oneGroup } from "#engine/quanta.js";
import { parseTopology } from "#engine/topology/index.js";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { message } from "#client/chain/worker.js";
import { nodeCrypto } from "#platform/crypto.js";
import type { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import { MsgRequestAudit } from "#proto/gen/pouw/supervision/v1/tx.js";
import type { Slot } from "#proto/gen/pouw/supervision/v1/types.js";
import { Loss, type Task, TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { type Codec } from "#proto/wire.js";
import { cidOf } from "#protocol/tasks/cid.js";
import { packData, type PackedData } from "#protocol/tasks/data.js";
import { EXACT_PROFILE } from "#protocol/tasks/profiles.js";
import { bitsOf } from "#protocol/floats.js";
import { BlobClient } from "#net/index.js";
import { createLogger, type Logger, silentLogger } from "#platform/log.js";
import { type Fault } from "#miner/faults.js";
import { GrpcBus } from "#bus/index.js";
import { mine, type MinerPorts } from "#miner/daemon.js";
import { faultyPorts } from "#miner/faulty-ports.js";
import { supervise } from "#supervisor/daemon.js";
import { ClientChain } from "../chain/client.js";
import { drawnChain, STAKE } from "./genesis.js";

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
  /** as the client asks for it */
  readonly task: { readonly id: bigint; readonly spec: TaskSpec };
  readonly data: PackedData;
  readonly testSet: Uint8Array;
}

/** Three clouds of points; M slots, so many epochs of 12 training batches. */
export function smallTask(slots: number, epochs: number, { profile = EXACT_PROFILE, supervisors = 3 } = {}): SmallTask {
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
  const spec = TaskSpec.create({
    title: "small",
    topology,
    loss: Loss.LOSS_SOFTMAX_CROSS_ENTROPY,
    batchSize,
    epochs,
    batches: 12,
    slots,
    supervisors,
    evaluators: 3,
    lag: 1,
    lrBits: bitsOf(0.125),
    quanta: oneGroup(parseTopology(topology, { maxParameters: 1 << 20 }), -7),
    runAhead: 64n,
    iterationBlocks: 1n,
    trainingBlocks: 7200n,
    dataBlocks: 60n,
    profile,
    manifestCid: data.manifestCid,
    testSet: { cid: cidOf(nodeCrypto, testSet), plaintextHash: new Uint8Array(32), keyHash: new Uint8Array(32), rows: 10 },
    properties: [100, 0, 100, 0, 0, 0, 100, 0],
  });
  return { task: { id: 7n, spec }, data, testSet };
}

export interface Daemon {
  readonly home: string;
  /** it has ended, whatever the reason */
  readonly over: Promise<void>;
  stop(): Promise<void>;
}

export interface NetworkSetup {
  /** names: who has each slot, and the supervisors' seats */
  readonly miners: readonly string[];
  readonly supervisors: readonly string[];
  readonly epochs: number;
  readonly profile?: string;
  /** names of others that own something */
  readonly others?: readonly string[];
  /** of the lottery; without it nothing is lucky */
  readonly target?: bigint;
  /** of the genesis */
  readonly timeMs?: bigint;
  /** after which a slot is late; default: more than a test has */
  readonly stallBlocks?: bigint;
}

export class Network {
  readonly small: SmallTask;
  readonly chain: ClientChain;
  /** of supervisors that were started, by name */
  readonly endpoints = new Map<string, string>();
  private ticking: NodeJS.Timeout | undefined;
  readonly failures: Error[] = [];
  readonly log: Logger = process.env["DAEMONS_LOG"] ? createLogger("test", "debug") : silentLogger;

  constructor({ epochs, profile, ...setup }: NetworkSetup) {
    this.small = smallTask(setup.miners.length, epochs, { profile, supervisors: setup.supervisors.length });
    this.chain = new ClientChain(drawnChain({ ...this.small.task, ...setup }));
  }

  /** The task as the chain has it now. */
  get task(): Task {
    const { test } = this.chain;
    return test.k.tasks.wire(test.ctx, this.small.task.id) as Task;
  }
  get seats(): Seat[] {
    const { test } = this.chain;
    return test.k.matching.wireSeats(test.ctx, this.small.task.id);
  }
  get slots(): Slot[] {
    const { test } = this.chain;
    return test.k.supervision.wire(test.ctx, this.small.task.id);
  }
  /** Sequence number of a slot's anchored head, 0 before any. */
  headOf(slot: number): bigint {
    return this.slots[slot]?.head?.seq ?? 0n;
  }
  address(name: string): string {
    return this.chain.test.address(name);
  }

  start(blockMs: number): void {
    this.ticking = setInterval(() => {
      try {
        this.chain.block();
      } catch (e) {
        this.failures.push(e as Error);
        this.close();
      }
    }, blockMs);
  }

  /** A message of somebody, in a block and without fault. */
  async send<T>(name: string, codec: Codec<T>, value: Partial<T>): Promise<void> {
    const { code, codespace, log } = await this.chain.sender(this.address(name)).send([message(codec, value)]);
    if (code !== 0) throw new Error(`${codec.typeUrl}: ${codespace}/${code} ${log}`);
  }

  /** An open job for an anchored iteration, after Training: one that was drawn, or else one that a supervisor asks for. */
  async audit(supervisor: string, slot: number, seq: bigint): Promise<void> {
    if (await this.drawnAudits().then((jobs) => jobs.some((j) => j.slot === slot && j.seq === seq))) return;
    await this.send(supervisor, MsgRequestAudit, { supervisor: this.address(supervisor), taskId: this.small.task.id, slot, seq });
  }
  /** After Training: the open jobs when every audit has been drawn, which the chain does of every slot. */
  async drawnAudits(): Promise<readonly { readonly slot: number; readonly seq: bigint }[]> {
    const { test } = this.chain;
    const { drawDelay } = test.k.work.params(test.ctx);
    await this.until(() => this.chain.height > (this.task.lastAdvance ?? this.chain.height) + drawDelay, "the draw of audits");
    return test.k.work.openJobs(test.ctx);
  }

  private run(start: (signal: AbortSignal) => Promise<void>, home: string): Daemon {
    const stop = new AbortController();
    const over = start(stop.signal).catch((e: Error) => void this.failures.push(e));
    return { home, over, stop: async () => (stop.abort(), over) };
  }

  async supervisor(name: string, home = mkdtempSync(join(tmpdir(), "supervisor-"))): Promise<Daemon> {
    let ready: (endpoint: string) => void = () => {};
    const serving = new Promise<string>((resolve) => (ready = resolve));
    const listen = this.endpoints.get(name) ?? "127.0.0.1:0";
    const d = this.run(
      (signal) => supervise({ home, chain: this.chain, sender: this.chain.sender(this.address(name)), listen, stake: STAKE, maxSeats: 1, allowPrivate: true, log: this.log.child({ who: name }), ready }, signal),
      home,
    );
    this.endpoints.set(name, await Promise.race([serving, d.over.then(() => ""), new Promise<string>((resolve) => setTimeout(() => resolve(""), 10_000))]));
    return d;
  }

  async miner(name: string, home = mkdtempSync(join(tmpdir(), "miner-")), fault?: Fault, tensorFlow?: string, others?: Partial<MinerPorts>): Promise<Daemon> {
    const ports = fault ? faultyPorts({ fault, home, chain: this.chain, bus: new GrpcBus({ allowPrivate: true }) }) : (others ?? {});
    return this.run((signal) => mine({ home, chain: this.chain, sender: this.chain.sender(this.address(name)), stake: STAKE, maxSeats: 4, allowPrivate: true, tensorFlow, log: this.log.child({ who: name }), ports }, signal), home);
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
    this.chain.close();
  }
}
