/** Begin and end of a block: the target moved, anchored work counted, old records dropped. */
import { fromBigInt, toHex } from "#kernel/bytes.js";
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { workEvents as events } from "./events.js";
import { params } from "./params.js";
import { TARGET_BYTES } from "./records.js";
import { adjust, passTime, rewardOf } from "./retarget.js";
import * as store from "./store.js";
import type { WorkedTask, WorkPorts } from "./types.js";

/** Blocks of anchored work that MiningInfo looks back on. */
export const RATE_BLOCKS = 100n;
/** Old targets dropped in one block: history that became shorter goes in several. */
const PRUNED_AT_ONCE = 100;
/** How often records of closed tasks are looked for. */
const SWEEP = 100n;

/** Counts the time since the last block, before this block's claims are paid, and notes the target in force in it. */
export function beginTarget(ctx: Context): void {
  const { height, timeMs } = ctx.block;
  const lottery = passTime(store.lottery.get(ctx), timeMs);
  store.lottery.set(ctx, lottery);
  // The block before has noted it, but for the first.
  if (!store.targets.has(ctx, height)) store.targets.set(ctx, lottery.target, height);
}

type Windows = Pick<WorkedTask["terms"], "drawDelay" | "claimWindow" | "verdictWindow">;
const longest = (windows: readonly Windows[], of: (w: Windows) => bigint): bigint => windows.reduce((most, w) => (of(w) > most ? of(w) : most), 0n);

/** Blocks of history that an open task may need, or one that is created now. */
export const history = (ports: Pick<WorkPorts, "tasks">, view: View): bigint =>
  longest([params.get(view), ...ports.tasks.open(view).map((t) => t.terms)], (w) => w.drawDelay + w.claimWindow + 2n * w.verdictWindow);

export function moveTarget(ports: WorkPorts, ctx: Context): void {
  const p = params.get(ctx);
  const { height } = ctx.block;
  const before = store.lottery.get(ctx);
  const open = ports.tasks.open(ctx);
  const counting = open.some((t) => t.phase === Phase.PHASE_TRAINING && rewardOf(p, before.paidClaims, t.mintCap - t.minted) > 0n);
  const after = { ...adjust(before, p), counting };
  store.lottery.set(ctx, after);
  store.targets.set(ctx, after.target, height + 1n);
  if (after.target !== before.target) ctx.emit(events.retarget({ target: toHex(fromBigInt(after.target, TARGET_BYTES)), paid_claims: after.paidClaims }));
  const keep = longest([p, ...open.map((t) => t.terms)], (w) => w.drawDelay + w.claimWindow) + 2n;
  if (height > keep) for (const [old] of store.targets.keys(ctx, { below: [height - keep + 1n], limit: PRUNED_AT_ONCE })) store.targets.delete(ctx, old);
}

/** Counts what this block anchored; supervision has moved its heads already. */
export function noteAnchored(ports: WorkPorts, ctx: Context): void {
  const { height, timeMs } = ctx.block;
  const flopOf = new Map<bigint, bigint>();
  let iterations = 0n;
  let flop = 0n;
  for (const { taskId, from, head } of ports.supervision.advancesAt(ctx, height)) {
    let each = flopOf.get(taskId);
    if (each === undefined) flopOf.set(taskId, (each = ports.tasks.get(ctx, taskId)?.flop ?? 0n));
    iterations += head.seq - from;
    flop += (head.seq - from) * each;
  }
  store.anchored.set(ctx, { height, timeMs, iterations, flop }, height);
  if (height > RATE_BLOCKS) store.anchored.delete(ctx, height - RATE_BLOCKS);
}

/** Anchored work a second over the last blocks kept; the first only begins the interval. */
export function rates(view: View): { flopPerSecond: bigint; iterationsPerSecondPpm: bigint } {
  const blocks = store.anchored.list(view);
  const first = blocks[0];
  const last = blocks[blocks.length - 1];
  const ms = first && last ? last.timeMs - first.timeMs : 0n;
  if (ms <= 0n) return { flopPerSecond: 0n, iterationsPerSecondPpm: 0n };
  const sum = blocks.slice(1).reduce((a, b) => ({ flop: a.flop + b.flop, iterations: a.iterations + b.iterations }), { flop: 0n, iterations: 0n });
  return { flopPerSecond: (sum.flop * 1000n) / ms, iterationsPerSecondPpm: (sum.iterations * 1_000_000_000n) / ms };
}

/** Jobs, claims and counts of tasks whose seats are unlocked; the totals stay. */
export function sweep(ports: WorkPorts, ctx: Context): void {
  const { height } = ctx.block;
  if (height % SWEEP !== 0n) return;
  const done = new Map<bigint, boolean>();
  const settled = (taskId: bigint): boolean => {
    const t = ports.tasks.get(ctx, taskId);
    return !t || (t.closedHeight !== undefined && height > t.closedHeight + t.terms.seatUnlockBlocks + SWEEP);
  };
  for (const { id, taskId, slot, seq, head, verdicts, outcome } of store.jobs.list(ctx)) {
    let old = done.get(taskId);
    if (old === undefined) done.set(taskId, (old = settled(taskId)));
    if (!old || !outcome) continue;
    store.jobs.delete(ctx, id);
    store.jobsOfTask.delete(ctx, taskId, id);
    store.claims.delete(ctx, taskId, slot, seq);
    store.audits.delete(ctx, taskId, slot, seq);
    for (const v of verdicts) store.agreeing.delete(ctx, taskId, v.validator);
    if (outcome.kind !== "decided") continue;
    store.convictions.delete(ctx, taskId, slot, outcome.code, 0n);
    store.convictions.delete(ctx, taskId, slot, outcome.code, head.seq);
  }
}
