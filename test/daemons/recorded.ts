/** A small task that was trained once, and supervisors that serve it well or badly: what a verifier and an evaluator need. */
import { oneGroup } from "#engine/quanta.js";
import { type ModelPlan, parseTopology } from "#engine/topology/index.js";
import { engineOptionsOf } from "#protocol/tasks/engine-options.js";
import { createEngine, type Engine } from "#engine/index.js";
import { type GrpcServer, serveGrpc, service, notFound } from "#net/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { cidOf } from "#protocol/tasks/cid.js";
import { batchOfSegment, checkSegment, packData, type PackedData, rowShapeOf } from "#protocol/tasks/data.js";
import { bitsOf } from "#protocol/floats.js";
import { encodeHeader, headerHash, headSignBytes } from "#protocol/log/header.js";
import { taskSeed } from "#protocol/state/initial.js";
import { type Iterated, iterate } from "#protocol/state/iterate.js";
import { mapHash } from "#protocol/state/map.js";
import { BatchOrder } from "#protocol/draws/order.js";
import { positionOf } from "#protocol/log/positions.js";
import { Replica } from "#protocol/state/replica.js";
import { sessionKeyFromSeed } from "#platform/keys.js";
import { Slot } from "#proto/gen/pouw/supervision/v1/types.js";
import { Loss, Task, TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { BlobService, EvidenceService, LogService, TaskFacts, VerifyJob } from "#proto/gen/pouw/v1/services.js";

const CHAIN = "pouw-test-1";
const BEACON = new Uint8Array(32).fill(9);
const BATCHES = 8;

const dense = (name: string, units: number, activation: string, first: object = {}) => ({ class_name: "Dense", config: { name, units, activation, use_bias: true, ...first } });
const topologyOf = (units: number): string => JSON.stringify({ class_name: "Sequential", config: { name: "m", layers: [dense("a", units, "relu", { batch_input_shape: [null, 4] }), dense("b", 3, "softmax")] } });
/** Residuals that are kept of a slot. */
const KEPT_RESIDUALS = 64n;

export interface Supervisor {
  readonly endpoint: string;
  /** calls by method, in order */
  readonly calls: string[];
  close(): Promise<void>;
}

type Log = Map<string, Iteration>;
/** What a supervisor does otherwise than the honest one. */
export interface Conduct {
  readonly log?: Log;
  readonly residual?: () => Promise<Uint8Array>;
  readonly peers?: () => AsyncGenerator<Iteration>;
  /** accepts these calls and never answers */
  readonly silent?: readonly string[];
  readonly blob?: (cid: string) => Uint8Array | undefined;
}

export const QUANTUM = -12;
const exact = (plan: ModelPlan, _topology: string, spec: TaskSpec): Promise<Engine> => createEngine(plan, { ...engineOptionsOf(spec), host: "wasm" });
const forever = (): Promise<never> => new Promise(() => {});

export class Recording {
  readonly keys = [1, 2].map((i) => sessionKeyFromSeed(new Uint8Array(32).fill(i)));
  readonly log: Log = new Map();
  /** what slot 1 holds, where it is not the log */
  readonly seenByOne: Log = new Map();
  readonly residuals = new Map<string, Uint8Array>();
  readonly #order: BatchOrder;

  private constructor(
    readonly task: Task,
    readonly spec: TaskSpec,
    readonly data: PackedData,
    private readonly engine: typeof exact,
  ) {
    this.#order = new BatchOrder(nodeCrypto, BEACON, task.id, spec.batches);
  }

  /**
   * Two slots, so many rounds each. With `forkAt`, slot 0 signs a second message of that seq, shows it to slot 1 alone and
   * stops; slot 1 counts it in one more iteration.
   */
  static async train(rounds: number, options: { forkAt?: number; taskId?: bigint; profile?: string; engine?: typeof exact; units?: number; quantumLog2?: number } = {}): Promise<Recording> {
    const rows = BATCHES * 4;
    const table = { rows, x: Float32Array.from({ length: rows * 4 }, (_, i) => ((i * 7) % 97) / 97), y: Int32Array.from({ length: rows }, (_, i) => i % 3) };
    const data = packData(nodeCrypto, { name: "d", inputShape: [4], targetShape: [], classes: 3, batchSize: 4, validationBatches: 0, maxSegmentBytes: 112 }, table);
    const model = topologyOf(options.units ?? 8);
    const spec = TaskSpec.create({
      topology: model, loss: Loss.LOSS_SOFTMAX_CROSS_ENTROPY, batchSize: 4, epochs: Math.max(4, Math.ceil((2 * rounds) / BATCHES)), batches: BATCHES, slots: 2, lag: 1, lrBits: bitsOf(0.1),
      quanta: oneGroup(parseTopology(model, { maxParameters: 1 << 20 }), options.quantumLog2 ?? QUANTUM),
      runAhead: 1000n, supervisors: 3, evaluators: 3, manifestCid: data.manifestCid, profile: options.profile ?? "wasm-f32-1",
    });
    const recording = new Recording(Task.create({ id: options.taskId ?? 7n, spec, startBeacon: BEACON, startHeight: 100n }), spec, data, options.engine ?? exact);
    await recording.#train(rounds, options.forkAt);
    return recording;
  }

  async #train(rounds: number, forkAt: number | undefined): Promise<void> {
    const replicas = await Promise.all([0, 1].map(() => this.#replica()));
    const [zero, one] = replicas as [Replica, Replica];
    for (let seq = 1n; seq <= BigInt(rounds); seq++) {
      const done = [this.#iterate(zero, 0, seq), this.#iterate(one, 1, seq)];
      for (const [slot, d] of done.entries()) {
        const m = this.#sign(d.header, d.map);
        this.log.set(`${slot}/${seq}`, m);
        if (d.residual) this.residuals.set(`${slot}/${seq}`, d.residual);
        this.residuals.delete(`${slot}/${seq - KEPT_RESIDUALS}`);
        apply(zero, m);
        if (slot === 1 || Number(seq) !== forkAt) apply(one, m);
      }
      if (Number(seq) !== forkAt) continue;
      const empty = Uint8Array.of(0);
      const fork = this.#sign({ ...(done[0] as Iterated).header, mapHash: mapHash(nodeCrypto, empty) }, empty);
      this.seenByOne.set(`0/${seq}`, fork);
      apply(one, fork);
      const last = this.#iterate(one, 1, seq + 1n);
      this.log.set(`1/${seq + 1n}`, this.#sign(last.header, last.map));
      return;
    }
  }

  async #replica(): Promise<Replica> {
    const plan = parseTopology(this.spec.topology, { maxParameters: 1 << 20 });
    const engine = await this.engine(plan, this.spec.topology, this.spec);
    return new Replica(nodeCrypto, engine, this.spec, taskSeed(nodeCrypto, BEACON, this.task.id));
  }

  #iterate(replica: Replica, slot: number, seq: bigint): Iterated {
    const shape = rowShapeOf(this.spec, replica.engine.plan);
    const number = this.#order.batchOf(positionOf(this.spec, slot, seq));
    const batchHash = this.data.manifest.batchHashes[number] as Uint8Array;
    const rows = checkSegment(nodeCrypto, this.data.manifest, shape, number, this.data.segments[number] as Uint8Array);
    const last = this.log.get(`${slot}/${seq - 1n}`);
    return iterate({ replica, chainId: CHAIN, taskId: this.task.id, spec: this.spec, slot, seq, height: 100n, clock: replica.clock, batch: batchOfSegment(shape, rows, 4, 0), batchHash, prev: last ? headerHash(nodeCrypto, last.header) : new Uint8Array(32) });
  }

  #sign(header: Header, map: Uint8Array): Iteration {
    const bytes = encodeHeader(header);
    const { slot, seq } = header;
    return { header: bytes, map, signature: this.keys[slot]!.sign(headSignBytes(nodeCrypto, { chainId: CHAIN, taskId: this.task.id, slot, seq, headerHash: headerHash(nodeCrypto, bytes) })) };
  }

  /** Another message of the same place, signed by the slot's key. */
  changed(slot: number, seq: bigint, change: Partial<Header>): Iteration {
    const m = this.log.get(`${slot}/${seq}`) as Iteration;
    return this.#sign({ ...Header.decode(m.header), ...change }, m.map);
  }

  length(slot: number): bigint {
    let n = 0n;
    while (this.log.has(`${slot}/${n + 1n}`)) n++;
    return n;
  }

  head(slot: number): { height: bigint; seq: bigint; hash: Uint8Array } {
    const seq = this.length(slot);
    return { height: 200n, seq, hash: headerHash(nodeCrypto, (this.log.get(`${slot}/${seq}`) as Iteration).header) };
  }

  /** All that slot 1's miner shows when asked what (1, seq) counted. */
  peersOfOne(seq: bigint): Iteration[] {
    const { clock } = Header.decode((this.log.get(`1/${seq}`) as Iteration).header);
    const out: Iteration[] = [];
    for (let q = 1n; q <= (clock[0] as bigint); q++) out.push((this.seenByOne.get(`0/${q}`) ?? this.log.get(`0/${q}`)) as Iteration);
    return out;
  }

  facts(endpoints: readonly string[], more: Partial<TaskFacts> = {}): TaskFacts {
    return TaskFacts.create({
      taskId: this.task.id,
      height: 200n,
      chainId: CHAIN,
      task: this.task,
      sessionKeys: this.keys.map((k) => k.publicKey),
      endpoints: [...endpoints],
      slots: [0, 1].map((slot) => Slot.create({ taskId: this.task.id, slot, head: this.head(slot) })),
      ...more,
    });
  }

  /** A job on an iteration. */
  job(id: bigint, slot: number, seq: bigint): VerifyJob {
    return VerifyJob.create({ job: id, taskId: this.task.id, slot, seq, head: this.head(slot), height: 200n, deadline: 230n });
  }

  async supervisor(conduct: Conduct = {}): Promise<Supervisor> {
    const calls: string[] = [];
    const log = conduct.log ?? this.log;
    const blobs = new Map([[this.data.manifestCid, this.data.manifestBytes], ...this.data.segments.map((s): [string, Uint8Array] => [cidOf(nodeCrypto, s), s])]);
    const call = async (name: string): Promise<void> => {
      calls.push(name);
      if (conduct.silent?.includes(name)) await forever();
    };
    const peersOf = (seq: bigint) => this.peersOfOne(seq);
    const residuals = this.residuals;
    const server: GrpcServer = await serveGrpc({
      listen: "127.0.0.1:0",
      services: [
        service(LogService, {
          async *stream() {},
          header: async () => ({}),
          async *range({ slot, first, last }) {
            await call("range");
            for (let q = first; q <= last; q++) {
              const m = log.get(`${slot}/${q}`);
              if (!m) return;
              yield m;
            }
          },
          async *descend({ slot, last, first, bytes }) {
            await call("descend");
            let sent = 0;
            for (let q = last; q >= first && sent < Number(bytes); q--) {
              const m = log.get(`${slot}/${q}`);
              if (!m) return;
              yield m;
              sent += m.header.length + m.map.length;
            }
          },
        }),
        service(BlobService, {
          put: async () => ({}),
          async *get({ cid, offset }) {
            await call("blob");
            const bytes = conduct.blob ? conduct.blob(cid) : blobs.get(cid);
            if (!bytes) throw notFound(`${cid} is not here`);
            yield { cid, offset, data: bytes.subarray(Number(offset)) };
          },
        }),
        service(EvidenceService, {
          async *residual({ slot, seq, offset }) {
            await call("residual");
            const residual = conduct.residual ? await conduct.residual() : residuals.get(`${slot}/${seq}`);
            if (!residual) throw notFound(`no residual after ${slot}/${seq}`);
            yield { offset, residual: residual.subarray(Number(offset)) };
          },
          async *peerMessages({ seq }) {
            await call("peers");
            if (conduct.peers) yield* conduct.peers();
            else yield* peersOf(seq);
          },
        }),
      ],
    });
    return { endpoint: `127.0.0.1:${server.port}`, calls, close: () => server.close() };
  }
}

function apply(replica: Replica, m: Iteration): void {
  const { slot, seq, mapHash } = Header.decode(m.header);
  replica.apply({ slot, seq, headerHash: headerHash(nodeCrypto, m.header), mapHash, map: m.map });
}
