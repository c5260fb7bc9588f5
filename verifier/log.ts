/**
 * The log of one task as this verifier has fetched and checked it. What lies at or below an anchored head is checked by
 * hash links up to it; what lies above (a peer's messages that the chain has not anchored yet) by the slot's signature.
 */
import { equalBytes } from "#kernel/bytes.js";
import { Descent } from "#net/descent.js";
import { CallError, type LogEntry, readSpan } from "#net/index.js";
import { PackedLog, packPage, type Page } from "#net/packed-log.js";
import { nodeCrypto } from "#platform/crypto.js";
import { verifyHead } from "#protocol/log/header.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Unserved } from "./unserved.js";

export interface Head {
  readonly seq: bigint;
  readonly hash: Uint8Array;
}

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

/** Where messages come from; each gives up when the signal is aborted, and throws CallError where nobody serves them. */
export interface LogSource {
  /** Leads a descent down to `floor`; what came stays in it. */
  descend(slot: number, descent: Descent, floor: bigint): Promise<void>;
  page(slot: number, first: bigint, last: bigint, check: (messages: readonly Iteration[]) => readonly LogEntry[]): Promise<readonly LogEntry[]>;
  /** What is fetched next, for whoever counts the time; the answer is called when it is here. */
  expect(what: string, anchored: boolean): () => void;
  /** Waits for a turn, which is nobody's silence. */
  pause<T>(turn: () => Promise<T>): Promise<T>;
}

/** Messages above the anchored heads that are asked for at once: their signatures are checked between two looks at the sockets. */
const SIGNED_AT_ONCE = 64n;

/** Messages of another fork that are fetched before our own are looked at again. */
const LOOK_AGAIN = 256n;

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

  /** bytes of the messages that are here */
  get bytes(): number {
    return this.#slots.reduce((n, s) => n + s.bytes, 0);
  }

  /** Highest seq that is here. */
  length(slot: number): bigint {
    return this.#slot(slot).length;
  }

  header(slot: number, seq: bigint): Uint8Array | undefined {
    return this.#slot(slot).header(seq);
  }

  /** Whether these heads are of the chain that the log was checked against. */
  agrees(slot: number, heads: readonly Head[]): boolean {
    return heads.every((h) => h.seq === 0n || h.seq > (this.#anchored[slot] ?? 0n) || equalBytes(this.#hash(slot, h.seq) as Uint8Array, h.hash));
  }

  /**
   * Makes sure that the slot's messages 1 … seq are here. `heads` are the slot's anchored heads, ascending; the first at
   * or above seq is what they are checked against. Messages that were fetched before their head was anchored and turn out
   * to be of another fork are fetched anew. Throws Unserved; pages that were checked stay.
   */
  async ensure(slot: number, seq: bigint, heads: readonly Head[], source: LogSource): Promise<void> {
    const head = heads.find((h) => h.seq >= seq) ?? heads.at(-1);
    const here = (): boolean => (!head || (this.#anchored[slot] as bigint) >= head.seq) && this.length(slot) >= seq;
    if (here()) return;
    let done = (): void => {};
    const before = this.#turns[slot] as Promise<unknown>;
    this.#turns[slot] = new Promise<void>((resolve) => (done = resolve));
    try {
      await source.pause(() => before);
      if (head && (this.#anchored[slot] as bigint) < head.seq) await this.#fetchAnchored(slot, head, source);
      if (this.length(slot) < seq) await this.#fetchSigned(slot, seq, source);
    } finally {
      done();
    }
  }

  async #fetchAnchored(slot: number, head: Head, source: LogSource): Promise<void> {
    const log = this.#slot(slot);
    const sure = this.#anchored[slot] as bigint;
    const descent = new Descent({ taskId: this.task.taskId, slot }, head);
    const got = source.expect(`message ${slot}/${head.seq}`, true);
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
      // it stops where our own begin, which may turn out to be the ones; where they are not, it looks again a little below
      const floor = [sure, below > log.length ? log.length : below - LOOK_AGAIN, kept && below > kept.head.seq ? kept.head.seq : 0n].reduce((a, b) => (a > b ? a : b));
      try {
        await served(slot, head.seq, true, () => source.descend(slot, descent, floor));
      } catch (e) {
        this.#keep(slot, descent);
        throw e;
      }
    }
    if (!descent.follows(this.#hash(slot, descent.bottom - 1n))) throw new Unserved(`message ${slot}/${descent.bottom}`, true, "what is anchored above does not follow what is anchored below");
    descent.seal();
    this.#adopt(slot, descent.bottom, descent.pages.toReversed());
    this.#anchored[slot] = head.seq;
    got();
    if ((this.#kept[slot]?.head.seq ?? head.seq) <= head.seq) this.#kept[slot] = undefined;
  }

  async #fetchSigned(slot: number, seq: bigint, source: LogSource): Promise<void> {
    const { chainId, taskId, keys } = this.task;
    while (this.length(slot) < seq) {
      const first = this.length(slot) + 1n;
      const end = first + SIGNED_AT_ONCE - 1n;
      const last = end < seq ? end : seq;
      const previous = this.#hash(slot, first - 1n) ?? new Uint8Array(32);
      const got = source.expect(`message ${slot}/${last}`, false);
      const check = (messages: readonly Iteration[]): LogEntry[] => {
        const entries = readSpan(messages, { taskId, slot, first, previous, last });
        for (const e of entries) {
          if (!verifyHead(nodeCrypto, keys[slot] as Uint8Array, { chainId, taskId, slot, seq: e.header.seq, headerHash: e.headerHash }, e.signature)) throw new Error(`message ${slot}/${e.header.seq}: the signature is not the slot's`);
        }
        return entries;
      };
      const entries = await served(slot, last, false, () => source.page(slot, first, last, check));
      got();
      this.#adopt(slot, first, [packPage(first, entries.map((e) => ({ header: e.headerBytes, map: e.map, signature: e.signature })))]);
    }
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

  #hash(slot: number, seq: bigint): Uint8Array | undefined {
    const header = this.header(slot, seq);
    return header && nodeCrypto.sha256(header);
  }

  #slot(slot: number): PackedLog {
    return this.#slots[slot] as PackedLog;
  }
}

async function served<T>(slot: number, seq: bigint, anchored: boolean, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (e) {
    if (e instanceof CallError) throw new Unserved(`message ${slot}/${seq}`, anchored, e.message);
    throw e;
  }
}
