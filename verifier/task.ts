/** All that one task's jobs share: its plan, log, data, and a replica that jumps between the headers' clocks. */
import { createEngine } from "#engine/index.js";
import { type ModelPlan, parseTopology } from "#engine/topology/index.js";
import { type Batch, type Engine } from "#engine/types.js";
import { BlobClient, EvidenceClient, LogClient } from "#net/index.js";
import { maxManifestBytes } from "#net/task-data.js";
import { type CheckContext } from "#protocol/check.js";
import { batchOfSegment, checkManifestFor, checkSegment, decodeManifest, locateBatch, MAX_SEGMENT_BYTES, rowShapeOf, type Rows } from "#protocol/data.js";
import { initialWeights, taskSeed } from "#protocol/initial.js";
import { closuresOf } from "#protocol/lag.js";
import { BatchOrder } from "#protocol/order.js";
import { Replica } from "#protocol/replica.js";
import { lossName } from "#protocol/task-spec.js";
import { type Iteration, type Manifest, Role, type TaskSpec, type VerifyRequest } from "#proto/gen/pouw.js";
import { TaskLog } from "./log.js";

const MAX_PARAMETERS = 2 ** 26;
/** segments of at most 4 MiB kept decoded */
const KEPT_SEGMENTS = 64;

export class TaskWork {
  readonly log: TaskLog;
  readonly evidence: EvidenceClient;
  readonly #logs: LogClient;
  readonly #blobs: BlobClient;
  readonly #segments = new Map<number, Rows>();
  readonly #order: BatchOrder;
  #manifest: Promise<Manifest> | undefined;
  #known: Manifest | undefined;
  #replica: Replica;
  /** one at a time: two jobs must not fetch the same messages twice */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly spec: TaskSpec,
    readonly plan: ModelPlan,
    private readonly engine: Engine,
    private readonly w0: Float32Array,
    request: VerifyRequest,
    allowPrivate: boolean,
  ) {
    const task = request.task as NonNullable<VerifyRequest["task"]>;
    const pool = { endpoints: endpointsOf(request), allowPrivate };
    this.#logs = new LogClient(pool);
    this.#blobs = new BlobClient(pool);
    this.evidence = new EvidenceClient(pool);
    const keys = Array.from({ length: spec.slots }, (_, slot) => request.seats.find((s) => s.role === Role.ROLE_MINER && s.index === slot)?.sessionKey ?? new Uint8Array(0));
    this.log = new TaskLog(this.#logs, { chainId: request.chainId, taskId: task.id, keys });
    this.#order = new BatchOrder(task.startBeacon, task.id, spec.batches);
    this.#replica = new Replica(engine, spec, w0);
  }

  /** Throws when the request names no task with a spec; the chain never sends such a one. */
  static async open(request: VerifyRequest, allowPrivate: boolean): Promise<TaskWork> {
    const { task } = request;
    if (!task?.spec) throw new Error("the job names no task");
    const plan = parseTopology(task.spec.topology, { maxParameters: MAX_PARAMETERS });
    const engine = await createEngine(plan, { loss: lossName(task.spec.loss), batchSize: task.spec.batchSize, host: "auto" });
    const w0 = initialWeights(plan, taskSeed(task.startBeacon, task.id));
    return new TaskWork(task.spec, plan, engine, w0, request, allowPrivate);
  }

  get replica(): Replica {
    return this.#replica;
  }

  /** Endpoints change when a supervisor sends MsgJoinTask again. */
  update(request: VerifyRequest): void {
    const endpoints = endpointsOf(request);
    for (const client of [this.#logs, this.#blobs, this.evidence]) client.setEndpoints(endpoints);
  }

  /** Runs `f` after all that was asked for before. */
  exclusively<T>(f: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(f, f);
    this.#turn = mine.catch(() => {});
    return mine;
  }

  /** Fetches a slot's messages up to seq and lets the replica know of them. Throws Unserved. */
  async ensure(slot: number, seq: bigint, request: VerifyRequest, signal: AbortSignal): Promise<void> {
    const heads = request.anchors.find((a) => a.slot === slot)?.heads ?? [];
    const changed = await this.log.ensure(slot, seq, heads, signal);
    if (changed !== undefined && changed <= this.#replica.knownSeq(slot)) this.rebuild();
    this.#learn();
  }

  /** A replica of the log as it now is; after a fork or a VOID the old one holds something else. */
  rebuild(): void {
    this.#replica = new Replica(this.engine, this.spec, this.w0);
    this.#learn();
  }

  #learn(): void {
    for (let slot = 0; slot < this.spec.slots; slot++) {
      for (let seq = this.#replica.knownSeq(slot) + 1n; seq <= this.log.length(slot); seq++) {
        const e = this.log.entry(slot, seq);
        if (e) this.#replica.record({ slot, seq, headerHash: e.headerHash, mapHash: e.header.mapHash });
      }
    }
  }

  iterationOf = (slot: number, seq: bigint): Iteration | undefined => {
    const e = this.log.entry(slot, seq);
    return e && { header: e.headerBytes, map: e.map, signature: e.signature };
  };

  context(request: VerifyRequest): CheckContext {
    const task = request.task as NonNullable<VerifyRequest["task"]>;
    return {
      chainId: request.chainId,
      taskId: task.id,
      spec: this.spec,
      parameters: this.plan.parameters,
      startHeight: task.startHeight,
      order: this.#order,
      batchHash: (batch) => this.#known?.batchHashes[batch] ?? new Uint8Array(0),
      sessionKey: (slot) => request.seats.find((s) => s.role === Role.ROLE_MINER && s.index === slot)?.sessionKey ?? new Uint8Array(0),
      closures: closuresOf(request.slots),
      // What was anchored at a past height is kept for a while only; supervisors judged it when it was fresh.
      lowestAnchoredRound: () => undefined,
    };
  }

  /** The manifest, fetched once. Throws when nobody serves it. */
  async manifest(signal: AbortSignal): Promise<Manifest> {
    this.#manifest ??= this.#blobs.get(this.spec.manifestCid, maxManifestBytes(this.spec), { signal }).then((bytes) => {
      const m = decodeManifest(bytes);
      checkManifestFor(m, this.spec, this.plan);
      this.#known = m;
      return m;
    });
    try {
      return await this.#manifest;
    } catch (e) {
      this.#manifest = undefined;
      throw e;
    }
  }

  /** Fetches the segment that a batch is in. Throws when nobody serves it. */
  async loadBatch(number: number, signal: AbortSignal): Promise<void> {
    const m = await this.manifest(signal);
    const { segment } = locateBatch(m, number);
    if (this.#segments.has(segment)) return;
    const ref = m.segments[segment] as Manifest["segments"][number];
    const bytes = await this.#blobs.get(ref.cid, MAX_SEGMENT_BYTES, { signal });
    if (this.#segments.size >= KEPT_SEGMENTS) this.#segments.delete(this.#segments.keys().next().value as number);
    this.#segments.set(segment, checkSegment(m, rowShapeOf(this.spec, this.plan), segment, bytes));
  }

  /** A batch whose segment is here. */
  batch = (number: number): Batch | undefined => {
    if (!this.#known) return undefined;
    const place = locateBatch(this.#known, number);
    const rows = this.#segments.get(place.segment);
    return rows && batchOfSegment(rowShapeOf(this.spec, this.plan), rows, this.spec.batchSize, place.batch);
  };

  batchOfPosition = (position: bigint): number => this.#order.batchOf(position);

  close(): void {
    for (const client of [this.#logs, this.#blobs, this.evidence]) client.close();
  }
}

const endpointsOf = (request: VerifyRequest): string[] =>
  request.seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && s.endpoint !== "").map((s) => s.endpoint);
