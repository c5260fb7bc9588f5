/** All that one task's jobs share: its plan, its log, its data, and the thread that re-runs. */
import { groupsOf } from "#engine/quanta.js";
import { largestMap } from "#protocol/tasks/task-spec.js";
import { type ModelPlan, parseTopology } from "#engine/topology/index.js";
import { type Batch } from "#engine/types.js";
import { CallError } from "#net/index.js";
import { type Asked, type SourcesOptions, TaskSources } from "#net/sources.js";
import { maxManifestBytes, maxSegmentBytes } from "#net/task-data.js";
import { nodeCrypto } from "#platform/crypto.js";
import { batchOfSegment, checkManifestFor, checkSegment, decodeManifest, locateBatch, rowShapeOf, type Rows } from "#protocol/tasks/data.js";
import { residualBytes } from "#protocol/tasks/engine-options.js";
import { BatchOrder } from "#protocol/draws/order.js";
import { positionOf } from "#protocol/log/positions.js";
import { type VerifyOutcome } from "#protocol/verification/verify.js";
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import type { Manifest } from "#proto/gen/pouw/v1/data.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { MAX_PARAMETERS } from "#protocol/tasks/task-spec.js";
import { type RunInput } from "./compute.js";
import { type Facts } from "./facts.js";
import { type Head, type LogSource, TaskLog } from "./log.js";
import { ComputeThread } from "./thread.js";
import { Unserved } from "./unserved.js";

/** segments of at most 4 MiB kept decoded */
const KEPT_SEGMENTS = 64;

/** Whoever fetches for a job: it stops when the job does, and its silence is counted. */
export interface Fetcher {
  readonly signal: AbortSignal;
  /** Of what is fetched next so many bytes may be needed; the answer is called when it is here. */
  expect(what: string, anchored: boolean, bytes: number): () => void;
  arrived(bytes: number): void;
  pause<T>(turn: () => Promise<T>): Promise<T>;
}

export class TaskWork {
  readonly spec: TaskSpec;
  readonly plan: ModelPlan;
  #facts: Facts;
  readonly #log: TaskLog;
  readonly #sources: TaskSources;
  readonly #segments = new Map<number, Rows>();
  readonly #order: BatchOrder;
  readonly #thread: ComputeThread;
  #manifest: Manifest | undefined;

  /** `lost` is told when the thread has ended, `holds` how many bytes of the log are here. */
  constructor(facts: Facts, options: SourcesOptions, lost: (error: Error) => void = () => {}, holds: (bytes: number) => void = () => {}) {
    const { chainId, task, keys } = facts;
    this.#facts = facts;
    this.spec = task.spec;
    this.plan = parseTopology(task.spec.topology, { maxParameters: MAX_PARAMETERS });
    this.#sources = new TaskSources(options);
    this.#order = new BatchOrder(nodeCrypto, task.startBeacon, task.id, task.spec.batches);
    const thread = new ComputeThread({ chainId, task, keys }, lost);
    this.#thread = thread;
    this.#log = new TaskLog({ chainId, taskId: task.id, keys }, (update) => {
      thread.learn(update);
      holds(this.#log.bytes);
    });
  }

  get facts(): Facts {
    return this.#facts;
  }

  /** Newer ones. False when their heads are of another chain than the log here was checked against: it cannot go on. */
  learn(facts: Facts): boolean {
    if (facts.height > this.#facts.height) this.#facts = facts;
    return facts.slots.every((s) => s.slot >= this.spec.slots || !s.head || this.#log.agrees(s.slot, [s.head]));
  }

  header(slot: number, seq: bigint): Uint8Array | undefined {
    return this.#log.header(slot, seq);
  }

  /** Fetches a slot's messages up to seq, checked against a job's head or the newest. Throws Unserved. */
  async ensure(slot: number, seq: bigint, of: Head | undefined, f: Fetcher): Promise<void> {
    const newest = this.#facts.slots.find((s) => s.slot === slot)?.head;
    const heads = [of, newest].filter((h): h is Head => h !== undefined && h.seq > 0n);
    const taskId = this.#facts.task.id;
    const asked = (): Asked => ({ ...this.#asked(f), largest: this.#largestMessage() });
    const source: LogSource = {
      descend: (s, descent, floor) => this.#sources.descend(taskId, s, descent, floor, asked()),
      page: (s, first, last, check) => this.#sources.page(taskId, s, first, last, check, asked()),
      expect: (what, anchored) => f.expect(what, anchored, this.#largestMessage()),
      pause: (turn) => f.pause(turn),
    };
    await this.#log.ensure(slot, seq, heads, source);
  }

  /** Number and hash of the batch that (slot, seq) trains on, and a copy of its rows. Throws Unserved. */
  async batch(slot: number, seq: bigint, f: Fetcher): Promise<{ number: number; hash: Uint8Array; batch: Batch }> {
    const manifest = await this.#manifestFrom(f);
    const number = this.#order.batchOf(positionOf(this.spec, slot, seq));
    const place = locateBatch(manifest, number);
    const shape = rowShapeOf(this.spec, this.plan);
    let rows = this.#segments.get(place.segment);
    if (!rows) {
      const ref = manifest.segments[place.segment] as Manifest["segments"][number];
      const most = maxSegmentBytes(this.spec, this.plan, ref.batches);
      const got = f.expect(`batch ${number}`, true, most);
      const bytes = await served(`batch ${number}`, this.#sources.blob(ref.cid, most, this.#asked(f)));
      got();
      rows = checkSegment(nodeCrypto, manifest, shape, place.segment, bytes);
      if (this.#segments.size >= KEPT_SEGMENTS) this.#segments.delete(this.#segments.keys().next().value as number);
      this.#segments.set(place.segment, rows);
    }
    // the job's own: other jobs may push the segment out while this one waits
    const { x, y } = batchOfSegment(shape, rows, this.spec.batchSize, place.batch);
    return { number, hash: manifest.batchHashes[number] as Uint8Array, batch: { x: x.slice(), y: y.slice() } };
  }

  residual(slot: number, seq: bigint, hash: Uint8Array, f: Fetcher): Promise<Uint8Array> {
    const bytes = residualBytes(this.spec, this.plan.parameters);
    f.expect(`the residual after ${slot}/${seq}`, false, bytes);
    return served(`the residual after ${slot}/${seq}`, this.#sources.residual(this.#facts.task.id, slot, seq, hash, bytes, this.#asked(f)), false);
  }

  /** What one supervisor relays of the peers' messages that (slot, seq) counted. */
  peersFrom(endpoint: string, slot: number, seq: bigint, most: bigint, signal: AbortSignal, got: (m: Iteration) => void): Promise<Iteration[]> {
    return this.#sources.peersFrom(endpoint, this.#facts.task.id, slot, seq, most, signal, got);
  }

  run(input: RunInput, progress: (done: number, total: number) => void, signal: AbortSignal): Promise<VerifyOutcome> {
    return this.#thread.run(input, progress, signal);
  }

  async close(): Promise<void> {
    this.#sources.close();
    await this.#thread.close();
  }

  #asked(f: Fetcher): Asked {
    return { endpoints: this.#facts.endpoints, signal: f.signal, arrived: (bytes) => f.arrived(bytes) };
  }

  /** What comes in one piece needs its time before any of it can be seen: a header with its clock, and a map of all parameters. */
  #largestMessage(): number {
    return 512 + 12 * this.spec.slots + largestMap(groupsOf(this.spec.quanta, this.plan.tensors));
  }

  /** Fetched once; until then by every job for itself, so that no call that hangs is another job's. */
  async #manifestFrom(f: Fetcher): Promise<Manifest> {
    if (this.#manifest) return this.#manifest;
    const most = maxManifestBytes(this.spec);
    const got = f.expect("the manifest", true, most);
    const bytes = await served("the manifest", this.#sources.blob(this.spec.manifestCid, most, this.#asked(f)));
    got();
    const manifest = decodeManifest(bytes);
    checkManifestFor(manifest, this.spec, this.plan);
    return (this.#manifest ??= manifest);
  }
}

async function served<T>(what: string, asked: Promise<T>, anchored = true): Promise<T> {
  try {
    return await asked;
  } catch (e) {
    if (e instanceof CallError) throw new Unserved(what, anchored, e.message);
    throw e;
  }
}
