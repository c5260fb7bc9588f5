/** Begin and end of a block: the target moved, anchored work counted, old records dropped. */
import { fromBigInt, toHex } from "#kernel/bytes.js";
import { type Context, event } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import { type Params, Phase } from "#proto/gen/pouw.js";
import { adjust, passTime, rewardOf } from "./retarget.js";
import * as store from "./store.js";
import type { WorkPorts } from "./types.js";

/** Blocks of anchored work that MiningInfo looks back on. */
export const RATE_BLOCKS = 100n;
/** How often records of closed tasks are looked for. */
const SWEEP = 100n;

/** Counts the time since the last block, before this block's claims are paid, and notes the target in force in it. */
export function beginTarget(ports: WorkPorts, ctx: Context): void {
  store.meta.set(ctx, passTime(store.readMeta(ctx, ports.params.get(ctx).target0), ctx.block.timeMs));
  if (!store.targets.has(ctx, ctx.block.height)) store.targets.set(ctx, store.readMeta(ctx, ports.params.get(ctx).target0).target, ctx.block.height);
}

export function moveTarget(ports: WorkPorts, ctx: Context): void {
  const params = ports.params.get(ctx);
  const { height } = ctx.block;
  const before = store.readMeta(ctx, params.target0);
  const counting = ports.tasks
    .open(ctx)
    .some((t) => t.phase === Phase.PHASE_TRAINING && rewardOf(params, before.paidClaims, t.mintCap - t.minted) > 0n);
  const after = { ...adjust(before, params), counting };
  store.meta.set(ctx, after);
  store.targets.set(ctx, after.target, height + 1n);
  if (after.target !== before.target) ctx.emit(event("retarget", { target: toHex(fromBigInt(after.target, 32)), paid_claims: after.paidClaims }));
  const keep = params.drawDelay + params.claimWindow + 2n;
  if (height > keep) store.targets.delete(ctx, height - keep);
}

/** Counts what this block anchored; supervision has moved its heads already. */
export function noteAnchored(ports: WorkPorts, ctx: Context): void {
  const { height, timeMs } = ctx.block;
  let iterations = 0n;
  let flop = 0n;
  for (const { taskId, from, head } of ports.slots.advancesAt(ctx, height)) {
    iterations += head.seq - from;
    flop += (head.seq - from) * (ports.tasks.get(ctx, taskId)?.flop ?? 0n);
  }
  store.anchored.set(ctx, { iterations, flop, timeMs }, height);
  if (height > RATE_BLOCKS) store.anchored.delete(ctx, height - RATE_BLOCKS);
}

/** Anchored work a second over the last blocks kept; the first only begins the interval. */
export function rates(ctx: View): { flopPerSecond: bigint; iterationsPerSecondPpm: bigint } {
  const blocks = store.anchored.list(ctx);
  const first = blocks[0];
  const last = blocks[blocks.length - 1];
  const ms = first && last ? last.timeMs - first.timeMs : 0n;
  if (ms <= 0n) return { flopPerSecond: 0n, iterationsPerSecondPpm: 0n };
  const sum = blocks.slice(1).reduce((a, b) => ({ flop: a.flop + b.flop, iterations: a.iterations + b.iterations }), { flop: 0n, iterations: 0n });
  return { flopPerSecond: (sum.flop * 1000n) / ms, iterationsPerSecondPpm: (sum.iterations * 1_000_000_000n) / ms };
}

/** Jobs, claims and counts of tasks whose seats are unlocked; the totals stay. */
export function sweep(ports: WorkPorts, ctx: Context): void {
  if (ctx.block.height % SWEEP !== 0n) return;
  const params: Params = ports.params.get(ctx);
  const done = new Map<bigint, boolean>();
  const settled = (taskId: bigint): boolean => {
    const t = ports.tasks.get(ctx, taskId);
    return !t || (t.phase === Phase.PHASE_CLOSED && ctx.block.height > t.closedHeight + params.seatUnlockBlocks + SWEEP);
  };
  for (const job of store.jobs.list(ctx)) {
    let old = done.get(job.taskId);
    if (old === undefined) done.set(job.taskId, (old = settled(job.taskId)));
    if (!old || !job.decided) continue;
    store.jobs.delete(ctx, job.id);
    store.jobsOfTask.delete(ctx, job.taskId, job.id);
    store.claims.delete(ctx, job.taskId, job.slot, job.seq);
    store.audits.delete(ctx, job.taskId, job.slot, job.seq);
    store.convictions.delete(ctx, job.taskId, job.slot, job.decision, 0n);
    if (job.head) store.convictions.delete(ctx, job.taskId, job.slot, job.decision, job.head.seq);
    for (const v of job.verdicts) store.agreeing.delete(ctx, job.taskId, v.validator);
  }
}
