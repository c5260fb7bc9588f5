/** What a log keeps of its newest messages in memory, within a budget: header hashes by slot, and messages as bytes by their number. */

/** A logged message as it lies on disk: an encoded Iteration. Whoever needs its parts decodes it; whoever posts it to a thread copies it. */
export interface StoredMessage {
  readonly slot: number;
  readonly seq: bigint;
  readonly bytes: Uint8Array;
}

const HASH = 32;
const LEAST = 64;

/** The newest hashes of every slot, flat: 32 bytes each and no objects. */
export class HashWindow {
  private readonly rings: (Uint8Array | undefined)[];
  private readonly heads: number[];
  /** the lowest seq that is here */
  private readonly lowest: number[];
  private readonly most: number;

  /** At most `bytes` over all slots, and 64 hashes of each in any case. */
  constructor(slots: number, bytes: number, heads: readonly number[]) {
    let most = LEAST;
    while (most * 2 * HASH * slots <= bytes) most *= 2;
    this.most = most;
    this.rings = Array.from({ length: slots }, () => undefined);
    this.heads = [...heads];
    this.lowest = heads.map((h) => h + 1);
  }

  /** The slot's next hash. */
  push(slot: number, hash: Uint8Array): void {
    const seq = (this.heads[slot] as number) + 1;
    let ring = this.rings[slot] ?? new Uint8Array(LEAST * HASH);
    const held = seq - (this.lowest[slot] as number);
    if (held * HASH === ring.length) {
      if (held < this.most) ring = this.grown(slot, ring);
      else (this.lowest as number[])[slot] = (this.lowest[slot] as number) + 1;
    }
    this.rings[slot] = ring;
    ring.set(hash, (seq * HASH) % ring.length);
    this.heads[slot] = seq;
  }

  get(slot: number, seq: number): Uint8Array | undefined {
    const ring = this.rings[slot];
    if (!ring || seq < (this.lowest[slot] as number) || seq > (this.heads[slot] as number)) return undefined;
    const at = (seq * HASH) % ring.length;
    return ring.slice(at, at + HASH);
  }

  private grown(slot: number, ring: Uint8Array): Uint8Array {
    const out = new Uint8Array(ring.length * 2);
    for (let seq = this.lowest[slot] as number; seq <= (this.heads[slot] as number); seq++) {
      const at = (seq * HASH) % ring.length;
      out.set(ring.subarray(at, at + HASH), (seq * HASH) % out.length);
    }
    return out;
  }
}

/** PERF: a million small buffers, each as old as the next, leave a heap full of holes: they cost twice their bytes. */
const SLAB = 256 << 10;

/** The objects around a message, bytes */
const AROUND = 160;

/** The newest messages by their number in the order of the log. Those that are not on disk yet are kept whatever the budget. */
export class RecentMessages {
  private readonly messages = new Map<number, StoredMessage>();
  private size = 0;
  private slab = new Uint8Array(0);
  private used = 0;
  /** by slot, the lowest seq from which on all are here */
  private readonly lowest: bigint[];
  /** number of the oldest message here; that of the next one when there is none */
  first: number;

  constructor(
    private readonly budget: number,
    heads: readonly number[],
    count: number,
  ) {
    this.lowest = heads.map((h) => BigInt(h) + 1n);
    this.first = count;
  }

  get(number: number): StoredMessage | undefined {
    return this.messages.get(number);
  }

  get count(): number {
    return this.messages.size;
  }

  /** Whether all messages of the slot from `seq` on are here. */
  covers(slot: number, seq: bigint): boolean {
    return seq >= (this.lowest[slot] as bigint);
  }

  /** `durable`: how many messages of the log are on disk. */
  add(number: number, m: StoredMessage, durable: number): void {
    this.messages.set(number, { slot: m.slot, seq: m.seq, bytes: this.placed(m.bytes) });
    this.size += m.bytes.length + AROUND;
    while (this.size > this.budget && this.first < durable) {
      const old = this.messages.get(this.first) as StoredMessage;
      this.messages.delete(this.first++);
      this.size -= old.bytes.length + AROUND;
      this.lowest[old.slot] = old.seq + 1n;
    }
  }
  /** A copy among its neighbours, with which it will go. */
  private placed(bytes: Uint8Array): Uint8Array {
    if (bytes.length > SLAB / 8) return bytes;
    if (this.used + bytes.length > this.slab.length) {
      this.slab = new Uint8Array(SLAB);
      this.used = 0;
    }
    this.slab.set(bytes, this.used);
    this.used += bytes.length;
    return this.slab.subarray(this.used - bytes.length, this.used);
  }
}
