/**
 * MsgAnchorLog: a supervisor attests how far its log of each slot is contiguous, checked and fsynced.
 *
 * Supervisors anchor at different times and so at different sequence numbers; `seen` is how they still agree on one:
 * what one of them put on chain with the slot's signature, the others attest as soon as their own log contains it. A
 * (slot, seq, hash) counts once per seat, whichever list it came in. A seat's first word for a seq stands; a later,
 * different one is not counted, and does not fail the message, since a supervisor that was shown another fork is honest.
 *
 * No header may be further ahead than run_ahead of the lowest anchored round (protocol section 4), so no head can be; and
 * what a minority attests above the head is bounded, since every block looks at all of it.
 */
import { equalBytes, toHex } from "#kernel/bytes.js";
import { type Context, event } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import { type HeadAttestation, type MsgAnchorLog, type MsgAnchorLogResponse, Phase, Role, type Slot, SlotStatus } from "#proto/gen/pouw.js";
import { verifyHead } from "#protocol/log/header.js";
import { roundOf } from "#protocol/log/positions.js";
import { supervisionErrors as errors } from "./errors.js";
import { headOf, lowestRound } from "./keeper.js";
import { seatsOfSupervisor } from "./messages.js";
import * as store from "./store.js";
import type { SupervisionPorts } from "./types.js";

/** Fixed gas of one signed head: an ed25519 check and its records. */
export const GAS_PER_HEAD = 2_000n;
/** Fixed gas of one head named under `seen`. */
export const GAS_PER_SEEN = 500n;

/** Attestations above the head that are kept of one supervisor and slot: the highest. */
export const KEPT_ABOVE_HEAD = 64;

const PHASES: readonly number[] = [Phase.PHASE_TRAINING, Phase.PHASE_SUBMISSION, Phase.PHASE_SETTLING];

export function anchorLog(ports: SupervisionPorts, ctx: Context, m: MsgAnchorLog): MsgAnchorLogResponse {
  const t = ports.tasks.get(ctx, m.taskId);
  if (!t) throw errors.unknownTask(`task ${m.taskId}`);
  if (!PHASES.includes(t.phase)) throw errors.wrongPhase(`task ${m.taskId} is in phase ${t.phase}, anchors are taken from Training to Settling`);
  const seats = seatsOfSupervisor(ports, ctx, m.taskId, m.supervisor);
  ascending(m.heads, "heads");
  ascending(m.seen, "seen");
  ctx.gas.consume(GAS_PER_HEAD * BigInt(m.heads.length) + GAS_PER_SEEN * BigInt(m.seen.length), "anchored heads");

  const training = t.phase === Phase.PHASE_TRAINING;
  const attest = (s: Slot, h: HeadAttestation): void => {
    for (const seat of seats) record(ctx, s, seat.index, h, training);
  };
  const furthest = training ? lowestRound(store.slots.list(ctx, store.taskKey(t.id))) + (t.spec?.runAhead ?? 0n) : undefined;
  for (const h of m.heads) {
    const s = fitting(ctx, m.taskId, h);
    if (furthest !== undefined && h.seq > headOf(s).seq && roundOf(h.seq) > furthest) {
      throw errors.beyondRunAhead(`slot ${h.slot}: got seq ${h.seq}, round ${roundOf(h.seq)}, want at most round ${furthest}`);
    }
    const key = ports.seats.seat(ctx, m.taskId, Role.ROLE_MINER, h.slot)?.sessionKey ?? new Uint8Array(0);
    const id = { chainId: ctx.block.chainId, taskId: m.taskId, slot: h.slot, seq: h.seq, headerHash: h.headerHash };
    if (!verifyHead(ctx.crypto, key, id, h.signature)) throw errors.badSignature(`slot ${h.slot}, seq ${h.seq}`);
    attest(s, h);
  }
  for (const h of m.seen) {
    const s = fitting(ctx, m.taskId, h);
    // At or below the anchored head the record may be pruned: nothing hangs on it, so nothing is refused.
    if (h.seq > headOf(s).seq && !onChain(ctx, m.taskId, h)) throw errors.unknownHead(`slot ${h.slot}, seq ${h.seq}, hash ${toHex(h.headerHash)}`);
    attest(s, h);
  }
  for (const seat of seats) ports.seats.set(ctx, { ...seat, lastAnchor: ctx.block.height });
  ctx.emit(event("anchor_log", { task: m.taskId, supervisor: m.supervisor, heads: m.heads.length, seen: m.seen.length }));
  return {};
}

function ascending(list: readonly HeadAttestation[], name: string): void {
  let previous = -1;
  for (const h of list) {
    if (h.slot <= previous) throw errors.repeatedSlot(`${name}: slot ${h.slot} after slot ${previous}`);
    previous = h.slot;
  }
}

function fitting(ctx: View, taskId: bigint, h: HeadAttestation): Slot {
  const s = store.slots.get(ctx, taskId, h.slot);
  if (!s) throw errors.unknownSlot(`slot ${h.slot} of task ${taskId}`);
  if (h.seq < 1n || h.seq > s.positions) throw errors.seqOutOfRange(`slot ${h.slot}: got seq ${h.seq}, want 1 to ${s.positions}`);
  if (h.headerHash.length !== 32) throw errors.badHash(`slot ${h.slot}, seq ${h.seq}: got ${h.headerHash.length} bytes`);
  return s;
}

/** Whether somebody put this head on chain with the slot's signature. */
const onChain = (ctx: View, taskId: bigint, h: HeadAttestation): boolean =>
  store.attestations.list(ctx, store.seqKey(taskId, h.slot, h.seq)).some((hash) => equalBytes(hash, h.headerHash)) ||
  store.highest.list(ctx, store.slotKey(taskId, h.slot)).some((top) => top.seq === h.seq && equalBytes(top.hash, h.headerHash));

function record(ctx: Context, s: Slot, supervisor: number, h: HeadAttestation, training: boolean): void {
  if (s.status === SlotStatus.SLOT_CLOSED_FAULT && h.seq > s.closedSeq) return;
  const head = headOf(s);
  if (h.seq <= head.seq) {
    const anchored = h.seq === head.seq ? head : store.advances.get(ctx, s.taskId, s.slot, h.seq);
    if (!anchored || !equalBytes(anchored.hash, h.headerHash)) return;
  }
  const before = store.attestations.get(ctx, s.taskId, s.slot, h.seq, supervisor);
  if (before && !equalBytes(before, h.headerHash)) {
    ctx.emit(event("attestation_conflict", { task: s.taskId, slot: s.slot, seq: h.seq, supervisor, first: toHex(before), second: toHex(h.headerHash) }));
    return;
  }
  // A head that is frozen moves no more: what is attested above it shows only that the supervisor has it all.
  if (!before && (training || h.seq <= head.seq)) {
    store.attestations.set(ctx, h.headerHash, s.taskId, s.slot, h.seq, supervisor);
    if (h.seq > head.seq) dropLowest(ctx, s, supervisor);
  }
  const top = store.highest.get(ctx, s.taskId, s.slot, supervisor);
  if (!top || h.seq > top.seq) store.highest.set(ctx, { seq: h.seq, hash: h.headerHash }, s.taskId, s.slot, supervisor);
}

function dropLowest(ctx: Context, s: Slot, supervisor: number): void {
  const own = store.attestationsAbove(ctx, s.taskId, s.slot, headOf(s).seq).filter(([key]) => store.attester(key) === supervisor);
  if (own.length <= KEPT_ABOVE_HEAD) return;
  const [lowest] = own[0] as (typeof own)[number];
  store.attestations.delete(ctx, s.taskId, s.slot, store.attestedSeq(lowest), supervisor);
}
