/**
 * A task's log of iteration messages on Level: by (slot, seq), and by the order in which they were applied, which is a
 * causal order. A message counts (clock, follow) when its batch is synced. One hash per (slot, seq): the first.
 */
import { nodeCrypto } from "#platform/crypto.js";
import { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { type Database, levelKey } from "#platform/level.js";

/** bytes of recent messages that are kept in memory for those who follow */
const RECENT_BYTES = 32 << 20;
const sizeOf = (m: Iteration): number => m.header.length + m.map.length + 256;

export class LogStore {
  private readonly slots: number[] = [];
  private readonly seqs: number[] = [];
  private readonly hashes: Uint8Array[][];
  private readonly synced: bigint[];
  /** how many entries of the order are on disk */
  private durable = 0;
  private waiting: (() => void)[] = [];
  private readonly recent = new Map<number, Iteration>();
  private recentSize = 0;

  private constructor(
    private readonly db: Database,
    readonly taskId: bigint,
    readonly slotCount: number,
    private readonly recentBytes: number,
  ) {
    this.hashes = Array.from({ length: slotCount }, () => []);
    this.synced = Array.from({ length: slotCount }, () => 0n);
  }

  /** Opens, reading the order and the hashes back. */
  static async open(db: Database, taskId: bigint, slotCount: number, recentBytes = RECENT_BYTES): Promise<LogStore> {
    const log = new LogStore(db, taskId, slotCount, recentBytes);
    for await (const [, value] of db.range(levelKey("o", taskId), levelKey("o", taskId + 1n))) {
      const v = new DataView(value.buffer, value.byteOffset, value.byteLength);
      log.enter(v.getUint32(0), Number(v.getBigUint64(4)), value.slice(12, 44));
    }
    log.durable = log.slots.length;
    log.hashes.forEach((h, slot) => (log.synced[slot] = BigInt(h.length)));
    return log;
  }

  private enter(slot: number, seq: number, hash: Uint8Array): void {
    const hashes = this.hashes[slot];
    if (!hashes || hashes.length !== seq - 1) throw new Error(`log of task ${this.taskId}: message ${slot}/${seq} does not follow ${slot}/${hashes?.length ?? "?"}`);
    hashes.push(hash);
    this.slots.push(slot);
    this.seqs.push(seq);
  }

  /** Appends the slot's next message; resolves when it is on disk. */
  async append(slot: number, seq: bigint, m: Iteration, hash: Uint8Array = nodeCrypto.sha256(m.header)): Promise<void> {
    this.enter(slot, Number(seq), hash);
    const n = this.slots.length;
    this.remember(n - 1, m);
    const entry = new Uint8Array(44);
    const v = new DataView(entry.buffer);
    v.setUint32(0, slot);
    v.setBigUint64(4, seq);
    entry.set(hash, 12);
    await this.db.write([
      { key: levelKey("m", this.taskId, slot, seq), value: Iteration.encode(m) },
      { key: levelKey("o", this.taskId, n - 1), value: entry },
    ]);
    this.synced[slot] = seq;
    this.durable = Math.max(this.durable, n);
    const waiting = this.waiting;
    this.waiting = [];
    for (const wake of waiting) wake();
  }

  private remember(at: number, m: Iteration): void {
    this.recent.set(at, m);
    this.recentSize += sizeOf(m);
    // what is not on disk yet cannot be read there
    for (const [i, old] of this.recent) {
      if (this.recentSize <= this.recentBytes || i >= this.durable) return;
      this.recent.delete(i);
      this.recentSize -= sizeOf(old);
    }
  }

  /** The tasks that have a log here. */
  static async tasks(db: Database): Promise<bigint[]> {
    const out: bigint[] = [];
    const end = levelKey("p");
    for (let from = 0n; ; ) {
      const before = out.length;
      for await (const [key] of db.range(levelKey("o", from), end, { limit: 1 })) out.push(new DataView(key.buffer, key.byteOffset, key.byteLength).getBigUint64(1));
      if (out.length === before) return out;
      from = (out.at(-1) as bigint) + 1n;
    }
  }

  /** Removes a task's log. */
  static async clear(db: Database, taskId: bigint): Promise<void> {
    for (const prefix of ["m", "o"]) await db.clear(levelKey(prefix, taskId), levelKey(prefix, taskId + 1n));
  }

  /** The highest synced seq of every slot. */
  clock(): bigint[] {
    return [...this.synced];
  }
  /** The highest seq of every slot, synced or on its way. */
  heads(): bigint[] {
    return this.hashes.map((h) => BigInt(h.length));
  }
  hash(slot: number, seq: bigint): Uint8Array | undefined {
    return this.hashes[slot]?.[Number(seq) - 1];
  }
  slotHashes(slot: number): readonly Uint8Array[] {
    return this.hashes[slot] ?? [];
  }

  async get(slot: number, seq: bigint): Promise<Iteration | undefined> {
    const bytes = await this.db.get(levelKey("m", this.taskId, slot, seq));
    return bytes && Iteration.decode(bytes);
  }

  /** Messages of a slot that are here, ascending, first … last. */
  async *range(slot: number, first: bigint, last: bigint): AsyncGenerator<Iteration> {
    if (first > last) return;
    for await (const [, value] of this.db.range(levelKey("m", this.taskId, slot, first), levelKey("m", this.taskId, slot, last + 1n))) yield Iteration.decode(value);
  }

  /** What lies beyond a clock in the order of the log; with follow, for ever. `only` restricts it to some slots. */
  async *after(clock: readonly bigint[], options: { follow?: boolean; signal?: AbortSignal; only?: ReadonlySet<number> } = {}): AsyncGenerator<Iteration> {
    const { signal } = options;
    for (let i = 0; ; ) {
      while (i < this.durable) {
        if (signal?.aborted) return;
        const slot = this.slots[i] as number;
        const seq = BigInt(this.seqs[i] as number);
        if (seq > (clock[slot] ?? 0n) && (!options.only || options.only.has(slot))) {
          const m = this.recent.get(i) ?? (await this.get(slot, seq));
          if (!m) throw new Error(`log of task ${this.taskId}: message ${slot}/${seq} is missing on disk`);
          yield m;
        }
        i++;
      }
      if (!options.follow || signal?.aborted) return;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          signal?.removeEventListener("abort", wake);
          resolve();
        };
        this.waiting.push(wake);
        signal?.addEventListener("abort", wake, { once: true });
      });
    }
  }
}
