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
import { EMPTY, toHex } from "#kernel/bytes.js";
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import type { MsgAnchorLog, MsgAnchorLogResponse } from "#proto/gen/pouw/supervision/v1/tx.js";
import type { HeadAttestation } from "#proto/gen/pouw/supervision/v1/types.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { verifyHead } from "#protocol/log/header.js";
import { roundOf } from "#protocol/log/positions.js";
import { attest, isOnChain } from "../attestations.js";
import { supervisionErrors as errors } from "../errors.js";
import { supervisionEvents as events } from "../events.js";
import { furthestRound } from "../rounds.js";
import { slots } from "../store.js";
import { headSeq, type Slot, type SupervisionPorts } from "../types.js";
import { fromTrainingToSettling, seatsOfSupervisor, taskOf } from "./supervisor.js";

/** Fixed gas of one signed head: an ed25519 check and its records (bench/gas-costs.ts). */
export const GAS_PER_HEAD = 20_000n;
/** Fixed gas of one head named under `seen`. */
export const GAS_PER_SEEN = 500n;

export function anchorLog(ports: SupervisionPorts, ctx: Context, m: MsgAnchorLog): MsgAnchorLogResponse {
  const t = taskOf(ports, ctx, m.taskId);
  if (!fromTrainingToSettling(t.phase)) throw errors.wrongPhase(`task ${m.taskId} is in phase ${t.phase}, anchors are taken from Training to Settling`);
  const seats = seatsOfSupervisor(ports, ctx, m.taskId, m.supervisor);
  ascending(m.heads, "heads");
  ascending(m.seen, "seen");
  ctx.gas.consume(GAS_PER_HEAD * BigInt(m.heads.length) + GAS_PER_SEEN * BigInt(m.seen.length), "anchored heads");

  const training = t.phase === Phase.PHASE_TRAINING;
  const count = (s: Slot, h: HeadAttestation): void => {
    for (const seat of seats) attest(ctx, s, seat.index, h, training);
  };
  const furthest = training ? furthestRound(slots.list(ctx, { prefix: [t.id] }), t.spec.runAhead) : undefined;
  for (const h of m.heads) {
    const s = fitting(ctx, m.taskId, h);
    if (furthest !== undefined && h.seq > headSeq(s) && roundOf(h.seq) > furthest) {
      throw errors.beyondRunAhead(`slot ${h.slot}: got seq ${h.seq}, round ${roundOf(h.seq)}, want at most round ${furthest}`);
    }
    const sessionKey = ports.matching.seat(ctx, m.taskId, Role.ROLE_MINER, h.slot)?.sessionKey ?? EMPTY;
    const id = { chainId: ctx.block.chainId, taskId: m.taskId, slot: h.slot, seq: h.seq, headerHash: h.headerHash };
    if (!verifyHead(ctx.crypto, sessionKey, id, h.signature)) throw errors.badSignature(`slot ${h.slot}, seq ${h.seq}`);
    count(s, h);
  }
  for (const h of m.seen) {
    const s = fitting(ctx, m.taskId, h);
    // At or below the anchored head the record may be pruned: nothing hangs on it, so nothing is refused.
    if (h.seq > headSeq(s) && !isOnChain(ctx, m.taskId, h)) throw errors.unknownHead(`slot ${h.slot}, seq ${h.seq}, hash ${toHex(h.headerHash)}`);
    count(s, h);
  }
  for (const seat of seats) ports.matching.noteAnchor(ctx, seat);
  ctx.emit(events.anchorLog({ task: m.taskId, supervisor: m.supervisor, heads: m.heads.length, seen: m.seen.length }));
  return {};
}

function ascending(list: readonly HeadAttestation[], name: string): void {
  let previous = -1;
  for (const h of list) {
    if (h.slot <= previous) throw errors.repeatedSlot(`${name}: slot ${h.slot} after slot ${previous}`);
    previous = h.slot;
  }
}

function fitting(view: View, taskId: bigint, h: HeadAttestation): Slot {
  const s = slots.get(view, taskId, h.slot);
  if (!s) throw errors.unknownSlot(`slot ${h.slot} of task ${taskId}`);
  if (h.seq < 1n || h.seq > s.positions) throw errors.seqOutOfRange(`slot ${h.slot}: got seq ${h.seq}, want 1 to ${s.positions}`);
  if (h.headerHash.length !== 32) throw errors.badHash(`slot ${h.slot}, seq ${h.seq}: got ${h.headerHash.length} bytes`);
  return s;
}
