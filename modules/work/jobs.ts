/**
 * Jobs queued, closed and counted. Every write of a job's records but its verdicts and its reward goes through here.
 *
 * Invariant: a job without an outcome is in the indexes of open jobs and counted among them, and no other is.
 */
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import type { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { WorkTotals } from "#proto/gen/pouw/work/v1/types.js";
import { residualBytes } from "#protocol/tasks/engine-options.js";
import { isTolerant } from "#protocol/tasks/profiles.js";
import { workEvents as events } from "./events.js";
import { params } from "./params.js";
import * as store from "./store.js";
import type { Claim, DrawnAudit, Job, JobOutcome, RequestedAudit, WorkPorts } from "./types.js";

type New<J extends Job> = Omit<J, "id" | "createdHeight" | "deadline" | "verdicts" | "outcome">;
type NewJob = New<Claim> | New<DrawnAudit> | New<RequestedAudit>;

export function queueJob(ports: WorkPorts, ctx: Context, fields: NewJob): Job {
  const { height } = ctx.block;
  const c = store.counters.get(ctx);
  const job: Job = { ...fields, id: c.nextId, createdHeight: height, deadline: height + windowOf(ports, ctx, fields.taskId), verdicts: [] };
  const { id, kind, taskId, slot, seq, deadline } = job;
  store.counters.set(ctx, { nextId: id + 1n, open: c.open + 1, openClaims: c.openClaims + claimsIn(job) });
  store.jobs.set(ctx, job, id);
  noteOpen(ctx, job);
  store.jobsOfTask.add(ctx, taskId, id);
  (kind === "claim" ? store.claims : store.audits).set(ctx, id, taskId, slot, seq);
  ctx.emit(events.jobQueued({ job: id, kind, task: taskId, slot, seq, deadline }));
  return job;
}

/** Into the indexes of open jobs. */
export function noteOpen(ctx: Context, { id, kind, taskId, slot, head }: Job): void {
  store.openIds.add(ctx, id);
  store.openOfHead.add(ctx, taskId, slot, head.seq, id);
  if (kind === "claim") store.openClaims.add(ctx, taskId, slot, id);
}

/** verdict_window, and beside it the whole blocks of a second each that the residuals of a re-run need over a link of link_rate. */
function windowOf(ports: WorkPorts, ctx: Context, taskId: bigint): bigint {
  const { linkRate } = params.get(ctx);
  const { spec, parameters, terms } = ports.tasks.must(ctx, taskId);
  const bytes = BigInt(residualBytes(spec, Number(parameters)) * (isTolerant(spec.profile) ? 2 : 1));
  return terms.verdictWindow + bytes / linkRate;
}

export function closeJob<J extends Job>(ctx: Context, job: J, outcome: JobOutcome): J {
  const closed = { ...job, outcome };
  store.jobs.set(ctx, closed, job.id);
  store.openIds.delete(ctx, job.id);
  store.openOfHead.delete(ctx, job.taskId, job.slot, job.head.seq, job.id);
  store.openClaims.delete(ctx, job.taskId, job.slot, job.id);
  const c = store.counters.get(ctx);
  store.counters.set(ctx, { ...c, open: c.open - 1, openClaims: c.openClaims - claimsIn(job) });
  return closed;
}

/** A slot was convicted: nothing of it is paid any more. */
export function lapseClaims(ctx: Context, taskId: bigint, slot: number): void {
  for (const [, , id] of store.openClaims.keys(ctx, { prefix: [taskId, slot] })) {
    const { kind, seq } = closeJob(ctx, indexedJob(ctx, id), { kind: "lapsed", height: ctx.block.height });
    ctx.emit(events.jobLapsed({ job: id, kind, task: taskId, slot, seq }));
    count(ctx, taskId, { claimsRejected: 1n });
  }
}

export const claimsIn = (job: Job): number => (job.kind === "claim" ? 1 : 0);

export const codeName = (code: VerdictCode): string => ["LAPSED", "VALID", "INVALID", "VOID", "NO_RESIDUAL", "UNSERVED"][code] ?? `${code}`;

export function count(ctx: Context, taskId: bigint, change: Partial<WorkTotals>): void {
  const t: WorkTotals = { ...totalsOf(ctx, taskId) };
  for (const name of Object.keys(change) as (keyof WorkTotals)[]) t[name] += change[name] ?? 0n;
  store.totals.set(ctx, t, taskId);
}

export const totalsOf = (view: View, taskId: bigint): WorkTotals => store.totals.get(view, taskId) ?? WorkTotals.create();

/** The job that an index names. */
export function indexedJob(view: View, id: bigint): Job {
  const job = store.jobs.get(view, id);
  if (!job) throw new Error(`work: index names job ${id}, which is not there`);
  return job;
}

/**
 * Phases of tasks at the beginning of a block, where nothing moves them; a task that is not there is closed. PERF: each
 * task is read once, however many jobs it has.
 */
export function phasesOf(ports: WorkPorts, view: View): (taskId: bigint) => Phase {
  const known = new Map<bigint, Phase>();
  return (taskId) => {
    let phase = known.get(taskId);
    if (phase === undefined) known.set(taskId, (phase = ports.tasks.get(view, taskId)?.phase ?? Phase.PHASE_CLOSED));
    return phase;
  };
}
