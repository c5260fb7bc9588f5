/**
 * The data of one task: what may be put, whether it is right, and what of it is kept. Every blob is checked once, when it
 * comes; one that does not fit never will, because its CID is its content, so it is deleted and not taken again.
 */
import { type ModelPlan } from "#engine/topology/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import type { Manifest } from "#proto/gen/pouw/v1/data.js";
import { checkManifestFor, checkSegment, decodeManifest, rowShapeOf } from "#protocol/tasks/data.js";
import { BlobClient, type BlobStore, exhausted, refused } from "#net/index.js";
import { maxManifestBytes, maxSegmentBytes, maxTestSetBytes } from "#net/task-data.js";
import { type Logger } from "#platform/log.js";

export interface TaskDataOptions {
  readonly blobs: BlobStore;
  readonly spec: TaskSpec;
  readonly plan: ModelPlan;
  /** how much one task may put here, bytes */
  readonly maxBytes: number;
  readonly log: Logger;
  /** deletes a blob that no other task of ours needs */
  discard(cid: string): Promise<void>;
}

const MANIFEST_TIMEOUT = 5_000;

export class TaskData {
  manifest: Manifest | undefined;
  /** indices of the manifest's segments, by CID */
  private readonly segments = new Map<string, number[]>();
  private readonly checked = new Set<number>();
  private readonly bad = new Map<string, string>();
  private testSet = false;
  private over = false;
  private queue: Promise<void> = Promise.resolve();
  private scanned: Promise<void> | undefined;

  constructor(private readonly o: TaskDataOptions) {}

  get complete(): boolean {
    return this.manifest !== undefined && this.testSet && this.checked.size === this.manifest.segments.length;
  }

  /** Whether `cids` is complete. */
  get known(): boolean {
    return this.manifest !== undefined || this.bad.has(this.o.spec.manifestCid) || this.over;
  }

  /** The seats are unlocked: the test set is all that a client may still come for. */
  retire(): void {
    this.over = true;
  }
  get retired(): boolean {
    return this.over;
  }

  /** All blobs that the task needs, as far as they are known. */
  get cids(): readonly string[] {
    const { manifestCid, testSet } = this.o.spec;
    if (this.over) return testSet ? [testSet.cid] : [];
    return [manifestCid, ...(testSet ? [testSet.cid] : []), ...this.segments.keys()];
  }

  /** How large a blob may be. Throws when the task does not want it. */
  async limit(cid: string): Promise<number> {
    const { spec, plan } = this.o;
    await this.scan();
    await this.loadManifest();
    const why = this.bad.get(cid) ?? this.bad.get(spec.manifestCid);
    if (why !== undefined) throw refused(`the data does not fit the task: ${why}`);
    if (cid === spec.manifestCid) return maxManifestBytes(spec);
    if (cid === spec.testSet?.cid) return maxTestSetBytes(spec, plan);
    const [index] = this.segments.get(cid) ?? [];
    if (index !== undefined) return this.segmentBytes(index);
    throw refused(this.manifest ? `${cid} is neither the manifest, a segment nor the test set` : `send the manifest ${spec.manifestCid} first`);
  }

  /** Looks at what is here already; the first time only. */
  scan(): Promise<void> {
    this.scanned ??= this.inTurn(async () => {
      if (!(await this.loadManifest())) return;
      for (const cid of this.cids.slice(1)) await this.checkBlob(cid);
    });
    return this.scanned;
  }

  /** A blob has come. */
  async stored(cid: string): Promise<void> {
    await this.scan();
    if (cid !== this.o.spec.manifestCid) return this.inTurn(() => this.checkBlob(cid));
    this.scanned = undefined;
    return this.scan();
  }

  /** A supervisor that the client did not reach takes the manifest from the others: without it no batch can be checked. */
  async fetchManifest(endpoints: readonly string[], allowPrivate: boolean): Promise<void> {
    if (await this.loadManifest()) return;
    const { blobs, spec, log } = this.o;
    const from = new BlobClient({ endpoints, allowPrivate });
    try {
      const bytes = await from.get(spec.manifestCid, maxManifestBytes(spec), { timeout: MANIFEST_TIMEOUT });
      await blobs.put(spec.manifestCid, [bytes], bytes.length);
      await this.loadManifest();
    } catch (e) {
      log.warn("the manifest is not here and nobody gives it: asking again at the next block", { error: e as Error });
    } finally {
      from.close();
    }
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(work).catch((e: Error) => this.o.log.error("the data cannot be read: look at the disk", { error: e }));
    return this.queue;
  }

  private segmentBytes(index: number): number {
    return maxSegmentBytes(this.o.spec, this.o.plan, this.manifest?.segments[index]?.batches ?? 0);
  }

  async loadManifest(): Promise<boolean> {
    if (this.manifest) return true;
    const { blobs, spec, plan, maxBytes } = this.o;
    if (this.bad.has(spec.manifestCid)) return false;
    const bytes = await blobs.get(spec.manifestCid);
    if (this.manifest) return true;
    if (!bytes) return false;
    try {
      const manifest = decodeManifest(bytes);
      checkManifestFor(manifest, spec, plan);
      const all = manifest.segments.reduce((sum, s) => sum + maxSegmentBytes(spec, plan, s.batches), maxManifestBytes(spec) + maxTestSetBytes(spec, plan));
      if (all > maxBytes) throw exhausted(`it is up to ${all} bytes, and this supervisor keeps ${maxBytes} for one task: its operator can raise --max-data`);
      this.manifest = manifest;
      for (const [i, s] of manifest.segments.entries()) {
        const at = this.segments.get(s.cid);
        if (at) at.push(i);
        else this.segments.set(s.cid, [i]);
      }
      return true;
    } catch (e) {
      await this.refuse(spec.manifestCid, (e as Error).message);
      return false;
    }
  }

  private async checkBlob(cid: string): Promise<void> {
    const { blobs, spec, plan, log } = this.o;
    if (this.bad.has(cid) || (await blobs.size(cid)) === undefined) return;
    if (cid === spec.testSet?.cid) this.testSet = true;
    for (const index of this.segments.get(cid) ?? []) {
      if (this.checked.has(index)) continue;
      try {
        checkSegment(nodeCrypto, this.manifest as Manifest, rowShapeOf(spec, plan), index, (await blobs.get(cid)) as Uint8Array);
      } catch (e) {
        return this.refuse(cid, (e as Error).message);
      }
      this.checked.add(index);
      await new Promise((resolve) => setImmediate(resolve)); // messages of tasks go on
    }
    if (this.complete) log.info("the data is here and checked", { segments: this.checked.size });
  }

  private async refuse(cid: string, why: string): Promise<void> {
    this.bad.set(cid, why);
    this.o.log.warn("the data does not fit the task", { cid, why });
    await this.o.discard(cid);
  }
}
