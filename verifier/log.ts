/**
 * The log of one task as this verifier has fetched and checked it. What lies at or below an anchored head is checked by
 * hash links up to it; what lies above (a peer's messages that the chain has not anchored yet) by the slot's signature.
 */
import { equalBytes } from "#kernel/bytes.js";
import { Descent, type FetchPage, pageSize } from "#net/descent.js";
import { CallError, type LogEntry, readSpan } from "#net/index.js";
import { PackedLog, packPage, type Page } from "#net/packed-log.js";
import { nodeCrypto } from "#platform/crypto.js";
import { verifyHead } from "#protocol/log/header.js";
import type { AnchoredHead } from "#proto/gen/pouw/supervision/v1/types.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { type Attempt } from "./patience.js";
import { Unserved } from "./unserved.js";

export interface SlotKeys {
  readonly chainId: string;
  readonly taskId: bigint;
  /** session keys by slot */
  readonly keys: readonly Uint8Array[];
}

/** Messages from `from` on are now these. */
export interface LogUpdate {
  readonly slot: number;
  readonly from: bigint;
  readonly pages: readonly Page[];
}

/** As FetchPage, of any slot; gives up when the signal is aborted. */
export type FetchLog = (slot: number, first: bigint, last: bigint, check: (messages: readonly Iteration[]) => readonly LogEntry[], signal: AbortSignal) => Promise<readonly LogEntry[]>;

/** Signatures that are checked between two looks at the sockets. */
const SIGNATURES_AT_ONCE = 200;

export class TaskLog {
  readonly #slots: PackedLog[];
  /** by slot: up to here the messages are known to be the anchored ones */
  readonly #anchored: bigint[];
  /** by slot: what a descent had when it broke off */
  readonly #kept: (Descent | undefined)[];
  /** by slot: two jobs must not fetch the same messages twice */
  readonly #turns: Promise<unknown>[];

  constructor(
    private readonly task: SlotKeys,
    private readonly changed: (update: LogUpdate) => void,
  ) {
    this.#slots = task.keys.map(() => new PackedLog());
    this.#anchored = task.keys.map(() => 0n);
    this.#kept = task.keys.map(() => undefined);
    this.#turns = task.keys.map(() => Promise.resolve());
  }

  /** Highest seq that is here. */
  length(slot: number): bigint {
    return this.#slot(slot).length;
  }

  header(slot: number, seq: bigint): Uint8Array | undefined {
    return this.#slot(slot).header(seq);
  }

  /** Whether these heads are of the chain that the log was checked against. */
  agrees(slot: number, heads: readonly AnchoredHead[]): boolean {
    return heads.every((h) => h.seq === 0n || h.seq > (this.#anchored[slot] ?? 0n) || equalBytes(this.#hash(slot, h.seq) as Uint8Array, h.hash));
  }

  /**
   * Makes sure that the slot's messages 1 … seq are here. `heads` are the slot's anchored heads, ascending; the first at
   * or above seq is what they are checked against. Messages that were fetched before their head was anchored and turn out
   * to be of another fork are fetched anew. Throws Unserved; pages that were checked stay.
   */
  async ensure(slot: number, seq: bigint, heads: readonly AnchoredHead[], fetch: FetchLog, attempt: Attempt): Promise<void> {
    const head = heads.find((h) => h.seq >= seq) ?? heads.at(-1);
    const here = (): boolean => (!head || (this.#anchored[slot] as bigint) >= head.seq) && this.length(slot) >= seq;
    if (here()) return;
    let done = (): void => {};
    const before = this.#turns[slot] as Promise<unknown>;
    this.#turns[slot] = new Promise<void>((resolve) => (done = resolve));
    try {
      await attempt.pause(() => before);
      if (head && (this.#anchored[slot] as bigint) < head.seq) await this.#fetchAnchored(slot, head, fetch, attempt);
      if (this.length(slot) < seq) await this.#fetchSigned(slot, seq, fetch, attempt);
    } finally {
      done();
    }
  }

  async #fetchAnchored(slot: number, head: AnchoredHead, fetch: FetchLog, attempt: Attempt): Promise<void> {
    const log = this.#slot(slot);
    const sure = this.#anchored[slot] as bigint;
    const descent = new Descent({ taskId: this.task.taskId, slot, slots: this.#slots.length }, head);
    const page: FetchPage = (first, last, check) => fetch(slot, first, last, check, attempt.signal);
    for (;;) {
      const below = descent.bottom - 1n;
      const own = below <= log.length ? this.#hash(slot, below) : undefined;
      if (below <= sure || (own && descent.follows(own))) break;
      const kept = this.#kept[slot];
      if (kept && descent.meets(kept)) {
        descent.join(kept);
        this.#kept[slot] = undefined;
        continue;
      }
      // pages end where our own begin, which may turn out to be the ones
      const floor = [sure, below > log.length ? log.length : 0n, kept && below > kept.head.seq ? kept.head.seq : 0n].reduce((a, b) => (a > b ? a : b));
      await this.#served(slot, head.seq, true, () => descent.step(floor, page)).catch((e: unknown) => {
        this.#keep(slot, descent);
        throw e;
      });
      attempt.progress();
    }
    if (!descent.follows(this.#hash(slot, descent.bottom - 1n))) throw new Unserved(`message ${slot}/${descent.bottom}`, true, "what is anchored above does not follow what is anchored below");
    this.#adopt(slot, descent.bottom, descent.pages.toReversed());
    this.#anchored[slot] = head.seq;
    if ((this.#kept[slot]?.head.seq ?? head.seq) <= head.seq) this.#kept[slot] = undefined;
  }

  async #fetchSigned(slot: number, seq: bigint, fetch: FetchLog, attempt: Attempt): Promise<void> {
    const { chainId, taskId, keys } = this.task;
    const from = this.length(slot) + 1n;
    const pages: Page[] = [];
    let previous = this.#hash(slot, from - 1n) ?? new Uint8Array(32);
    for (let first = from; first <= seq; first += pageSize(this.#slots.length)) {
      const end = first + pageSize(this.#slots.length) - 1n;
      const last = end < seq ? end : seq;
      const check = (messages: readonly Iteration[]): LogEntry[] => readSpan(messages, { taskId, slot, first, previous, last });
      const entries = await this.#served(slot, last, false, () => fetch(slot, first, last, check, attempt.signal));
      for (const [i, e] of entries.entries()) {
        const id = { chainId, taskId, slot, seq: e.header.seq, headerHash: e.headerHash };
        if (!verifyHead(nodeCrypto, keys[slot] as Uint8Array, id, e.signature)) throw new Unserved(`message ${slot}/${e.header.seq}`, false, "the signature is not the slot's");
        if (i % SIGNATURES_AT_ONCE === SIGNATURES_AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve));
      }
      pages.push(packPage(first, entries.map((e) => ({ header: e.headerBytes, map: e.map, signature: e.signature }))));
      previous = (entries.at(-1) as LogEntry).headerHash;
      attempt.progress();
    }
    this.#adopt(slot, from, pages);
  }

  #adopt(slot: number, from: bigint, pages: readonly Page[]): void {
    if (pages.length === 0) return;
    const log = this.#slot(slot);
    log.cut(from - 1n);
    for (const p of pages) log.append(p);
    this.changed({ slot, from, pages });
  }

  /** Of two that broke off the one that has more. */
  #keep(slot: number, descent: Descent): void {
    const count = (d: Descent | undefined): bigint => (d ? d.head.seq + 1n - d.bottom : 0n);
    if (count(descent) > count(this.#kept[slot])) this.#kept[slot] = descent;
  }

  async #served<T>(slot: number, seq: bigint, anchored: boolean, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (e) {
      if (e instanceof CallError) throw new Unserved(`message ${slot}/${seq}`, anchored, e.message);
      throw e;
    }
  }

  #hash(slot: number, seq: bigint): Uint8Array | undefined {
    const header = this.header(slot, seq);
    return header && nodeCrypto.sha256(header);
  }

  #slot(slot: number): PackedLog {
    return this.#slots[slot] as PackedLog;
  }
}
