/**
 * Verdicts of the last commit's extensions: recorded (one per job and validator, the first), then every open job looked
 * at in order of its id: decided when one code has more than 2/3 of all power, lapsed at the end of its window.
 */
import { compareBytes } from "#kernel/bytes.js";
import { type Context, event } from "#kernel/context.js";
import { type Job, JobKind, Phase, VerdictCode, type WorkTotals } from "#proto/gen/pouw.js";
import { decodeVerdicts } from "#protocol/verification/extension.js";
import { applyDecision, returnDeposit } from "./consequences.js";
import { closeJob, codeName, count, kindName, queueJob } from "./jobs.js";
import * as store from "./store.js";
import type { WorkPorts } from "./types.js";

const COUNTER: Readonly<Record<number, keyof WorkTotals>> = {
  [VerdictCode.VERDICT_VALID]: "verdictsValid",
  [VerdictCode.VERDICT_INVALID]: "verdictsInvalid",
  [VerdictCode.VERDICT_VOID]: "verdictsVoid",
  [VerdictCode.VERDICT_NO_RESIDUAL]: "verdictsNoResidual",
  [VerdictCode.VERDICT_UNSERVED]: "verdictsUnserved",
};

export function tallyVerdicts(ports: WorkPorts, ctx: Context): void {
  const power = recordVerdicts(ports, ctx);
  for (const [key] of store.open.entries(ctx)) {
    const job = store.jobs.get(ctx, store.lastId(key));
    if (!job) throw new Error(`work: index names job ${store.lastId(key)}, which is not there`);
    const phase = ports.tasks.get(ctx, job.taskId)?.phase ?? Phase.PHASE_CLOSED;
    // A task that ended early has unlocked its seats and settled its money: nothing is left to decide.
    if (phase === Phase.PHASE_CLOSED || phase === Phase.PHASE_PAYOUT) {
      lapse(ports, ctx, job, false);
      continue;
    }
    const decision = decide(job, power, ctx.block.totalPower);
    if (decision !== undefined) {
      const closed = closeJob(ports, ctx, job, decision, reasonOf(job, decision));
      ctx.emit(event("job_decided", { job: job.id, kind: kindName(job.kind), task: job.taskId, slot: job.slot, seq: job.seq, code: codeName(decision), reason: closed.reason }));
      applyDecision(ports, ctx, closed);
    } else if (ctx.block.height >= job.deadline) {
      lapse(ports, ctx, job, job.kind !== JobKind.JOB_CLAIM && !job.requeued);
    }
  }
}

/** Operator → power in the last commit. */
function recordVerdicts(ports: WorkPorts, ctx: Context): Map<string, bigint> {
  const power = new Map<string, bigint>();
  // The order of the commit is consensus order already; sorting by address makes events independent of it.
  const votes = [...ctx.block.votes].sort((a, b) => compareBytes(a.validator, b.validator));
  for (const vote of votes) {
    const operator = ports.validators.byConsensusAddress(ctx, vote.validator)?.operator;
    if (operator === undefined) continue;
    power.set(operator, (power.get(operator) ?? 0n) + vote.power);
    for (const entry of decodeVerdicts(vote.extension)) {
      const job = store.open.has(ctx, entry.job) ? store.jobs.get(ctx, entry.job) : undefined;
      // An extension of height e reads committed state e − 1, so a job of block c has verdicts from block c + 2 on.
      if (!job || ctx.block.height < job.createdHeight + 2n || job.verdicts.some((v) => v.validator === operator)) continue;
      const verdict = { validator: operator, code: entry.code as VerdictCode, reason: entry.reason, height: ctx.block.height };
      store.jobs.set(ctx, { ...job, verdicts: [...job.verdicts, verdict] }, job.id);
      const counter = COUNTER[entry.code];
      if (counter) count(ctx, job.taskId, { [counter]: 1n });
      ctx.emit(event("verdict", { job: job.id, task: job.taskId, validator: operator, code: codeName(verdict.code), reason: entry.reason }));
    }
  }
  return power;
}

/** The code with more than 2/3 of all power; INVALID and NO_RESIDUAL together, with neither alone, are NO_RESIDUAL. */
export function decide(job: Pick<Job, "verdicts">, power: ReadonlyMap<string, bigint>, total: bigint): VerdictCode | undefined {
  const byCode = new Map<VerdictCode, bigint>();
  for (const v of job.verdicts) byCode.set(v.code, (byCode.get(v.code) ?? 0n) + (power.get(v.validator) ?? 0n));
  const passes = (p: bigint) => total > 0n && p * 3n > total * 2n;
  for (const code of [
    VerdictCode.VERDICT_VALID,
    VerdictCode.VERDICT_INVALID,
    VerdictCode.VERDICT_VOID,
    VerdictCode.VERDICT_NO_RESIDUAL,
    VerdictCode.VERDICT_UNSERVED,
  ]) {
    if (passes(byCode.get(code) ?? 0n)) return code;
  }
  const against = (byCode.get(VerdictCode.VERDICT_INVALID) ?? 0n) + (byCode.get(VerdictCode.VERDICT_NO_RESIDUAL) ?? 0n);
  return passes(against) ? VerdictCode.VERDICT_NO_RESIDUAL : undefined;
}

/** The reason of the first verdict recorded with the decision's code. */
const reasonOf = (job: Job, decision: VerdictCode): number => job.verdicts.find((v) => v.code === decision)?.reason ?? 0;

function lapse(ports: WorkPorts, ctx: Context, job: Job, requeue: boolean): void {
  closeJob(ports, ctx, job, VerdictCode.VERDICT_UNSPECIFIED, 0);
  ctx.emit(event("job_lapsed", { job: job.id, kind: kindName(job.kind), task: job.taskId, slot: job.slot, seq: job.seq }));
  if (job.kind === JobKind.JOB_CLAIM) return count(ctx, job.taskId, { claimsRejected: 1n });
  if (!requeue) return returnDeposit(ports, ctx, job);
  const { kind, taskId, slot, seq, head, submitter, deposit } = job;
  queueJob(ports, ctx, { kind, taskId, slot, seq, head, submitter, deposit, requeued: true });
}
