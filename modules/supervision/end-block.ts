/**
 * End of a block, for every task in Training: silent supervisors dropped, heads moved, late slots closed, in this order,
 * so that a head moved by this block's anchors is never late in it. Then history is pruned.
 */
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { attestationsAbove, dropAttestationsUpTo } from "./attestations.js";
import { supervisionEvents as events } from "./events.js";
import { advance, seatedSupervisors } from "./keeper.js";
import { readiness } from "./rounds.js";
import { advances, advancesByHeight, slots } from "./store.js";
import { headSeq, type Slot, type SupervisedSeat, type SupervisedTask, type SupervisionPorts } from "./types.js";

export function supervisionEndBlock(ports: SupervisionPorts, ctx: Context): void {
  for (const t of ports.tasks.open(ctx)) {
    if (t.phase !== Phase.PHASE_TRAINING) continue;
    const seated = dropSilent(ports, ctx, t);
    if (seated.length === 0) {
      ports.tasks.endWithoutSupervisors(ctx, t.id);
      continue;
    }
    closeLate(ports, ctx, t, seated, moveHeads(ports, ctx, t, seated));
  }
  prune(ports, ctx);
}

/** Answers those that are left. */
function dropSilent(ports: SupervisionPorts, ctx: Context, t: SupervisedTask): SupervisedSeat[] {
  const { supervisorStallBlocks, slashStall } = t.terms;
  return seatedSupervisors(ports, ctx, t.id).filter((seat) => {
    const since = [seat.lastAnchor ?? 0n, t.training?.start ?? 0n, seat.drawnHeight].reduce((a, b) => (a > b ? a : b));
    if (ctx.block.height - since <= supervisorStallBlocks) return true;
    ports.matching.drop(ctx, seat);
    const slashed = ports.matching.slash(ctx, seat, slashStall, {});
    ctx.emit(events.supervisorDropped({ task: t.id, supervisor: seat.worker, seat: seat.index, since, slashed }));
    return false;
  });
}

/** A slot's head becomes the highest (seq, hash) that more than half of the seated attested. Answers all slots as they are then. */
function moveHeads(ports: SupervisionPorts, ctx: Context, t: SupervisedTask, seated: readonly SupervisedSeat[]): Slot[] {
  const counted = new Set(seated.map((s) => s.index));
  let anyMoved = false;
  const after = slots.list(ctx, { prefix: [t.id] }).map((s) => {
    const best = s.state.kind === "fault" ? undefined : agreed(ctx, s, counted);
    if (!best) return s;
    anyMoved = true;
    return advance(ctx, s, best.seq, best.hash);
  });
  if (anyMoved) ports.tasks.noteAdvance(ctx, t.id);
  return after;
}

function agreed(view: View, s: Slot, counted: ReadonlySet<number>): { seq: bigint; hash: Uint8Array } | undefined {
  const votes = new Map<string, number>();
  let best: { seq: bigint; hash: Uint8Array } | undefined;
  for (const { seq, supervisor, hash } of attestationsAbove(view, s.taskId, s.slot, headSeq(s))) {
    if (!counted.has(supervisor)) continue;
    const id = `${seq}/${hash.join()}`;
    const count = (votes.get(id) ?? 0) + 1;
    votes.set(id, count);
    if (count * 2 > counted.size && (!best || seq > best.seq)) best = { seq, hash };
  }
  return best;
}

function closeLate(ports: SupervisionPorts, ctx: Context, t: SupervisedTask, seated: readonly SupervisedSeat[], all: readonly Slot[]): void {
  const { height } = ctx.block;
  const { anchorInterval, stallBlocks, slashStall } = t.terms;
  const window = 2n * anchorInterval;
  const alive = seated.filter((s) => s.lastAnchor !== undefined && height - s.lastAnchor < window).length;
  const counts = alive * 2 > seated.length;
  const isReady = readiness(all, t.spec);
  const limit = stallBlocks + 4n * t.spec.iterationBlocks;

  for (const s of all) {
    if (s.state.kind !== "open") continue;
    const before = s.state.readyBlocks;
    const readyBlocks = !isReady(s) ? 0n : counts ? before + 1n : before;
    // What must be made ready before a first header takes longer than an iteration.
    if (readyBlocks >= (s.head ? limit : 4n * limit)) {
      const closure = { height, seq: headSeq(s) };
      slots.set(ctx, { ...s, state: { kind: "late", ...closure } }, t.id, s.slot);
      const seat = ports.matching.seat(ctx, t.id, Role.ROLE_MINER, s.slot);
      const slashed = seat ? ports.matching.slash(ctx, seat, slashStall, {}) : 0n;
      ctx.emit(events.closedLate({ task: t.id, slot: s.slot, reason: "late", seq: closure.seq, height, slashed }));
    } else if (readyBlocks !== before) {
      slots.set(ctx, { ...s, state: { kind: "open", readyBlocks } }, t.id, s.slot);
    }
  }
}

/** Advances looked at in one block: history that became shorter goes in several. */
const PRUNED_AT_ONCE = 10_000;

/**
 * Advances older than draws, claims and two verdict windows, with the attestations up to them; of a slot none from the first
 * to which an open job refers, since a verdict on it may slash who attested that head.
 */
function prune(ports: SupervisionPorts, ctx: Context): void {
  const keep = ports.work.history(ctx);
  if (ctx.block.height <= keep) return;
  const held = new Set<string>();
  for (const { key, value } of advancesByHeight.entries(ctx, { below: [ctx.block.height - keep], limit: PRUNED_AT_ONCE })) {
    const { taskId, slot, head } = value;
    const of = `${taskId}/${slot}`;
    if (held.has(of)) continue;
    if (ports.work.refersTo(ctx, taskId, slot, head.seq)) {
      held.add(of);
      continue;
    }
    advancesByHeight.delete(ctx, ...key);
    advances.delete(ctx, taskId, slot, head.seq);
    dropAttestationsUpTo(ctx, taskId, slot, head.seq);
  }
}
