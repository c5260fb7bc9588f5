/**
 * What supervisors attested: the first hash of each seat for a sequence number, and each seat's highest head.
 *
 * Invariant: of one seat and slot at most KEPT_ABOVE_HEAD attestations stand above the anchored head, since every block
 * looks at all of them; none stands above a head that is frozen.
 */
import { equalBytes, toHex } from "#kernel/bytes.js";
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import type { HeadAttestation } from "#proto/gen/pouw/supervision/v1/types.js";
import { supervisionEvents as events } from "./events.js";
import { advances, attestations, highest } from "./store.js";
import { headSeq, type Slot } from "./types.js";

/** Attestations above the head that are kept of one supervisor and slot: the highest. */
export const KEPT_ABOVE_HEAD = 64;
const LAST_SEAT = 0xffff_ffff;

export interface Attested {
  readonly seq: bigint;
  /** the supervisor's seat */
  readonly supervisor: number;
  readonly hash: Uint8Array;
}

/** The slot's attestations above `seq`, ascending by sequence number, then by seat. */
export const attestationsAbove = (view: View, taskId: bigint, slot: number, seq: bigint): Attested[] =>
  attestations
    .entries(view, { prefix: [taskId, slot], after: [taskId, slot, seq, LAST_SEAT] })
    .map(({ key: [, , attested, supervisor], value }) => ({ seq: attested, supervisor, hash: value }));

export function dropAttestationsAbove(ctx: Context, taskId: bigint, slot: number, seq: bigint): void {
  for (const key of attestations.keys(ctx, { prefix: [taskId, slot], after: [taskId, slot, seq, LAST_SEAT] })) attestations.delete(ctx, ...key);
}

/** Drops the slot's attestations of `seq` and below. */
export function dropAttestationsUpTo(ctx: Context, taskId: bigint, slot: number, seq: bigint): void {
  for (const key of attestations.keys(ctx, { prefix: [taskId, slot], below: [taskId, slot, seq + 1n] })) attestations.delete(ctx, ...key);
}

/** Whether somebody put this head on chain with the slot's signature. */
export const isOnChain = (view: View, taskId: bigint, h: HeadAttestation): boolean =>
  attestations.list(view, { prefix: [taskId, h.slot, h.seq] }).some((hash) => equalBytes(hash, h.headerHash)) ||
  highest.list(view, { prefix: [taskId, h.slot] }).some((top) => top.seq === h.seq && equalBytes(top.hash, h.headerHash));

/** Counts what a seat attests. What cannot count is left out and refuses nothing: a supervisor that was shown a fork is honest. */
export function attest(ctx: Context, s: Slot, supervisor: number, { seq, headerHash: hash }: HeadAttestation, training: boolean): void {
  if (s.state.kind === "fault" && seq > s.state.seq) return;
  const head = headSeq(s);
  if (seq <= head) {
    const anchored = seq === head ? s.head : advances.get(ctx, s.taskId, s.slot, seq);
    if (!anchored || !equalBytes(anchored.hash, hash)) return;
  }
  const before = attestations.get(ctx, s.taskId, s.slot, seq, supervisor);
  if (before && !equalBytes(before, hash)) {
    ctx.emit(events.attestationConflict({ task: s.taskId, slot: s.slot, seq, supervisor, first: toHex(before), second: toHex(hash) }));
    return;
  }
  // A head that is frozen moves no more: what is attested above it shows only that the supervisor has it all.
  if (!before && (training || seq <= head)) {
    attestations.set(ctx, hash, s.taskId, s.slot, seq, supervisor);
    if (seq > head) dropLowest(ctx, s, supervisor);
  }
  const top = highest.get(ctx, s.taskId, s.slot, supervisor);
  if (!top || seq > top.seq) highest.set(ctx, { supervisor, slot: s.slot, seq, hash }, s.taskId, s.slot, supervisor);
}

function dropLowest(ctx: Context, s: Slot, supervisor: number): void {
  const own = attestationsAbove(ctx, s.taskId, s.slot, headSeq(s)).filter((a) => a.supervisor === supervisor);
  if (own.length <= KEPT_ABOVE_HEAD) return;
  const [lowest] = own as [Attested];
  attestations.delete(ctx, s.taskId, s.slot, lowest.seq, supervisor);
}
