/**
 * What the supervisors of a task serve, for whoever needs all of it and trusts none of them. Endpoints come with each call:
 * they change when a supervisor sends MsgJoinTask again, and one caller's list must not be another's.
 */
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { BlobClient } from "./blob-client.js";
import { EvidenceClient } from "./evidence-client.js";
import { hedged } from "./hedge.js";
import { LogClient } from "./log-client.js";
import { type LogEntry } from "./slot-log.js";

interface Source {
  readonly logs: LogClient;
  readonly blobs: BlobClient;
  readonly evidence: EvidenceClient;
}

export interface Asked {
  readonly endpoints: readonly string[];
  readonly signal: AbortSignal;
}

/** How long a supervisor may be silent before the next is asked beside it, and what a slow link then adds for the size. */
const HEDGE_MS = 2_000;
const BYTES_PER_MS = 16_384;
/** more than a task has supervisors */
const KEPT_SOURCES = 64;

export class TaskSources {
  readonly #sources = new Map<string, Source>();
  /** where the last answer came from: asked first */
  #preferred = "";

  constructor(private readonly options: { readonly allowPrivate: boolean; readonly hedgeMs?: number }) {}

  /** The bytes of a CID, checked against it; at most `maxBytes`. */
  blob(cid: string, maxBytes: number, asked: Asked): Promise<Uint8Array> {
    return this.#first(asked, maxBytes, (s, signal) => s.blobs.get(cid, maxBytes, { signal }));
  }

  /** Messages first … last of a slot that pass `check`. */
  page(taskId: bigint, slot: number, first: bigint, last: bigint, check: (messages: readonly Iteration[]) => readonly LogEntry[], asked: Asked): Promise<readonly LogEntry[]> {
    return this.#first(asked, 0, async (s, signal) => {
      let entries: readonly LogEntry[] = [];
      await s.logs.range(taskId, slot, first, last, (messages) => void (entries = check(messages)), { signal });
      return entries;
    });
  }

  /** The residual after (slot, seq), whose sha256 is `hash`. */
  residual(taskId: bigint, slot: number, seq: bigint, hash: Uint8Array, bytes: number, asked: Asked): Promise<Uint8Array> {
    return this.#first(asked, bytes, (s, signal) => s.evidence.residual(taskId, slot, seq, hash, { signal }));
  }

  /** What one supervisor relays of the peers' messages that iteration (slot, seq) counted. */
  peersFrom(endpoint: string, taskId: bigint, slot: number, seq: bigint, most: bigint, signal: AbortSignal): Promise<Iteration[]> {
    return this.#of(endpoint).evidence.peerMessages(taskId, slot, seq, most, { signal });
  }

  close(): void {
    for (const e of this.#sources.keys()) this.#drop(e);
  }

  async #first<T>({ endpoints, signal }: Asked, bytes: number, ask: (source: Source, signal: AbortSignal) => Promise<T>): Promise<T> {
    const order = [...new Set(endpoints)];
    const at = order.indexOf(this.#preferred);
    if (at > 0) order.unshift(...order.splice(at));
    const afterMs = (this.options.hedgeMs ?? HEDGE_MS) + bytes / BYTES_PER_MS;
    const { value, by } = await hedged(order.map((e) => (s: AbortSignal) => ask(this.#of(e), s)), { signal, afterMs });
    this.#preferred = order[by] as string;
    return value;
  }

  #of(endpoint: string): Source {
    let source = this.#sources.get(endpoint);
    if (!source) {
      const pool = { endpoints: [endpoint], allowPrivate: this.options.allowPrivate };
      source = { logs: new LogClient(pool), blobs: new BlobClient(pool), evidence: new EvidenceClient(pool) };
      this.#sources.set(endpoint, source);
      if (this.#sources.size > KEPT_SOURCES) this.#drop(this.#sources.keys().next().value as string);
    }
    return source;
  }

  #drop(endpoint: string): void {
    const source = this.#sources.get(endpoint);
    this.#sources.delete(endpoint);
    source?.logs.close();
    source?.blobs.close();
    source?.evidence.close();
  }
}
