/** Keys of the store `supervision`. Advances and attestations are pruned together, slots are kept for good. */
import { concat, readU32be, readU64be, u32be, u64be, utf8 } from "#kernel/bytes.js";
import { type View, collection, prefixEnd } from "#kernel/store.js";
import { AnchoredHead, Slot } from "#proto/gen/pouw.js";
import type { Advance } from "./types.js";

export const STORE = "supervision";
const bytes = { encode: (v: Uint8Array) => v, decode: (v: Uint8Array) => v };
const none = { encode: () => new Uint8Array(0), decode: () => true as const };

export const taskKey = (taskId: bigint): Uint8Array => u64be(taskId);
export const slotKey = (taskId: bigint, slot: number): Uint8Array => concat(u64be(taskId), u32be(slot));
export const seqKey = (taskId: bigint, slot: number, seq: bigint): Uint8Array => concat(u64be(taskId), u32be(slot), u64be(seq));

/** 1: task, slot → Slot */
export const slots = collection<[taskId: bigint, slot: number], Slot>(STORE, 1, (_, taskId, slot) => slotKey(taskId, slot), Slot);

/** 2: task, slot, seq → AnchoredHead of a kept advance */
export const advances = collection<[taskId: bigint, slot: number, seq: bigint], AnchoredHead>(STORE, 2, (_, taskId, slot, seq) => seqKey(taskId, slot, seq), AnchoredHead);

/** 3: height, task, slot → the advance of that block: from, then the head */
export const advancesByHeight = collection<[height: bigint, taskId: bigint, slot: number], Advance>(
  STORE,
  3,
  (_, height, taskId, slot) => concat(u64be(height), u64be(taskId), u32be(slot)),
  {
    encode: (a) => concat(u64be(a.taskId), u32be(a.slot), u64be(a.from), AnchoredHead.encode(a.head)),
    decode: (b) => ({ taskId: readU64be(b), slot: readU32be(b, 8), from: readU64be(b, 12), head: AnchoredHead.decode(b.subarray(20)) }),
  },
);

/** 4: task, slot, seq, supervisor's seat → the header hash that it attested there first */
export const attestations = collection<[taskId: bigint, slot: number, seq: bigint, supervisor: number], Uint8Array>(
  STORE,
  4,
  (_, taskId, slot, seq, supervisor) => concat(seqKey(taskId, slot, seq), u32be(supervisor)),
  bytes,
);

/** Supervisor's seat of an attestation's encoded key. */
export const attester = (key: Uint8Array): number => readU32be(key, 20);
/** Sequence number of an attestation's encoded key. */
export const attestedSeq = (key: Uint8Array): bigint => readU64be(key, 12);

export interface Highest {
  seq: bigint;
  hash: Uint8Array;
}
/** 5: task, slot, supervisor's seat → the highest head that it attested */
export const highest = collection<[taskId: bigint, slot: number, supervisor: number], Highest>(
  STORE,
  5,
  (_, taskId, slot, supervisor) => concat(slotKey(taskId, slot), u32be(supervisor)),
  { encode: (h) => concat(u64be(h.seq), h.hash), decode: (b) => ({ seq: readU64be(b), hash: b.slice(8) }) },
);

/** 6: task, slot → equivocation was reported */
export const reported = collection<[taskId: bigint, slot: number], true>(STORE, 6, (_, taskId, slot) => slotKey(taskId, slot), none);

/** 7: task, supervisor, height, job → an audit request, kept one interval */
export const requests = collection<[taskId: bigint, supervisor: string, height: bigint, job: bigint], true>(
  STORE,
  7,
  (_, taskId, supervisor, height, job) => concat(requestsOf(taskId, supervisor), u64be(height), u64be(job)),
  none,
);
export const requestsOf = (taskId: bigint, supervisor: string): Uint8Array => {
  const text = utf8(supervisor);
  return concat(u64be(taskId), u32be(text.length), text);
};

/** Keys and hashes of the slot's attestations above `seq`, ascending. */
export const attestationsAbove = (ctx: View, taskId: bigint, slot: number, seq: bigint): [Uint8Array, Uint8Array][] =>
  attestations.entries(ctx, slotKey(taskId, slot), undefined, attestations.key(ctx, taskId, slot, seq, 0xffffffff));

export function deleteAttestationsAbove(ctx: View, taskId: bigint, slot: number, seq: bigint): void {
  for (const [key] of attestationsAbove(ctx, taskId, slot, seq)) attestations.delete(ctx, taskId, slot, attestedSeq(key), attester(key));
}

/** Deletes the slot's attestations below `seq` + 1. */
export function deleteAttestationsUpTo(ctx: View, taskId: bigint, slot: number, seq: bigint): void {
  const base = concat(Uint8Array.of(4), slotKey(taskId, slot));
  const end = prefixEnd(concat(Uint8Array.of(4), seqKey(taskId, slot, seq)));
  const keys = [...ctx.store(STORE).iterate(base, end)].map(([k]) => Uint8Array.from(k));
  for (const key of keys) ctx.store(STORE).delete(key);
}
