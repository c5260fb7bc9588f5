/**
 * What the supervisors of a task serve, for whoever needs all of it and trusts none of them. Endpoints come with each call:
 * they change when a supervisor sends MsgJoinTask again, and one caller's list must not be another's. What was checked of an
 * answer stays when its source fails or is slow (net/race.ts).
 */
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { BlobService, EvidenceService, LogService } from "#proto/gen/pouw/v1/services.js";
import { cidDigest } from "./cid.js";
import { type Descent, messageBytes, PAGE_BYTES } from "./descent.js";
import { Remote } from "./dial.js";
import { exhausted, invalid, notFound } from "./errors.js";
import { PartialBytes } from "./partial-bytes.js";
import { HEAD_START_MS, type Lap, LINK_BYTES_PER_MS, race } from "./race.js";
import { type LogEntry } from "./slot-log.js";

export interface Asked {
  readonly endpoints: readonly string[];
  readonly signal: AbortSignal;
  /** So many bytes came that are what was asked for. */
  readonly arrived?: ((bytes: number) => void) | undefined;
  /** of one message, bytes: nothing of it is seen before it is whole */
  readonly largest?: number;
}

export interface SourcesOptions {
  readonly allowPrivate: boolean;
  /** how long one supervisor may be silent before the next is asked beside it, ms */
  readonly headStartMs?: number;
  /** bytes a millisecond below which the next is asked as well: link_rate */
  readonly bytesPerMs?: number;
}

/** In so many ms every supervisor of a task has been asked, were they all silent. */
const ALL_ASKED_MS = 10_000;
/** more than a task has supervisors */
const KEPT_REMOTES = 64;

export class TaskSources {
  readonly #remotes = new Map<string, Promise<Remote>>();
  /** where the last answer came from: asked first */
  #preferred = "";
  /** those that were left behind: asked last */
  readonly #slow = new Set<string>();
  /** things that are being fetched */
  #active = 0;
  readonly #calls = new Map<string, Map<string, PartialBytes>>();

  constructor(private readonly options: SourcesOptions) {}

  /** The bytes of a CID, checked against it; at most `maxBytes`. */
  async blob(cid: string, maxBytes: number, asked: Asked): Promise<Uint8Array> {
    const digest = cidDigest(cid);
    if (!digest) throw invalid(`${JSON.stringify(cid.slice(0, 80))} is not a CIDv1 (raw, sha2-256, base32)`);
    return this.#whole(cid, digest, maxBytes, asked, async (remote, part, lap) => {
      for await (const c of remote.serverStream(BlobService.methods.get, { cid, offset: BigInt(part.length) }, lap)) {
        lap.signal.throwIfAborted(); // its place is another's, and it may be asked again already
        part.add(Number(c.offset), c.data, remote.endpoint);
        lap.got(c.data.length);
      }
    });
  }

  /** The residual after (slot, seq), whose sha256 is `hash`. */
  residual(taskId: bigint, slot: number, seq: bigint, hash: Uint8Array, bytes: number, asked: Asked): Promise<Uint8Array> {
    return this.#whole(`the residual of ${slot}/${seq}`, hash, bytes, asked, async (remote, part, lap) => {
      for await (const p of remote.serverStream(EvidenceService.methods.residual, { taskId, slot, seq, residualHash: hash, offset: BigInt(part.length) }, lap)) {
        lap.signal.throwIfAborted(); // its place is another's, and it may be asked again already
        part.add(Number(p.offset), p.residual, remote.endpoint);
        lap.got(p.residual.length);
      }
    });
  }

  /** Leads a descent down until only what lies at or below `floor` is missing. What came stays in it, also where this throws. */
  async descend(taskId: bigint, slot: number, descent: Descent, floor: bigint, asked: Asked): Promise<void> {
    await this.#first(asked, async (remote, lap) => {
      while (descent.bottom - 1n > floor) {
        const from = descent.bottom;
        let seq = from;
        let { link } = descent;
        for await (const m of remote.serverStream(LogService.methods.descend, { taskId, slot, last: seq - 1n, first: floor + 1n, bytes: BigInt(PAGE_BYTES) }, lap)) {
          const entry = descent.check(m, --seq, link);
          link = entry.header.prev;
          lap.got(messageBytes(m));
          if (descent.take(entry)) asked.arrived?.(messageBytes(m));
          if (seq <= floor + 1n) break;
        }
        if (seq === from && descent.bottom === from) throw notFound(`${remote.endpoint}: message ${slot}/${from - 1n} is not here`);
      }
    }, slot);
  }

  /** Messages first … last of a slot that pass `check`. */
  page(taskId: bigint, slot: number, first: bigint, last: bigint, check: (messages: readonly Iteration[]) => readonly LogEntry[], asked: Asked): Promise<readonly LogEntry[]> {
    return this.#first(asked, async (remote, lap) => {
      const out: Iteration[] = [];
      for await (const m of remote.serverStream(LogService.methods.range, { taskId, slot, first, last }, lap)) {
        out.push(m);
        lap.got(messageBytes(m));
        if (BigInt(out.length) > last - first + 1n) break;
      }
      if (BigInt(out.length) !== last - first + 1n) throw notFound(`${remote.endpoint}: has ${out.length} of messages ${first} … ${last} of slot ${slot}`);
      return check(out);
    });
  }

  /** What one supervisor relays of the peers' messages that iteration (slot, seq) counted; more than `most` are no answer. */
  async peersFrom(endpoint: string, taskId: bigint, slot: number, seq: bigint, most: bigint, signal: AbortSignal, got: (m: Iteration) => void): Promise<Iteration[]> {
    const remote = await this.#remote(endpoint);
    const out: Iteration[] = [];
    for await (const m of remote.serverStream(EvidenceService.methods.peerMessages, { taskId, slot, seq }, { signal })) {
      out.push(m);
      if (BigInt(out.length) > most) throw exhausted(`${endpoint}: sent more than the ${most} messages that ${slot}/${seq} counts`);
      got(m);
    }
    return out;
  }

  close(): void {
    for (const e of this.#remotes.keys()) this.#drop(e);
  }

  /** What each source gave of a thing stays for the next attempt. */
  async #whole(what: string, hash: Uint8Array, maxBytes: number, asked: Asked, pull: (remote: Remote, part: PartialBytes, lap: Lap) => Promise<void>): Promise<Uint8Array> {
    const key = `${what}/${maxBytes}`;
    const parts = this.#calls.get(key) ?? new Map<string, PartialBytes>();
    this.#calls.delete(key); // another who asks for the same at this time has parts of its own
    try {
      return await this.#first(asked, async (remote, lap) => {
        const part = parts.get(remote.endpoint) ?? new PartialBytes(what, hash, maxBytes);
        parts.set(remote.endpoint, part);
        await pull(remote, part, lap);
        return part.whole(remote.endpoint);
      });
    } catch (e) {
      this.#calls.set(key, parts);
      if (this.#calls.size > KEPT_REMOTES) this.#calls.delete(this.#calls.keys().next().value as string);
      throw e;
    }
  }

  /**
   * `turn`: with which one it begins, for what is fetched beside others and of which each goes on where the one before stood; without
   * it with the one that answered last.
   */
  async #first<T>({ endpoints, signal, largest = 0 }: Asked, ask: (remote: Remote, lap: Lap) => Promise<T>, turn?: number): Promise<T> {
    const all = [...new Set(endpoints)];
    const at = (turn ?? 0) % Math.max(1, all.length);
    const rank = (e: string): number => (this.#slow.has(e) ? 2 : turn === undefined && e === this.#preferred ? 0 : 1);
    const order = [...all.slice(at), ...all.slice(0, at)].toSorted((a, b) => rank(a) - rank(b));
    const rate = this.options.bytesPerMs ?? LINK_BYTES_PER_MS;
    const headStartMs = Math.min(this.options.headStartMs ?? HEAD_START_MS, ALL_ASKED_MS / Math.max(1, order.length)) + largest / rate;
    // all that is fetched at one time shares the links
    const bytesPerMs = (): number => rate / this.#active;
    this.#active++;
    try {
      const { value, by, slow } = await race(order, async (e, lap) => ask(await this.#remote(e), lap), { signal, headStartMs, bytesPerMs, ...(turn === undefined ? {} : { atOnce: 1 }) });
      this.#preferred = by;
      this.#slow.delete(by);
      for (const e of slow) this.#slow.add(e);
      return value;
    } finally {
      this.#active--;
    }
  }

  #remote(endpoint: string): Promise<Remote> {
    let remote = this.#remotes.get(endpoint);
    if (!remote) {
      remote = Remote.dial(endpoint, { allowPrivate: this.options.allowPrivate });
      this.#remotes.set(endpoint, remote);
      remote.catch(() => this.#remotes.delete(endpoint));
      if (this.#remotes.size > KEPT_REMOTES) this.#drop(this.#remotes.keys().next().value as string);
    }
    return remote;
  }

  #drop(endpoint: string): void {
    this.#remotes.get(endpoint)?.then((r) => r.close(), () => {});
    this.#remotes.delete(endpoint);
  }
}
