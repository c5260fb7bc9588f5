/**
 * Level behind a small interface: ordered byte keys, and one writer that gathers what is put while an fsync runs, so
 * that many messages share one fsync. Opening takes Level's lock, which the system releases when the process dies:
 * this is what keeps two processes off one home.
 */
import { mkdirSync } from "node:fs";
import { ClassicLevel } from "classic-level";

export type Put = { readonly key: Uint8Array; readonly value: Uint8Array | undefined };

/** Level maps each open file of 2 MiB into memory: this bounds what a process of a large database holds. */
const MAX_OPEN_FILES = 64;

export class HomeInUseError extends Error {
  override readonly name = "HomeInUseError";
}

export class Database {
  private queue: Put[] = [];
  private waiting: { resolve: () => void; reject: (e: Error) => void }[] = [];
  private flushing: Promise<void> | undefined;
  /** set by the first failed write; nothing is accepted afterwards, because what is on disk is no longer known */
  private failed: Error | undefined;

  private constructor(private readonly level: ClassicLevel<Uint8Array, Uint8Array>) {}

  static async open(directory: string): Promise<Database> {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const level = new ClassicLevel<Uint8Array, Uint8Array>(directory, { keyEncoding: "view", valueEncoding: "view" });
    try {
      await level.open({ maxOpenFiles: MAX_OPEN_FILES });
    } catch (e) {
      const cause = (e as { cause?: { code?: string; message?: string } }).cause;
      if (cause?.code === "LEVEL_LOCKED") throw new HomeInUseError(`${directory} is in use by another process: stop it or give another --home`);
      throw new Error(`cannot open the database ${directory}: ${cause?.message ?? (e as Error).message}`);
    }
    return new Database(level);
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.level.get(key);
  }

  /** What lies at these keys, in their order, in one call of the system. */
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.level.getMany([...keys]);
  }

  /** Puts and deletes, on disk (fsync) when the promise resolves; in the order of the calls. */
  write(puts: readonly Put[]): Promise<void> {
    if (this.failed) return Promise.reject(this.failed);
    this.queue.push(...puts);
    const done = new Promise<void>((resolve, reject) => this.waiting.push({ resolve, reject }));
    this.flushing ??= this.flush();
    return done;
  }

  private async flush(): Promise<void> {
    await Promise.resolve(); // all that is put in this turn goes into one batch
    while (this.queue.length > 0 || this.waiting.length > 0) {
      const puts = this.queue;
      const waiting = this.waiting;
      this.queue = [];
      this.waiting = [];
      try {
        await this.level.batch(
          puts.map((p) => (p.value ? { type: "put" as const, key: p.key, value: p.value } : { type: "del" as const, key: p.key })),
          { sync: true },
        );
        for (const w of waiting) w.resolve();
      } catch (e) {
        this.failed = new Error(`cannot write the database: ${(e as Error).message}`);
        for (const w of [...waiting, ...this.waiting]) w.reject(this.failed);
        this.queue = [];
        this.waiting = [];
      }
    }
    this.flushing = undefined;
  }

  /** Entries with from ≤ key < to, ascending; `ahead`: how many bytes are read at once, Level's own 16 KiB without it. */
  async *range(from: Uint8Array, to: Uint8Array, options: { reverse?: boolean; limit?: number; ahead?: number } = {}): AsyncGenerator<[Uint8Array, Uint8Array]> {
    const { reverse = false, limit = -1, ahead = 16 << 10 } = options;
    for await (const entry of this.level.iterator({ gte: from, lt: to, reverse, limit, highWaterMarkBytes: ahead })) yield entry;
  }

  async clear(from: Uint8Array, to: Uint8Array): Promise<void> {
    await this.level.clear({ gte: from, lt: to });
  }

  async close(): Promise<void> {
    while (this.flushing) await this.flushing;
    await this.level.close();
  }
}

/** A key: one prefix byte, then big-endian parts, so that the order of keys is the order of numbers. */
export function levelKey(prefix: string, ...parts: (bigint | number | Uint8Array)[]): Uint8Array {
  let length = 1;
  for (const p of parts) length += p instanceof Uint8Array ? p.length : 8;
  const out = new Uint8Array(length);
  const view = new DataView(out.buffer);
  out[0] = prefix.charCodeAt(0);
  let at = 1;
  for (const p of parts) {
    if (p instanceof Uint8Array) out.set(p, at);
    else if (typeof p === "bigint") view.setBigUint64(at, p);
    else if (Number.isSafeInteger(p) && p >= 0) {
      view.setUint32(at, Math.floor(p / 2 ** 32));
      view.setUint32(at + 4, p >>> 0);
    } else throw new RangeError(`a part of a key is ${p}, want a whole number from 0`);
    at += p instanceof Uint8Array ? p.length : 8;
  }
  return out;
}
