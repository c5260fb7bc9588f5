/**
 * End of a block, for every task in Training: silent supervisors dropped, heads moved, late slots closed, in this order,
 * so that a head moved by this block's anchors is never late in it. Then history is pruned.
 */
import { readU64be, u64be } from "#kernel/bytes.js";
import { type Context, event } from "#kernel/context.js";
import { type Params, Phase, Role, type Seat, type Slot, SlotStatus, type Task } from "#proto/gen/pouw.js";
import { advance, headOf, lowestRound, seatedSupervisors } from "./keeper.js";
import * as store from "./store.js";
import type { SupervisionPorts } from "./types.js";

export function supervisionEndBlock(ports: SupervisionPorts, ctx: Context): void {
  const params = ports.params.get(ctx);
  for (const t of ports.tasks.open(ctx)) {
    if (t.phase !== Phase.PHASE_TRAINING) continue;
    const seated = dropSilent(ports, ctx, t, params);
    if (seated.length === 0) {
      ports.tasks.endWithoutSupervisors(ctx, ports.tasks.must(ctx, t.id));
      continue;
    }
    moveHeads(ports, ctx, t, seated);
    closeLate(ports, ctx, t, seated, params);
  }
  prune(ctx, params);
}

function dropSilent(ports: SupervisionPorts, ctx: Context, t: Task, params: Params): Seat[] {
  for (const seat of seatedSupervisors(ports, ctx, t.id)) {
    const since = [seat.lastAnchor, t.startHeight, seat.drawnHeight].reduce((a, b) => (a > b ? a : b));
    if (ctx.block.height - since <= params.supervisorStallBlocks) continue;
    ports.seats.set(ctx, { ...seat, dropped: true });
    const now = ports.seats.seat(ctx, t.id, Role.ROLE_SUPERVISOR, seat.index) as Seat;
    const taken = ports.seats.slash(ctx, now, params.slashStall, {});
    ctx.emit(event("supervisor_dropped", { task: t.id, supervisor: seat.worker, seat: seat.index, since, slashed: taken }));
  }
  return seatedSupervisors(ports, ctx, t.id);
}

/** A slot's head becomes the highest (seq, hash) that more than half of the seated attested. */
function moveHeads(ports: SupervisionPorts, ctx: Context, t: Task, seated: readonly Seat[]): void {
  const counted = new Set(seated.map((s) => s.index));
  for (const s of store.slots.list(ctx, store.taskKey(t.id))) {
    if (s.status === SlotStatus.SLOT_CLOSED_FAULT) continue;
    const above = store.attestationsAbove(ctx, t.id, s.slot, headOf(s).seq);
    const votes = new Map<string, { seq: bigint; hash: Uint8Array; count: number }>();
    let best: { seq: bigint; hash: Uint8Array } | undefined;
    for (const [key, hash] of above) {
      if (!counted.has(store.attester(key))) continue;
      const seq = store.attestedSeq(key);
      const id = `${seq}/${hash.join()}`;
      const entry = votes.get(id) ?? { seq, hash, count: 0 };
      entry.count++;
      votes.set(id, entry);
      if (entry.count * 2 > seated.length && (!best || seq > best.seq)) best = entry;
    }
    if (best) advance(ports, ctx, s, best.seq, best.hash);
  }
}

function closeLate(ports: SupervisionPorts, ctx: Context, t: Task, seated: readonly Seat[], params: Params): void {
  if (!t.spec) throw new Error(`supervision: task ${t.id} has no spec`);
  const window = 2n * params.anchorInterval;
  const alive = seated.filter((s) => s.lastAnchor > 0n && ctx.block.height - s.lastAnchor < window).length;
  const counts = alive * 2 > seated.length;
  const slots = store.slots.list(ctx, store.taskKey(t.id));
  const isReady = readiness(slots, t.spec.lag, t.spec.runAhead);
  const limit = params.stallBlocks + 4n * t.spec.iterationBlocks;

  for (const s of slots) {
    if (s.status !== SlotStatus.SLOT_OPEN) continue;
    const ready = isReady(s);
    const readyBlocks = !ready ? 0n : counts ? s.readyBlocks + 1n : s.readyBlocks;
    const head = headOf(s);
    if (readyBlocks >= (head.seq === 0n ? 4n * limit : limit)) {
      const closed = { ...s, status: SlotStatus.SLOT_CLOSED_LATE, closedHeight: ctx.block.height, closedSeq: head.seq, lateHeight: ctx.block.height, lateSeq: head.seq, readyBlocks: 0n };
      store.slots.set(ctx, closed, t.id, s.slot);
      const seat = ports.seats.seat(ctx, t.id, Role.ROLE_MINER, s.slot);
      const taken = seat ? ports.seats.slash(ctx, seat, params.slashStall, {}) : 0n;
      ctx.emit(event("slot_closed", { task: t.id, slot: s.slot, reason: "late", seq: head.seq, height: ctx.block.height, slashed: taken }));
    } else if (readyBlocks !== s.readyBlocks) {
      store.slots.set(ctx, { ...s, readyBlocks }, t.id, s.slot);
    }
  }
}

/**
 * Whether a slot could work on: its next position exists, every map that it requires (each slot's up to round t − lag,
 * as far as it exists and is not excused) is anchored, and its round t ≤ A + run_ahead.
 */
export function readiness(slots: readonly Slot[], lag: number, runAhead: bigint): (s: Slot) => boolean {
  // The lowest head that can still grow bounds what may be required; a slot at its end or its closure lacks nothing.
  let lowest: bigint | undefined;
  for (const s of slots) {
    const end = s.status === SlotStatus.SLOT_OPEN ? s.positions : s.closedSeq;
    const { seq } = headOf(s);
    if (seq < end && (lowest === undefined || seq < lowest)) lowest = seq;
  }
  const a = lowestRound(slots);
  return (s) => {
    const round = headOf(s).seq;
    if (round >= s.positions || round > a + runAhead) return false;
    const required = round - BigInt(lag) + 1n;
    return lowest === undefined || required <= lowest;
  };
}

/** Advances older than draws, claims and two verdict windows, with the attestations up to them. */
function prune(ctx: Context, params: Params): void {
  const keep = params.drawDelay + params.claimWindow + 2n * params.verdictWindow;
  if (ctx.block.height <= keep) return;
  const first = ctx.block.height - keep;
  const old: [bigint, bigint, number, bigint][] = [];
  for (const [key] of ctx.store(store.STORE).iterate(Uint8Array.of(3), Uint8Array.of(3, ...u64be(first)))) {
    const view = new DataView(key.buffer, key.byteOffset);
    const height = readU64be(key, 1);
    const taskId = readU64be(key, 9);
    const slot = view.getUint32(17);
    const a = store.advancesByHeight.get(ctx, height, taskId, slot);
    if (a) old.push([height, taskId, slot, a.head.seq]);
  }
  for (const [height, taskId, slot, seq] of old) {
    store.advancesByHeight.delete(ctx, height, taskId, slot);
    store.advances.delete(ctx, taskId, slot, seq);
    store.deleteAttestationsUpTo(ctx, taskId, slot, seq);
  }
}
