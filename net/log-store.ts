/**
 * A task's log of iteration messages on Level. A message counts (clock, follow) when its batch is synced. One message per
 * (slot, seq): the first.
 *
 * In one batch with a message go its entry in the index (its number in the order of the log, which is a causal order, and
 * its header hash) and the tree nodes that it completes. All else follows from these: opening reads each slot's last entry
 * and some nodes, however long the log is. Memory is bounded by slots: the newest hashes and messages, and a frontier each.
 */
import { nodeCrypto } from "#platform/crypto.js";
import { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { type Database, levelKey, type Put } from "#platform/level.js";
import { firstTip, type SlotTip, tipAfter } from "#protocol/log/check.js";
import { decodeHeader } from "#protocol/log/header.js";
import { emptyRoot, LogFrontier, type NodeRun, proofFrom, proofRuns } from "#protocol/log/log-root.js";
import { type FollowedLog, type FollowOptions, followLog } from "./log-follow.js";
import { HashWindow, RecentMessages, type StoredMessage } from "./log-recent.js";

export type { StoredMessage } from "./log-recent.js";

/** bytes of recent messages that are kept in memory for those who follow, and of header hashes */
const RECENT_BYTES = 32 << 20;
const HASH_BYTES = 16 << 20;
const PAGE_BYTES = 1 << 20;
/** bytes that a reader of a slot reads from the disk at once */
const READ_AHEAD = 128 << 10;
/** slots that are read at once */
const PARALLEL = 32;
/** one prefix each: messages, the index, tree nodes */
const PREFIXES = ["m", "i", "n"] as const;

/** Where a slot's log ends, as the rules and an anchor need it. */
export interface StoredTip {
  readonly tip: SlotTip;
  /** of the last header; empty before the first */
  readonly signature: Uint8Array;
  /** a copy, for whoever appends to it on its own */
  readonly frontier: LogFrontier;
}

export interface LogPage {
  readonly messages: readonly StoredMessage[];
  /** where the next page begins; undefined behind the last synced message */
  readonly next: bigint | undefined;
}

interface IndexEntry {
  readonly number: number;
  readonly hash: Uint8Array;
}

export class LogStore {
  private readonly synced: bigint[];
  /** how many messages there are, and how many of them are on disk */
  private count: number;
  private durable: number;
  private readonly waiting = new Set<() => void>();
  private readonly window: HashWindow;
  private readonly recent: RecentMessages;
  private readonly followed: FollowedLog;

  private constructor(
    private readonly db: Database,
    readonly taskId: bigint,
    private readonly tops: number[],
    /** header hash of each slot's last message */
    last: readonly (Uint8Array | undefined)[],
    private readonly frontiers: LogFrontier[],
    recentBytes: number,
  ) {
    this.count = this.durable = tops.reduce((a, b) => a + b, 0);
    this.synced = tops.map(BigInt);
    this.window = new HashWindow(tops.length, HASH_BYTES, tops.map((t) => Math.max(0, t - 1)));
    last.forEach((hash, slot) => hash && this.window.push(slot, hash));
    this.recent = new RecentMessages(recentBytes, tops, this.count);
    this.followed = {
      durable: () => this.durable,
      synced: this.synced,
      recent: this.recent,
      waiting: this.waiting,
      numbers: async (slot, first, last) => (await this.index(slot, first, last)).map((e) => e.number),
      messages: (wanted) => this.messages(wanted),
    };
  }

  get slotCount(): number {
    return this.tops.length;
  }

  /** Opens: reads where each slot ends, in a time that does not depend on how much lies before. */
  static async open(db: Database, taskId: bigint, slotCount: number, recentBytes = RECENT_BYTES): Promise<LogStore> {
    const tops: number[] = [];
    const hashes: (Uint8Array | undefined)[] = [];
    const frontiers: LogFrontier[] = [];
    let highest = -1;
    for (let from = 0; from < slotCount; from += PARALLEL) {
      const slots = Array.from({ length: Math.min(PARALLEL, slotCount - from) }, (_, i) => from + i);
      await Promise.all(
        slots.map(async (slot) => {
          const top = await lastOf(db, taskId, slot);
          tops[slot] = top.seq;
          hashes[slot] = top.hash;
          highest = Math.max(highest, top.number);
          frontiers[slot] = LogFrontier.from(nodeCrypto, top.seq, await readRuns(db, taskId, slot, LogFrontier.runs(top.seq)));
        }),
      );
    }
    const total = tops.reduce((a, b) => a + b, 0);
    if (total !== highest + 1) throw new Error(`the log of task ${taskId} has ${total} messages, but the last is number ${highest + 1}: the database is damaged, restore it or begin with an empty home`);
    return new LogStore(db, taskId, tops, hashes, frontiers, recentBytes);
  }

  /** Appends the slot's next message, an Iteration or its encoding; resolves when it is on disk. */
  async append(slot: number, seq: bigint, m: Iteration | Uint8Array, hash: Uint8Array): Promise<void> {
    const top = this.tops[slot];
    if (top === undefined || seq !== BigInt(top + 1)) throw new Error(`log of task ${this.taskId}: message ${slot}/${seq} does not follow ${slot}/${top ?? "?"}`);
    const bytes = m instanceof Uint8Array ? m : Iteration.encode(m);
    const number = this.count++;
    this.tops[slot] = top + 1;
    this.window.push(slot, hash);
    this.recent.add(number, { slot, seq, bytes }, this.durable);
    const puts: Put[] = [
      { key: levelKey("m", this.taskId, slot, seq), value: bytes },
      { key: levelKey("i", this.taskId, slot, seq), value: indexEntry(number, hash) },
    ];
    (this.frontiers[slot] as LogFrontier).append(hash, (level, index, root) => puts.push({ key: levelKey("n", this.taskId, slot, level, index), value: root }));
    await this.db.write(puts);
    this.synced[slot] = seq;
    this.durable = Math.max(this.durable, number + 1);
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Resolves when all that was appended before is on disk. */
  async flushed(): Promise<void> {
    await this.db.write([]);
  }

  /** The tasks that have a log here. */
  static async tasks(db: Database): Promise<bigint[]> {
    const out: bigint[] = [];
    const end = levelKey("j");
    for (let from = 0n; ; ) {
      const before = out.length;
      for await (const [key] of db.range(levelKey("i", from), end, { limit: 1 })) out.push(viewOf(key).getBigUint64(1));
      if (out.length === before) return out;
      from = (out.at(-1) as bigint) + 1n;
    }
  }

  /** Removes a task's log. */
  static async clear(db: Database, taskId: bigint): Promise<void> {
    for (const prefix of PREFIXES) await db.clear(levelKey(prefix, taskId), levelKey(prefix, taskId + 1n));
  }

  /** The highest synced seq of every slot. */
  clock(): bigint[] {
    return [...this.synced];
  }
  /** The highest seq of every slot, synced or on its way. */
  heads(): bigint[] {
    return this.tops.map(BigInt);
  }

  /** Header hash of a recent message: at least the last 64 of a slot since the log was opened, and its last one before. Else see hashAt. */
  hash(slot: number, seq: bigint): Uint8Array | undefined {
    return this.window.get(slot, Number(seq));
  }
  async hashAt(slot: number, seq: bigint): Promise<Uint8Array | undefined> {
    if (seq < 1n || seq > BigInt(this.tops[slot] ?? 0)) return undefined;
    return this.hash(slot, seq) ?? (await this.index(slot, seq, seq))[0]?.hash;
  }
  /** Header hashes first … last, as far as they are synced: 32 bytes each, end to end. */
  async hashes(slot: number, first: bigint, last: bigint): Promise<Uint8Array> {
    const end = last < (this.synced[slot] ?? 0n) ? last : (this.synced[slot] ?? 0n);
    if (first > end) return new Uint8Array(0);
    const out = new Uint8Array(32 * Number(end - first + 1n));
    let at = 0;
    for await (const [, value] of this.db.range(levelKey("i", this.taskId, slot, first), levelKey("i", this.taskId, slot, end + 1n), { ahead: READ_AHEAD })) {
      out.set(value.subarray(8), at);
      at += 32;
    }
    return out;
  }

  /** Root over the slot's header hashes, those on their way to the disk included: what its next header has as log_root. */
  logRoot(slot: number): Uint8Array {
    return (this.frontiers[slot] as LogFrontier).root();
  }

  /** RFC 6962 proof that header `seq` is in the log_root of header `head`; empty when they are one. Both are synced. */
  async proof(slot: number, seq: bigint, head: bigint): Promise<Uint8Array[]> {
    if (seq === head) return [];
    const size = Number(head) - 1;
    return proofFrom(nodeCrypto, seq - 1n, size, await readRuns(this.db, this.taskId, slot, proofRuns(seq - 1n, size)));
  }

  /** The frontier over a slot's first `size` header hashes, which are synced. */
  async frontierAt(slot: number, size: bigint): Promise<LogFrontier> {
    return LogFrontier.from(nodeCrypto, Number(size), await readRuns(this.db, this.taskId, slot, LogFrontier.runs(Number(size))));
  }

  /** Where every slot's log ends. */
  async tips(startHeight: bigint): Promise<StoredTip[]> {
    const out: StoredTip[] = [];
    for (const [slot, top] of this.tops.entries()) {
      const frontier = (this.frontiers[slot] as LogFrontier).copy();
      const m = top > 0 ? await this.get(slot, BigInt(top)) : undefined;
      if (!m) {
        if (top > 0) throw this.missing(slot, BigInt(top));
        out.push({ tip: firstTip(this.slotCount, startHeight, emptyRoot(nodeCrypto)), signature: new Uint8Array(0), frontier });
        continue;
      }
      const checked = { header: decodeHeader(m.header), headerHash: nodeCrypto.sha256(m.header) };
      out.push({ tip: tipAfter(checked, frontier.root()), signature: m.signature, frontier });
    }
    return out;
  }

  async get(slot: number, seq: bigint): Promise<Iteration | undefined> {
    const bytes = await this.db.get(levelKey("m", this.taskId, slot, seq));
    return bytes && Iteration.decode(bytes);
  }

  /** Messages of a slot that are on disk, ascending, first … last. */
  async *range(slot: number, first: bigint, last: bigint, ahead = READ_AHEAD): AsyncGenerator<StoredMessage> {
    const end = last < (this.synced[slot] ?? 0n) ? last : (this.synced[slot] ?? 0n);
    let seq = first;
    if (first > end) return;
    for await (const [, bytes] of this.db.range(levelKey("m", this.taskId, slot, first), levelKey("m", this.taskId, slot, end + 1n), { ahead })) yield { slot, seq: seq++, bytes };
  }

  /** So many messages from `first` on as have `maxBytes`, and one in any case. */
  async page(slot: number, first: bigint, maxBytes = PAGE_BYTES): Promise<LogPage> {
    const messages: StoredMessage[] = [];
    let size = 0;
    for await (const m of this.range(slot, first, this.synced[slot] ?? 0n, maxBytes)) {
      if (messages.length > 0 && size + m.bytes.length > maxBytes) return { messages, next: m.seq };
      messages.push(m);
      size += m.bytes.length;
    }
    return { messages, next: undefined };
  }

  /** Messages of a slot from `last` down to `first`, the last of them the one that reaches so many bytes. */
  async *descend(slot: number, last: bigint, first: bigint, bytes: number): AsyncGenerator<StoredMessage> {
    if (first > last) return;
    let sent = 0;
    let seq = last;
    for await (const [, value] of this.db.range(levelKey("m", this.taskId, slot, first), levelKey("m", this.taskId, slot, last + 1n), { reverse: true, ahead: READ_AHEAD })) {
      yield { slot, seq: seq--, bytes: value };
      sent += value.length;
      if (sent >= bytes) return;
    }
  }

  /** What lies beyond a clock in the order of the log; with follow, for ever. `only` restricts it to some slots. */
  after(clock: readonly bigint[], options: FollowOptions = {}): AsyncGenerator<StoredMessage> {
    return followLog(this.followed, clock, options);
  }

  private async messages(wanted: readonly { slot: number; seq: bigint }[]): Promise<StoredMessage[]> {
    const found = await this.db.getMany(wanted.map(({ slot, seq }) => levelKey("m", this.taskId, slot, seq)));
    return wanted.map(({ slot, seq }, i) => {
      const bytes = found[i];
      if (!bytes) throw this.missing(slot, seq);
      return { slot, seq, bytes };
    });
  }

  private index(slot: number, first: bigint, last: bigint): Promise<IndexEntry[]> {
    return readIndex(this.db, this.taskId, slot, first, last);
  }

  private missing(slot: number, seq: bigint): Error {
    return new Error(`log of task ${this.taskId}: message ${slot}/${seq} is missing on disk`);
  }
}

const viewOf = (b: Uint8Array): DataView => new DataView(b.buffer, b.byteOffset, b.byteLength);

function indexEntry(number: number, hash: Uint8Array): Uint8Array {
  const entry = new Uint8Array(40);
  viewOf(entry).setBigUint64(0, BigInt(number));
  entry.set(hash, 8);
  return entry;
}

/** A copy of the hash: Level gives Buffers, whose slice is a view that holds all of it. */
const entryOf = (value: Uint8Array): IndexEntry => ({ number: Number(viewOf(value).getBigUint64(0)), hash: new Uint8Array(value.subarray(8, 40)) });

async function readIndex(db: Database, taskId: bigint, slot: number, first: bigint, last: bigint): Promise<IndexEntry[]> {
  const out: IndexEntry[] = [];
  for await (const [, value] of db.range(levelKey("i", taskId, slot, first), levelKey("i", taskId, slot, last + 1n))) out.push(entryOf(value));
  return out;
}

async function lastOf(db: Database, taskId: bigint, slot: number): Promise<{ seq: number; number: number; hash?: Uint8Array }> {
  for await (const [key, value] of db.range(levelKey("i", taskId, slot, 0), levelKey("i", taskId, slot + 1, 0), { reverse: true, limit: 1 })) {
    return { seq: Number(viewOf(key).getBigUint64(17)), ...entryOf(value) };
  }
  return { seq: 0, number: -1 };
}

/** The nodes of each run: header hashes from the index, others as they were kept. */
function readRuns(db: Database, taskId: bigint, slot: number, runs: readonly NodeRun[]): Promise<Uint8Array[][]> {
  return Promise.all(
    runs.map(async ({ level, first, count }) => {
      if (level === 0) return (await readIndex(db, taskId, slot, BigInt(first) + 1n, BigInt(first + count))).map((e) => e.hash);
      const nodes = await db.getMany(Array.from({ length: count }, (_, i) => levelKey("n", taskId, slot, level, first + i)));
      return nodes.map((n, i) => {
        if (!n) throw new Error(`log of task ${taskId}: tree node ${level}/${first + i} of slot ${slot} is missing on disk`);
        return new Uint8Array(n);
      });
    }),
  );
}
