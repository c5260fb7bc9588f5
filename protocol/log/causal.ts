/**
 * Causal order: a message is taken only after all that its clock names.
 *
 * Whoever receives messages from several links in any order puts them in here and takes out what has become due, each
 * (slot, seq) once and every slot's in its own order.
 */

interface Held<T> {
  slot: number;
  seq: bigint;
  clock: readonly bigint[];
  value: T;
}

export class CausalQueue<T> {
  readonly #taken: bigint[];
  /** Above this entry a slot's maps are dropped (closed for a fault) and nobody waits for them. */
  readonly #ceiling = new Map<number, bigint>();
  readonly #held = new Map<string, Held<T>>();
  /** What a held message waits for now → those messages. */
  readonly #waiting = new Map<string, string[]>();

  /** `taken`: what has been taken already, by slot. */
  constructor(taken: readonly bigint[]) {
    this.#taken = [...taken];
  }

  /** Highest seq taken, by slot; a copy. */
  get taken(): bigint[] {
    return [...this.#taken];
  }

  get size(): number {
    return this.#held.size;
  }

  has(slot: number, seq: bigint): boolean {
    return seq <= (this.#taken[slot] as bigint) || this.#held.has(key(slot, seq));
  }

  /** Puts a message in; gives all that is due now, in order. A (slot, seq) that is held or taken already is dropped. */
  offer(slot: number, seq: bigint, clock: readonly bigint[], value: T): T[] {
    const ceiling = this.#ceiling.get(slot);
    if (this.has(slot, seq) || (ceiling !== undefined && seq > ceiling)) return [];
    const id = key(slot, seq);
    this.#held.set(id, { slot, seq, clock, value });
    const due: T[] = [];
    this.#settle([id], due);
    return due;
  }

  /** Says that (slot, seq) was taken by another way (the miner's own iteration, the log at a start). */
  take(slot: number, seq: bigint): T[] {
    if (seq <= (this.#taken[slot] as bigint)) return [];
    this.#taken[slot] = seq;
    this.#held.delete(key(slot, seq));
    const due: T[] = [];
    this.#settle(this.#wakers(slot, seq), due);
    return due;
  }

  /** A slot was closed for a fault: messages of it above f are dropped and nobody waits for them. */
  drop(slot: number, f: bigint): T[] {
    this.#ceiling.set(slot, f);
    for (const [id, m] of this.#held) if (m.slot === slot && m.seq > f) this.#held.delete(id);
    const due: T[] = [];
    this.#settle([...this.#held.keys()], due);
    return due;
  }

  /** What is waited for and not here: the gaps to fill from others, by slot. */
  missing(): { slot: number; seq: bigint }[] {
    const out: { slot: number; seq: bigint }[] = [];
    for (const [id, waiters] of this.#waiting) {
      if (this.#held.has(id) || !waiters.some((w) => this.#held.has(w))) continue;
      const [slot, seq] = id.split("/") as [string, string];
      if (BigInt(seq) > (this.#taken[Number(slot)] as bigint)) out.push({ slot: Number(slot), seq: BigInt(seq) });
    }
    return out;
  }

  #settle(ids: string[], due: T[]): void {
    const work = ids;
    for (let i = 0; i < work.length; i++) {
      const id = work[i] as string;
      const m = this.#held.get(id);
      if (!m) continue;
      const lacks = this.#lacks(m);
      if (lacks !== undefined) {
        const list = this.#waiting.get(lacks);
        if (!list) this.#waiting.set(lacks, [id]);
        else if (!list.includes(id)) list.push(id);
        continue;
      }
      this.#held.delete(id);
      this.#taken[m.slot] = m.seq;
      due.push(m.value);
      work.push(...this.#wakers(m.slot, m.seq));
    }
  }

  #wakers(slot: number, seq: bigint): string[] {
    const id = key(slot, seq);
    const list = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    return list;
  }

  /** The next message of the first slot that this one still waits for. */
  #lacks(m: Held<T>): string | undefined {
    for (let slot = 0; slot < this.#taken.length; slot++) {
      const taken = this.#taken[slot] as bigint;
      const ceiling = this.#ceiling.get(slot);
      let need = slot === m.slot ? m.seq - 1n : (m.clock[slot] as bigint);
      if (ceiling !== undefined && ceiling < need) need = ceiling;
      if (taken < need) return key(slot, taken + 1n);
    }
    return undefined;
  }
}

const key = (slot: number, seq: bigint): string => `${slot}/${seq}`;
