/**
 * Slots and their anchored heads: what the rest of the chain reads, and the only writer of their records.
 *
 * Invariant: a slot's head is its newest kept advance, unless a fault cut it back; once its finalSeq is written it moves
 * no more.
 */
import { equalBytes, toHex } from "#kernel/bytes.js";
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import type { AnchoredHead } from "#proto/gen/pouw/supervision/v1/types.js";
import { Role, VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { slotPositions } from "#protocol/log/positions.js";
import { dropAttestationsAbove } from "./attestations.js";
import { supervisionEvents as events } from "./events.js";
import { params } from "./params.js";
import { lowestRound } from "./rounds.js";
import { advances, advancesByHeight, attestations, highest, slots } from "./store.js";
import { headSeq, lateness, type Slot, type SupervisedSeat, type SupervisionKeeper, type SupervisionPorts, wireSlot } from "./types.js";

export const NOT_READY = { kind: "open", readyBlocks: 0n } as const;

export function supervisionKeeper(ports: SupervisionPorts): SupervisionKeeper {
  const list = (view: View, taskId: bigint): Slot[] => slots.list(view, { prefix: [taskId] });
  return {
    params: params.get,
    slots: list,
    slot: (view, taskId, slot) => slots.get(view, taskId, slot),
    wire: (view, taskId) => list(view, taskId).map(wireSlot),
    anchors: (view, taskId, slot) => advances.list(view, { prefix: [taskId, slot] }),
    firstAtOrAbove(view, taskId, slot, seq) {
      const head = advances.first(view, { prefix: [taskId, slot], from: [taskId, slot, seq] })?.value;
      // What a pruned advance covered is not covered anew by the next one: that would be a second draw.
      return head && seq > (advancesByHeight.get(view, head.height, taskId, slot)?.from ?? 0n) ? head : undefined;
    },
    advancesAt: (view, height) => advancesByHeight.list(view, { prefix: [height] }),

    start(ctx, { id, spec }) {
      for (let slot = 0; slot < spec.slots; slot++) slots.set(ctx, { taskId: id, slot, positions: slotPositions(spec, slot), state: NOT_READY }, id, slot);
    },

    freeze(ctx, { id }) {
      for (const s of list(ctx, id)) {
        const finalSeq = headSeq(s);
        slots.set(ctx, { ...s, finalSeq, state: s.state.kind === "open" ? NOT_READY : s.state }, id, s.slot);
        dropAttestationsAbove(ctx, id, s.slot, finalSeq);
      }
    },

    closeForFault(ctx, taskId, slot, seq, code) {
      const s = slots.get(ctx, taskId, slot);
      if (!s) throw new Error(`supervision: task ${taskId} has no slot ${slot}`);
      if (s.state.kind === "fault") return;
      // Once Training ended, models are fixed: a conviction takes the slot's pay and rank, not its maps.
      const training = ports.tasks.must(ctx, taskId).training?.end === undefined;
      const head = training ? headUpTo(ctx, s, seq) : s.head;
      const closed = { height: ctx.block.height, seq: head?.seq ?? 0n };
      slots.set(ctx, { ...s, head, state: { kind: "fault", ...closed, code, late: lateness(s.state) } }, taskId, slot);
      const reason = code === undefined ? "equivocation" : code === VerdictCode.VERDICT_INVALID ? "invalid" : "no_residual";
      ports.work.lapseClaims(ctx, taskId, slot);
      ctx.emit(events.closedForFault({ task: taskId, slot, reason, ...closed }));
    },

    lowestAnchoredRound: (view, taskId) => lowestRound(list(view, taskId)),

    allDone: (view, { id }) => list(view, id).every((s) => s.state.kind !== "open" || headSeq(s) >= s.positions),

    dutyDone(view, { id }, supervisorIndex) {
      const seat = ports.matching.seat(view, id, Role.ROLE_SUPERVISOR, supervisorIndex);
      if (!seat || seat.dropped) return false;
      return list(view, id).every(({ slot, state, head }) => {
        // Of a slot closed for a fault only what stands counts: nobody must attest a fork that it did not log.
        const final = state.kind === "fault" ? state.seq : (head?.seq ?? 0n);
        if (final === 0n) return true;
        const mine = highest.get(view, id, slot, supervisorIndex);
        if (!mine || mine.seq < final) return false;
        return mine.seq > final || state.kind === "fault" || (head !== undefined && equalBytes(mine.hash, head.hash));
      });
    },

    attested(view, taskId) {
      const seated = new Set(seatedSupervisors(ports, view, taskId).map((s) => s.index));
      return highest.list(view, { prefix: [taskId] }).filter((a) => seated.has(a.supervisor));
    },

    attesters: (view, taskId, slot, head) =>
      attestations
        .entries(view, { prefix: [taskId, slot, head.seq] })
        .filter(({ value }) => equalBytes(value, head.hash))
        .map(({ key: [, , , supervisor] }) => supervisor),

    verifiedIterations(view, taskId, slot) {
      const s = slots.get(view, taskId, slot);
      return !s || s.state.kind === "fault" ? 0n : headSeq(s);
    },
  };
}

/** The anchored head with exactly this sequence number, or the newest where that is not above it. */
function headUpTo(view: View, s: Slot, seq: bigint): AnchoredHead | undefined {
  if (seq >= headSeq(s)) return s.head;
  return seq > 0n ? advances.get(view, s.taskId, s.slot, seq) : undefined;
}

export const seatedSupervisors = (ports: SupervisionPorts, view: View, taskId: bigint): SupervisedSeat[] =>
  ports.matching.seats(view, taskId, Role.ROLE_SUPERVISOR).filter((s) => !s.dropped);

/** Moves a slot's anchored head, records the advance, and answers the slot as it is then. */
export function advance(ctx: Context, s: Slot, seq: bigint, hash: Uint8Array): Slot {
  const { height } = ctx.block;
  const { taskId, slot } = s;
  const head: AnchoredHead = { height, seq, hash };
  const moved: Slot = { ...s, head, state: s.state.kind === "open" ? NOT_READY : s.state };
  slots.set(ctx, moved, taskId, slot);
  advances.set(ctx, head, taskId, slot, seq);
  advancesByHeight.set(ctx, { taskId, slot, from: headSeq(s), head }, height, taskId, slot);
  ctx.emit(events.headAnchored({ task: taskId, slot, seq, hash: toHex(hash), from: headSeq(s) }));
  return moved;
}
