/**
 * Reading a log in its order from a clock on. Who is behind is served from the disk, by merging the slots' own indices, so
 * that what is read is what is given; who has caught up is served from memory. Either way in slices: a reader, however many
 * messages it asks for, never holds the event loop.
 */
import type { Gate } from "./gate.js";
import { type RecentMessages, type StoredMessage } from "./log-recent.js";

export interface FollowOptions {
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
  readonly only?: ReadonlySet<number>;
  /** what reads of the disk go through: those of callers without a seat take turns (net/gate.ts) */
  readonly gate?: Gate;
}

/** What a reader needs of a log. */
export interface FollowedLog {
  /** how many messages are on disk */
  durable(): number;
  /** by slot; changes as messages are synced */
  readonly synced: readonly bigint[];
  readonly recent: RecentMessages;
  /** called once when more is on disk */
  readonly waiting: Set<() => void>;
  /** numbers in the order of the log of messages first … last */
  numbers(slot: number, first: bigint, last: bigint): Promise<number[]>;
  messages(wanted: readonly { slot: number; seq: bigint }[]): Promise<StoredMessage[]>;
}

/** messages that are looked at between two turns of the event loop, and bytes that are read from the disk at once */
const SLICE = 256;
const SLICE_BYTES = 1 << 20;
/** index entries that are read of a slot at once, and slots at once */
const INDEX_SLICE = 32;
const PARALLEL = 32;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export async function* followLog(log: FollowedLog, clock: readonly bigint[], { follow, signal, only, gate }: FollowOptions): AsyncGenerator<StoredMessage> {
  const reader = new Reader(log, clock, only, gate ?? ((read) => read()));
  while (!signal?.aborted) {
    const slice = await reader.next();
    if (slice === undefined) {
      if (!follow) return;
      await more(log, signal);
      continue;
    }
    for (const m of slice) {
      if (signal?.aborted) return;
      yield m;
    }
    await nextTurn();
  }
}

/** Resolves when more is on disk, or the signal says that nobody waits any more; leaves nothing behind in either case. */
function more(log: FollowedLog, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      log.waiting.delete(wake);
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    if (signal?.aborted) return resolve();
    log.waiting.add(wake);
    signal?.addEventListener("abort", wake, { once: true });
  });
}

class Reader {
  /** the next seq of every slot that is wanted */
  private readonly at: bigint[];
  private readonly slots: readonly number[];
  private readonly wanted: readonly boolean[];
  /** all wanted messages with a lower number were given; unknown while the reader is behind */
  private position: number | undefined;
  /** numbers of each slot's next messages */
  private readonly numbers = new Map<number, number[]>();
  private messageBytes = 4096;

  constructor(
    private readonly log: FollowedLog,
    clock: readonly bigint[],
    only: ReadonlySet<number> | undefined,
    private readonly gate: Gate,
  ) {
    this.at = log.synced.map((_, slot) => (clock[slot] ?? 0n) + 1n);
    this.wanted = this.at.map((_, slot) => !only || only.has(slot));
    this.slots = this.at.map((_, slot) => slot).filter((slot) => this.wanted[slot]);
  }

  /** The next few messages, perhaps none of many that were looked at; undefined at the end. */
  async next(): Promise<StoredMessage[] | undefined> {
    const { log } = this;
    if (this.position === undefined && this.slots.every((slot) => log.recent.covers(slot, this.at[slot] as bigint))) this.position = log.recent.first;
    // it may have stood still for longer than memory reaches back
    if (this.position !== undefined && this.position < log.recent.first) this.position = undefined;
    return this.position === undefined ? this.fromDisk() : this.fromMemory(this.position);
  }

  private fromMemory(from: number): StoredMessage[] | undefined {
    const to = Math.min(this.log.durable(), from + SLICE);
    if (to === from) return undefined;
    const out: StoredMessage[] = [];
    let bytes = 0;
    // what a reader is given it may keep for long: no more than a slice of bytes
    for (let n = from; n < to && bytes < SLICE_BYTES; n++) {
      this.position = n + 1;
      const m = this.log.recent.get(n) as StoredMessage;
      if (!this.wanted[m.slot] || m.seq < (this.at[m.slot] as bigint)) continue;
      this.at[m.slot] = m.seq + 1n;
      bytes += m.bytes.length;
      out.push(m);
    }
    return out;
  }

  private async fromDisk(): Promise<StoredMessage[]> {
    // What is synced later has higher numbers than all of this.
    const limit = [...this.log.synced];
    const durable = this.log.durable();
    const wanted: { slot: number; seq: bigint }[] = [];
    const most = Math.max(1, Math.min(SLICE, Math.floor(SLICE_BYTES / this.messageBytes)));
    while (wanted.length < most) {
      await this.refill(limit);
      const slot = this.lowest(limit);
      if (slot === undefined) {
        this.position = durable;
        this.numbers.clear();
        break;
      }
      (this.numbers.get(slot) as number[]).shift();
      const seq = this.at[slot] as bigint;
      wanted.push({ slot, seq });
      this.at[slot] = seq + 1n;
    }
    const messages = await this.gate(() => this.log.messages(wanted));
    if (messages.length > 0) this.messageBytes = messages.reduce((n, m) => n + m.bytes.length, 0) / messages.length;
    return messages;
  }

  private async refill(limit: readonly bigint[]): Promise<void> {
    const empty = this.slots.filter((slot) => (this.at[slot] as bigint) <= (limit[slot] as bigint) && !this.numbers.get(slot)?.length);
    for (let i = 0; i < empty.length; i += PARALLEL) {
      await Promise.all(
        empty.slice(i, i + PARALLEL).map(async (slot) => {
          const first = this.at[slot] as bigint;
          const last = first + BigInt(INDEX_SLICE) - 1n;
          this.numbers.set(slot, await this.gate(() => this.log.numbers(slot, first, last < (limit[slot] as bigint) ? last : (limit[slot] as bigint))));
        }),
      );
    }
  }

  /** The slot whose next message has the lowest number. */
  private lowest(limit: readonly bigint[]): number | undefined {
    let best: number | undefined;
    let lowest = Infinity;
    for (const slot of this.slots) {
      if ((this.at[slot] as bigint) > (limit[slot] as bigint)) continue;
      const number = this.numbers.get(slot)?.[0] as number;
      if (number < lowest) [best, lowest] = [slot, number];
    }
    return best;
  }
}
