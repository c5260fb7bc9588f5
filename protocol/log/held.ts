/**
 * Messages whose signature is right and whose turn has not come: kept as bytes, each in one list, that of what it waits for
 * next. So what a message costs is its own length, and a block or a logged message wakes those alone that waited for it.
 */
import type { Header, Iteration } from "#proto/gen/pouw/v1/iteration.js";

export interface Held {
  readonly slot: number;
  readonly seq: bigint;
  readonly height: bigint;
  readonly hash: Uint8Array;
  readonly message: Iteration;
  /** bytes that it is counted as */
  readonly size: number;
  /** decoded, as long as it is about to be judged */
  header?: Header | undefined;
}

export interface HeldBudget {
  /** bytes held back for one slot; its next message is taken all the same */
  readonly slotBytes: number;
}

/** What an entry costs besides its bytes, rounded up. */
const OVERHEAD = 512;
export const heldSize = (m: Iteration): number => m.header.length + m.map.length + m.signature.length + OVERHEAD;

export class HeldMessages {
  readonly #slots: Map<bigint, Held>[];
  readonly #bytes: number[];
  /** by slot and seq: what waits for it to be logged */
  readonly #waiting: Map<bigint, Held[]>[];
  /** by height: what waits for that block */
  readonly #heights = new Map<bigint, Held[]>();

  constructor(
    slots: number,
    private readonly budget: HeldBudget,
  ) {
    this.#slots = Array.from({ length: slots }, () => new Map());
    this.#bytes = Array.from({ length: slots }, () => 0);
    this.#waiting = Array.from({ length: slots }, () => new Map());
  }

  get(slot: number, seq: bigint): Held | undefined {
    return this.#slots[slot]?.get(seq);
  }

  /** Whether a message of this size has room beside what is held of its slot. */
  hasRoom(slot: number, size: number): boolean {
    return (this.#bytes[slot] as number) + size <= this.budget.slotBytes;
  }

  bytes(slot: number): number {
    return this.#bytes[slot] as number;
  }

  add(h: Held): void {
    this.#slots[h.slot]?.set(h.seq, h);
    this.#bytes[h.slot] = this.bytes(h.slot) + h.size;
  }

  remove(h: Held): void {
    if (!this.#slots[h.slot]?.delete(h.seq)) return;
    this.#bytes[h.slot] = this.bytes(h.slot) - h.size;
  }

  /** Drops what is held of a slot above a seq. */
  removeAbove(slot: number, seq: bigint): void {
    for (const h of this.#slots[slot]?.values() ?? []) if (h.seq > seq) this.remove(h);
  }

  waitForMessage(h: Held, slot: number, seq: bigint): void {
    h.header = undefined;
    push(this.#waiting[slot] as Map<bigint, Held[]>, seq, h);
  }

  waitForHeight(h: Held, height: bigint): void {
    h.header = undefined;
    push(this.#heights, height, h);
  }

  /** What waited for a message that is logged now. */
  wake(slot: number, seq: bigint): Held[] {
    const waiting = this.#waiting[slot] as Map<bigint, Held[]>;
    const woken = waiting.get(seq) ?? [];
    waiting.delete(seq);
    return woken.filter((h) => this.get(h.slot, h.seq) === h);
  }

  /** What waited for messages of a slot above a seq, which will not come. */
  wakeAbove(slot: number, seq: bigint): Held[] {
    const waiting = this.#waiting[slot] as Map<bigint, Held[]>;
    return [...waiting.keys()].filter((s) => s > seq).flatMap((s) => this.wake(slot, s));
  }

  /** What waited for blocks up to this one. */
  wakeHeights(height: bigint): Held[] {
    const woken: Held[] = [];
    for (const [at, list] of this.#heights) {
      if (at > height) continue;
      this.#heights.delete(at);
      woken.push(...list.filter((h) => this.get(h.slot, h.seq) === h));
    }
    return woken;
  }

  /** Up to where a slot's messages are here without a gap behind its head. */
  contiguous(slot: number, head: bigint): bigint {
    let seq = head;
    while (this.#slots[slot]?.has(seq + 1n)) seq++;
    return seq;
  }

  newest(slot: number): Held | undefined {
    let best: Held | undefined;
    for (const h of this.#slots[slot]?.values() ?? []) if (!best || h.seq > best.seq) best = h;
    return best;
  }

  /**
   * What is waited for of a slot: the highest seq, and the slots whose messages wait for any. Whoever waits claims to have all
   * below, so each of them may know the first that is missing; those that wait for the lowest come first, the slot itself last.
   */
  waitedFor(slot: number): { seq: bigint; namedBy: number[] } | undefined {
    let highest = 0n;
    const lowest = new Map<number, bigint>();
    for (const [seq, list] of this.#waiting[slot] as Map<bigint, Held[]>) {
      for (const h of list) {
        if (this.get(h.slot, h.seq) !== h) continue;
        if (seq > highest) highest = seq;
        const before = lowest.get(h.slot);
        if (before === undefined || seq < before) lowest.set(h.slot, seq);
      }
    }
    if (lowest.size === 0) return undefined;
    const order = ([a, m]: [number, bigint], [b, n]: [number, bigint]): number => (a === slot || b === slot ? Number(a === slot) - Number(b === slot) : m < n ? -1 : m > n ? 1 : a - b);
    return { seq: highest, namedBy: [...lowest].sort(order).map(([by]) => by) };
  }
}

function push(lists: Map<bigint, Held[]>, key: bigint, h: Held): void {
  const list = lists.get(key);
  if (list) list.push(h);
  else lists.set(key, [h]);
}
