/** All that one task's jobs share: its plan, its log, its data, and the thread that re-runs. */
import { type ModelPlan, parseTopology } from "#engine/topology/index.js";
import { type Batch } from "#engine/types.js";
import { CallError } from "#net/index.js";
import { TaskSources } from "#net/sources.js";
import { maxManifestBytes } from "#net/task-data.js";
import { nodeCrypto } from "#platform/crypto.js";
import { batchOfSegment, checkManifestFor, checkSegment, decodeManifest, locateBatch, MAX_SEGMENT_BYTES, rowShapeOf, type Rows } from "#protocol/tasks/data.js";
import { residualBytes } from "#protocol/tasks/engine-options.js";
import { BatchOrder } from "#protocol/draws/order.js";
import { positionOf } from "#protocol/log/positions.js";
import { type VerifyOutcome } from "#protocol/verification/verify.js";
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import type { Manifest } from "#proto/gen/pouw/v1/data.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import type { VerifyRequest } from "#proto/gen/pouw/v1/services.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { MAX_PARAMETERS } from "#protocol/tasks/task-spec.js";
import { started } from "#client/chain/task-view.js";
import { type RunInput } from "./compute.js";
import { type FetchLog, TaskLog } from "./log.js";
import { type Attempt } from "./patience.js";
import { ComputeThread } from "./thread.js";
import { Unserved } from "./unserved.js";

/** segments of at most 4 MiB kept decoded */
const KEPT_SEGMENTS = 64;

export interface TaskOptions {
  readonly allowPrivate: boolean;
  /** how long one supervisor may be silent before the next is asked too, ms */
  readonly hedgeMs?: number;
}

export const endpointsOf = (request: VerifyRequest): string[] =>
  request.seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && s.endpoint !== "").map((s) => s.endpoint);

export const sessionKeys = (request: VerifyRequest): Uint8Array[] =>
  Array.from({ length: request.task?.spec?.slots ?? 0 }, (_, slot) => request.seats.find((s) => s.role === Role.ROLE_MINER && s.index === slot)?.sessionKey ?? new Uint8Array(0));

export class TaskWork {
  readonly spec: TaskSpec;
  readonly plan: ModelPlan;
  readonly #taskId: bigint;
  readonly #log: TaskLog;
  readonly #sources: TaskSources;
  readonly #segments = new Map<number, Rows>();
  readonly #order: BatchOrder;
  readonly #thread: ComputeThread;
  #manifest: Manifest | undefined;

  /** Throws when the request names no task that trains or trained; the chain never sends such a one. */
  constructor(request: VerifyRequest, options: TaskOptions) {
    const { chainId } = request;
    const task = request.task && started(request.task);
    if (!task) throw new Error("the job names no task that has begun to train");
    this.spec = task.spec;
    this.plan = parseTopology(task.spec.topology, { maxParameters: MAX_PARAMETERS });
    this.#taskId = task.id;
    this.#sources = new TaskSources(options);
    this.#order = new BatchOrder(nodeCrypto, task.startBeacon, task.id, task.spec.batches);
    const keys = sessionKeys(request);
    const thread = new ComputeThread({ chainId, task, keys });
    this.#thread = thread;
    this.#log = new TaskLog({ chainId, taskId: task.id, keys }, (update) => thread.learn(update));
  }

  /** Whether a job of this request can go on with what is here: the thread lives, and the heads are of the log's chain. */
  serves(request: VerifyRequest): boolean {
    return !this.#thread.dead && request.anchors.every((a) => a.slot >= this.spec.slots || this.#log.agrees(a.slot, a.heads));
  }

  header(slot: number, seq: bigint): Uint8Array | undefined {
    return this.#log.header(slot, seq);
  }

  /** Fetches a slot's messages up to seq. Throws Unserved. */
  async ensure(slot: number, seq: bigint, request: VerifyRequest, attempt: Attempt): Promise<void> {
    const heads = request.anchors.find((a) => a.slot === slot)?.heads ?? [];
    const endpoints = endpointsOf(request);
    const fetch: FetchLog = (s, first, last, check, signal) => this.#sources.page(this.#taskId, s, first, last, check, { endpoints, signal });
    await this.#log.ensure(slot, seq, heads, fetch, attempt);
  }

  /** Number and hash of the batch that (slot, seq) trains on, and a copy of its rows. Throws Unserved. */
  async batch(slot: number, seq: bigint, request: VerifyRequest, attempt: Attempt): Promise<{ number: number; hash: Uint8Array; batch: Batch }> {
    const asked = { endpoints: endpointsOf(request), signal: attempt.signal };
    const manifest = await this.#manifestFrom(asked);
    const number = this.#order.batchOf(positionOf(this.spec, slot, seq));
    const place = locateBatch(manifest, number);
    const shape = rowShapeOf(this.spec, this.plan);
    let rows = this.#segments.get(place.segment);
    if (!rows) {
      const ref = manifest.segments[place.segment] as Manifest["segments"][number];
      const bytes = await served(`batch ${number}`, this.#sources.blob(ref.cid, MAX_SEGMENT_BYTES, asked));
      rows = checkSegment(nodeCrypto, manifest, shape, place.segment, bytes);
      if (this.#segments.size >= KEPT_SEGMENTS) this.#segments.delete(this.#segments.keys().next().value as number);
      this.#segments.set(place.segment, rows);
      attempt.progress();
    }
    // the job's own: other jobs may push the segment out while this one waits
    const { x, y } = batchOfSegment(shape, rows, this.spec.batchSize, place.batch);
    return { number, hash: manifest.batchHashes[number] as Uint8Array, batch: { x: x.slice(), y: y.slice() } };
  }

  residual(slot: number, seq: bigint, hash: Uint8Array, request: VerifyRequest, attempt: Attempt): Promise<Uint8Array> {
    return this.#sources.residual(this.#taskId, slot, seq, hash, residualBytes(this.spec, this.plan.parameters), { endpoints: endpointsOf(request), signal: attempt.signal });
  }

  /** What one supervisor relays of the peers' messages that (slot, seq) counted. */
  peersFrom(endpoint: string, slot: number, seq: bigint, most: bigint, signal: AbortSignal): Promise<Iteration[]> {
    return this.#sources.peersFrom(endpoint, this.#taskId, slot, seq, most, signal);
  }

  run(input: RunInput, progress: (done: number, total: number) => void): Promise<VerifyOutcome> {
    return this.#thread.run(input, progress);
  }

  async close(): Promise<void> {
    this.#sources.close();
    await this.#thread.close();
  }

  /** Fetched once; until then by every job for itself, so that no call that hangs is another job's. */
  async #manifestFrom(asked: { endpoints: string[]; signal: AbortSignal }): Promise<Manifest> {
    if (this.#manifest) return this.#manifest;
    const bytes = await served("the manifest", this.#sources.blob(this.spec.manifestCid, maxManifestBytes(this.spec), asked));
    const manifest = decodeManifest(bytes);
    checkManifestFor(manifest, this.spec, this.plan);
    return (this.#manifest ??= manifest);
  }
}

async function served<T>(what: string, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (e) {
    if (e instanceof CallError) throw new Unserved(what, true, e.message);
    throw e;
  }
}
