/** Jobs: queued, found, counted. Every write of a job's records goes through here. */
import { type Context, event } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import { type Job, JobKind, VerdictCode, WorkTotals } from "#proto/gen/pouw.js";
import * as store from "./store.js";
import type { AuditRequest, WorkKeeper, WorkPorts } from "./types.js";

type NewJob = Pick<Job, "kind" | "taskId" | "slot" | "seq" | "head"> & Partial<Job>;

export function queueJob(ports: WorkPorts, ctx: Context, fields: NewJob): Job {
  const params = ports.params.get(ctx);
  const m = store.readMeta(ctx, params.target0);
  const job: Job = {
    header: new Uint8Array(0),
    decided: false,
    decision: VerdictCode.VERDICT_UNSPECIFIED,
    reason: 0,
    decidedHeight: 0n,
    verdicts: [],
    submitter: "",
    deposit: 0n,
    reward: 0n,
    requeued: false,
    headerHash: new Uint8Array(0),
    ...fields,
    id: m.nextJob,
    createdHeight: ctx.block.height,
    deadline: ctx.block.height + params.verdictWindow,
  };
  store.meta.set(ctx, { ...m, nextJob: m.nextJob + 1n, openJobs: m.openJobs + 1, openClaims: m.openClaims + claimsIn(job) });
  store.jobs.set(ctx, job, job.id);
  store.open.set(ctx, true, job.id);
  store.jobsOfTask.set(ctx, true, job.taskId, job.id);
  if (job.kind === JobKind.JOB_CLAIM) store.claims.set(ctx, job.id, job.taskId, job.slot, job.seq);
  else store.audits.set(ctx, job.id, job.taskId, job.slot, job.seq);
  ctx.emit(event("job_queued", { job: job.id, kind: kindName(job.kind), task: job.taskId, slot: job.slot, seq: job.seq, deadline: job.deadline }));
  return job;
}

/** Writes a decision or a lapse (code UNSPECIFIED). */
export function closeJob(ports: WorkPorts, ctx: Context, job: Job, decision: VerdictCode, reason: number): Job {
  const closed: Job = { ...job, decided: true, decision, reason, decidedHeight: ctx.block.height };
  store.jobs.set(ctx, closed, job.id);
  store.open.delete(ctx, job.id);
  const m = store.readMeta(ctx, ports.params.get(ctx).target0);
  store.meta.set(ctx, { ...m, openJobs: m.openJobs - 1, openClaims: m.openClaims - claimsIn(job) });
  return closed;
}

const claimsIn = (job: Job): number => (job.kind === JobKind.JOB_CLAIM ? 1 : 0);

export const kindName = (kind: JobKind): string => (kind === JobKind.JOB_CLAIM ? "claim" : kind === JobKind.JOB_AUDIT ? "audit" : "requested_audit");

export const codeName = (code: VerdictCode): string => ["LAPSED", "VALID", "INVALID", "VOID", "NO_RESIDUAL", "UNSERVED"][code] ?? `${code}`;

export function count(ctx: Context, taskId: bigint, change: Partial<WorkTotals>): void {
  const t: WorkTotals = { ...(store.totals.get(ctx, taskId) ?? WorkTotals.create()) };
  for (const name of Object.keys(change) as (keyof WorkTotals)[]) t[name] += change[name] ?? 0n;
  store.totals.set(ctx, t, taskId);
}

export function workKeeper(ports: WorkPorts): WorkKeeper {
  const found = (ctx: View, id: bigint): Job => {
    const job = store.jobs.get(ctx, id);
    if (!job) throw new Error(`work: index names job ${id}, which is not there`);
    return job;
  };
  return {
    openJobs: (ctx) => store.open.entries(ctx).map(([key]) => found(ctx, store.lastId(key))),
    settled: (ctx, taskId) => store.drawn.entries(ctx, store.taskKey(taskId), 1).length === 0 && !store.open.entries(ctx).some(([key]) => found(ctx, store.lastId(key)).taskId === taskId),
    job: (ctx, id) => store.jobs.get(ctx, id),
    agreeing(ctx, taskId) {
      const out = new Map<string, bigint>();
      for (const [key, n] of store.agreeing.entries(ctx, store.taskKey(taskId))) out.set(String.fromCharCode(...key.subarray(8)), n);
      return out;
    },
    totals: (ctx, taskId) => store.totals.get(ctx, taskId) ?? WorkTotals.create(),
    verifiedIterations: (ctx, taskId, slot) => ports.slots.verifiedIterations(ctx, taskId, slot),
    auditOf: (ctx, taskId, slot, seq) => store.audits.get(ctx, taskId, slot, seq),
    requestAudit: (ctx, a: AuditRequest) => {
      count(ctx, a.taskId, { auditsDrawn: 1n });
      return queueJob(ports, ctx, { kind: JobKind.JOB_REQUESTED_AUDIT, ...a }).id;
    },
    blockTimeMs: (ctx) => store.meta.get(ctx)?.lastTimeMs ?? 0n,
    targetAt: (ctx, height) => store.targets.get(ctx, height),
  };
}
