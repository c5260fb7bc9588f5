/** Keys of the store `work`. */
import { concat, readU32be, readU64be, toBigInt, fromBigInt, u32be, u64be, utf8 } from "#kernel/bytes.js";
import { type View, collection } from "#kernel/store.js";
import { AnchoredHead, Job, WorkTotals } from "#proto/gen/pouw.js";

export const STORE = "work";
const none = { encode: () => new Uint8Array(0), decode: () => true as const };
const u64 = { encode: (v: bigint) => u64be(v), decode: (b: Uint8Array) => readU64be(b) };
const u256 = { encode: (v: bigint) => fromBigInt(v, 32), decode: (b: Uint8Array) => toBigInt(b) };

export const taskKey = (taskId: bigint): Uint8Array => u64be(taskId);
const iterationKey = (taskId: bigint, slot: number, seq: bigint): Uint8Array => concat(u64be(taskId), u32be(slot), u64be(seq));

/** 1: id → Job */
export const jobs = collection<[id: bigint], Job>(STORE, 1, (_, id) => u64be(id), Job);
/** 2: id → an undecided job */
export const open = collection<[id: bigint], true>(STORE, 2, (_, id) => u64be(id), none);
/** 3: task, id → a job of the task */
export const jobsOfTask = collection<[taskId: bigint, id: bigint], true>(STORE, 3, (_, taskId, id) => concat(u64be(taskId), u64be(id)), none);
/** 4: task, slot, seq → the claim's job */
export const claims = collection<[taskId: bigint, slot: number, seq: bigint], bigint>(STORE, 4, (_, taskId, slot, seq) => iterationKey(taskId, slot, seq), u64);
/** 5: height → the target in force in that block */
export const targets = collection<[height: bigint], bigint>(STORE, 5, (_, height) => u64be(height), u256);
/** 7: task, operator → verdicts that agree with their decision */
export const agreeing = collection<[taskId: bigint, operator: string], bigint>(STORE, 7, (_, taskId, operator) => concat(u64be(taskId), utf8(operator)), u64);
/** 8: task → WorkTotals, kept for good */
export const totals = collection<[taskId: bigint], WorkTotals>(STORE, 8, (_, taskId) => u64be(taskId), WorkTotals);
/** 10: task, slot, seq → the newest audit's job */
export const audits = collection<[taskId: bigint, slot: number, seq: bigint], bigint>(STORE, 10, (_, taskId, slot, seq) => iterationKey(taskId, slot, seq), u64);
/** 11: task, slot, code, seq of the head (0 for a miner's fault) → the job that convicted */
export const convictions = collection<[taskId: bigint, slot: number, code: number, seq: bigint], bigint>(
  STORE,
  11,
  (_, taskId, slot, code, seq) => concat(u64be(taskId), u32be(slot), u32be(code), u64be(seq)),
  u64,
);

/** Audits that were drawn for one advance and are not queued yet. */
export interface DrawnAudits {
  /** the advance's first iteration is from + 1 */
  from: bigint;
  head: AnchoredHead;
  /** ascending */
  offsets: readonly number[];
}
/** 12: task, height of the advance, slot → audits that wait to be queued */
export const drawn = collection<[taskId: bigint, height: bigint, slot: number], DrawnAudits>(STORE, 12, (_, taskId, height, slot) => concat(u64be(taskId), u64be(height), u32be(slot)), {
  encode: (d) => concat(u32be(d.offsets.length), u64be(d.from), ...d.offsets.map(u32be), AnchoredHead.encode(d.head)),
  decode(b) {
    const offsets = Array.from({ length: readU32be(b) }, (_, i) => readU32be(b, 12 + 4 * i));
    return { offsets, from: readU64be(b, 4), head: AnchoredHead.decode(b.subarray(12 + 4 * offsets.length)) };
  },
});

/** How many audits wait, by task, without decoding them. */
export function drawnByTask(ctx: View): Map<bigint, number> {
  const out = new Map<bigint, number>();
  for (const [key, value] of ctx.store(STORE).iterate(Uint8Array.of(12), Uint8Array.of(13))) {
    const taskId = readU64be(key, 1);
    out.set(taskId, (out.get(taskId) ?? 0) + readU32be(value));
  }
  return out;
}
export const drawnSlot = (key: Uint8Array): number => readU32be(key, 16);
export const drawnHeight = (key: Uint8Array): bigint => readU64be(key, 8);

/** What one block anchored. */
export interface Anchored {
  iterations: bigint;
  flop: bigint;
  timeMs: bigint;
}
/** 9: height → what the block anchored, the last 100 */
export const anchored = collection<[height: bigint], Anchored>(STORE, 9, (_, height) => u64be(height), {
  encode: (a) => concat(u64be(a.iterations), u64be(a.timeMs), fromBigInt(a.flop, 16)),
  decode: (b) => ({ iterations: readU64be(b), timeMs: readU64be(b, 8), flop: toBigInt(b.subarray(16, 32)) }),
});

/** The lottery's clockwork and counters. */
export interface Meta {
  target: bigint;
  paidClaims: bigint;
  /** paid since the target was last computed */
  windowClaims: bigint;
  /** counted milliseconds since then */
  windowMs: bigint;
  /** counted milliseconds since the last paid claim or doubling */
  idleMs: bigint;
  /** block time of the last end of a block; 0 before any */
  lastTimeMs: bigint;
  /** whether time counted from there on: a task that can still mint was in Training */
  counting: boolean;
  minted: bigint;
  /** deposits of audit requests that were lost */
  burned: bigint;
  nextJob: bigint;
  openJobs: number;
  /** of the open jobs those that are claims */
  openClaims: number;
}
/** 6: → Meta */
export const meta = collection<[], Meta>(STORE, 6, () => new Uint8Array(0), {
  encode: (m) =>
    concat(
      fromBigInt(m.target, 32),
      ...[m.paidClaims, m.windowClaims, m.windowMs, m.idleMs, m.lastTimeMs].map(u64be),
      Uint8Array.of(m.counting ? 1 : 0),
      ...[m.minted, m.burned, m.nextJob].map(u64be),
      u32be(m.openJobs),
      u32be(m.openClaims),
    ),
  decode: (b) => ({
    target: toBigInt(b.subarray(0, 32)),
    paidClaims: readU64be(b, 32),
    windowClaims: readU64be(b, 40),
    windowMs: readU64be(b, 48),
    idleMs: readU64be(b, 56),
    lastTimeMs: readU64be(b, 64),
    counting: b[72] === 1,
    minted: readU64be(b, 73),
    burned: readU64be(b, 81),
    nextJob: readU64be(b, 89),
    openJobs: readU32be(b, 97),
    openClaims: readU32be(b, 101),
  }),
});

/** Meta as it stands; before the first write the target is the parameters' target0. */
export function readMeta(ctx: View, target0: Uint8Array): Meta {
  return (
    meta.get(ctx) ?? {
      target: toBigInt(target0),
      paidClaims: 0n,
      windowClaims: 0n,
      windowMs: 0n,
      idleMs: 0n,
      lastTimeMs: 0n,
      counting: false,
      minted: 0n,
      burned: 0n,
      nextJob: 1n,
      openJobs: 0,
      openClaims: 0,
    }
  );
}

/** Ids of the index keys that end in a u64. */
export const lastId = (key: Uint8Array): bigint => readU64be(key, key.length - 8);
