/** Slots and their anchored heads: what the rest of the chain reads and the only writer of their records. */
import { equalBytes, toHex } from "#kernel/bytes.js";
import { type Context, event } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import { type AnchoredHead, Role, type Seat, type Slot, SlotStatus, type Task, VerdictCode } from "#proto/gen/pouw.js";
import { roundOf, slotPositions } from "#protocol/log/positions.js";
import * as store from "./store.js";
import type { SlotsKeeper, SupervisionPorts } from "./types.js";

export const NO_HEAD: AnchoredHead = { height: 0n, seq: 0n, hash: new Uint8Array(0) };

export const headOf = (s: Slot): AnchoredHead => s.head ?? NO_HEAD;

export function slotsKeeper(ports: SupervisionPorts): SlotsKeeper {
  const list = (ctx: View, taskId: bigint) => store.slots.list(ctx, store.taskKey(taskId));

  const keeper: SlotsKeeper = {
    slots: list,
    slot: (ctx, taskId, slot) => store.slots.get(ctx, taskId, slot),
    anchors: (ctx, taskId, slot) => store.advances.list(ctx, store.slotKey(taskId, slot)),

    firstAtOrAbove(ctx, taskId, slot, seq) {
      const before = seq > 0n ? store.seqKey(taskId, slot, seq - 1n) : undefined;
      return store.advances.list(ctx, store.slotKey(taskId, slot), 1, before)[0];
    },

    advancesAt: (ctx, height) => store.advancesByHeight.list(ctx, store.taskKey(height)),

    start(ctx, t, seats) {
      if (!t.spec) throw new Error(`supervision: task ${t.id} has no spec`);
      for (const seat of seats) {
        if (seat.role !== Role.ROLE_MINER) continue;
        const positions = slotPositions(t.spec, seat.index);
        const slot: Slot = { ...emptySlot(t.id, seat.index), positions };
        store.slots.set(ctx, slot, t.id, seat.index);
      }
    },

    freeze(ctx, t) {
      for (const s of list(ctx, t.id)) {
        store.slots.set(ctx, { ...s, finalSeq: headOf(s).seq, readyBlocks: 0n }, t.id, s.slot);
        store.deleteAttestationsAbove(ctx, t.id, s.slot, headOf(s).seq);
      }
    },

    closeForFault(ctx, taskId, slot, f, code) {
      const s = store.slots.get(ctx, taskId, slot);
      if (!s) throw new Error(`supervision: task ${taskId} has no slot ${slot}`);
      if (s.status === SlotStatus.SLOT_CLOSED_FAULT) return;
      const training = ports.tasks.must(ctx, taskId).trainingEnd === 0n;
      // Once Training ended, models are fixed: a conviction takes the slot's pay and rank, not its maps.
      const head = training ? headAt(ctx, s, f) : headOf(s);
      store.slots.set(
        ctx,
        { ...s, head, status: SlotStatus.SLOT_CLOSED_FAULT, closedHeight: ctx.block.height, closedSeq: head.seq, fault: code, readyBlocks: 0n },
        taskId,
        slot,
      );
      const why = code === VerdictCode.VERDICT_UNSPECIFIED ? "equivocation" : code === VerdictCode.VERDICT_INVALID ? "invalid" : "no_residual";
      ctx.emit(event("slot_closed", { task: taskId, slot, reason: why, seq: head.seq, height: ctx.block.height }));
    },

    lowestAnchoredRound: (ctx, t) => lowestRound(list(ctx, t.id)),

    allDone: (ctx, t) => list(ctx, t.id).every((s) => s.status !== SlotStatus.SLOT_OPEN || headOf(s).seq >= s.positions),

    dutyDone(ctx, t, supervisorIndex) {
      const seat = ports.seats.seat(ctx, t.id, Role.ROLE_SUPERVISOR, supervisorIndex);
      if (!seat || seat.dropped) return false;
      return list(ctx, t.id).every((s) => {
        // Of a slot closed for a fault only what stands counts: nobody must attest a fork that it did not log.
        const final = s.status === SlotStatus.SLOT_CLOSED_FAULT ? s.closedSeq : headOf(s).seq;
        if (final === 0n) return true;
        const mine = store.highest.get(ctx, t.id, s.slot, supervisorIndex);
        if (!mine || mine.seq < final) return false;
        return mine.seq > final || s.status === SlotStatus.SLOT_CLOSED_FAULT || equalBytes(mine.hash, headOf(s).hash);
      });
    },

    attested(ctx, taskId) {
      const seated = new Set(seatedSupervisors(ports, ctx, taskId).map((s) => s.index));
      return store.highest
        .entries(ctx, store.taskKey(taskId))
        .map(([key, h]) => ({ supervisor: new DataView(key.buffer, key.byteOffset).getUint32(12), slot: new DataView(key.buffer, key.byteOffset).getUint32(8), ...h }))
        .filter((a) => seated.has(a.supervisor));
    },

    attesters: (ctx, taskId, slot, head) =>
      store.attestations
        .entries(ctx, store.seqKey(taskId, slot, head.seq))
        .filter(([, hash]) => equalBytes(hash, head.hash))
        .map(([key]) => store.attester(key)),

    verifiedIterations(ctx, taskId, slot) {
      const s = store.slots.get(ctx, taskId, slot);
      return !s || s.status === SlotStatus.SLOT_CLOSED_FAULT ? 0n : headOf(s).seq;
    },
  };

  /** The anchored head with exactly this seq; none at 0. */
  function headAt(ctx: View, s: Slot, seq: bigint): AnchoredHead {
    const head = headOf(s);
    if (seq >= head.seq) return head;
    return (seq > 0n && store.advances.get(ctx, s.taskId, s.slot, seq)) || NO_HEAD;
  }

  return keeper;
}

export function emptySlot(taskId: bigint, slot: number): Slot {
  return {
    taskId,
    slot,
    head: NO_HEAD,
    status: SlotStatus.SLOT_OPEN,
    closedHeight: 0n,
    closedSeq: 0n,
    fault: VerdictCode.VERDICT_UNSPECIFIED,
    readyBlocks: 0n,
    positions: 0n,
    finalSeq: 0n,
    lateHeight: 0n,
    lateSeq: 0n,
  };
}

/** A: the lowest anchored round of the open slots, −1 before any anchor; with none open, of all. */
export function lowestRound(slots: readonly Slot[]): bigint {
  const working = slots.filter((s) => s.positions > 0n);
  const open = working.filter((s) => s.status === SlotStatus.SLOT_OPEN);
  let lowest: bigint | undefined;
  for (const s of open.length > 0 ? open : working) {
    const round = roundOf(headOf(s).seq);
    if (lowest === undefined || round < lowest) lowest = round;
  }
  return lowest ?? -1n;
}

export const seatedSupervisors = (ports: SupervisionPorts, ctx: View, taskId: bigint): Seat[] =>
  ports.seats.seats(ctx, taskId, Role.ROLE_SUPERVISOR).filter((s) => !s.dropped);

/** Moves a slot's anchored head and records the advance. */
export function advance(ports: SupervisionPorts, ctx: Context, s: Slot, seq: bigint, hash: Uint8Array): Slot {
  const head: AnchoredHead = { height: ctx.block.height, seq, hash };
  const moved = { ...s, head, readyBlocks: 0n };
  store.slots.set(ctx, moved, s.taskId, s.slot);
  store.advances.set(ctx, head, s.taskId, s.slot, seq);
  store.advancesByHeight.set(ctx, { taskId: s.taskId, slot: s.slot, from: headOf(s).seq, head }, head.height, s.taskId, s.slot);
  const t: Task = ports.tasks.must(ctx, s.taskId);
  if (t.lastAdvance !== head.height) ports.tasks.set(ctx, { ...t, lastAdvance: head.height });
  ctx.emit(event("head_anchored", { task: s.taskId, slot: s.slot, seq, hash: toHex(hash), from: headOf(s).seq }));
  return moved;
}
