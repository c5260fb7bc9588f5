/**
 * Verdicts of the last commit's extensions: recorded (one per job and validator, the first), then every open job looked
 * at in order of its id: decided when one code has more than 2/3 of all power, lapsed at the end of its window.
 */
import { compareBytes, EMPTY } from "#kernel/bytes.js";
import { type Context, totalPower } from "#kernel/context.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import type { JobVerdict, WorkTotals } from "#proto/gen/pouw/work/v1/types.js";
import { decodeVerdicts } from "#protocol/verification/extension.js";
import { applyDecision, returnDeposit } from "./consequences.js";
import { workEvents as events } from "./events.js";
import { closeJob, codeName, count, indexedJob, phasesOf, queueJob } from "./jobs.js";
import * as store from "./store.js";
import type { Job, WorkPorts } from "./types.js";

const COUNTER: Readonly<Record<number, keyof WorkTotals>> = {
  [VerdictCode.VERDICT_VALID]: "verdictsValid",
  [VerdictCode.VERDICT_INVALID]: "verdictsInvalid",
  [VerdictCode.VERDICT_VOID]: "verdictsVoid",
  [VerdictCode.VERDICT_NO_RESIDUAL]: "verdictsNoResidual",
  [VerdictCode.VERDICT_UNSERVED]: "verdictsUnserved",
};

export function tallyVerdicts(ports: WorkPorts, ctx: Context): void {
  const { height } = ctx.block;
  const power = recordVerdicts(ports, ctx);
  const total = totalPower(ctx.block);
  const phaseOf = phasesOf(ports, ctx);
  for (const [id] of store.openIds.keys(ctx)) {
    const job = indexedJob(ctx, id);
    // a claim that the conviction of its slot, decided just before, made moot
    if (job.outcome) continue;
    const phase = phaseOf(job.taskId);
    // A task that ended early has unlocked its seats and settled its money: nothing is left to decide.
    if (phase === Phase.PHASE_CLOSED || phase === Phase.PHASE_PAYOUT) {
      lapse(ports, ctx, job, false);
      continue;
    }
    const code = decide(job, power, total);
    if (code !== undefined) {
      const reason = reasonOf(job, code);
      const closed = closeJob(ctx, job, { kind: "decided", code, reason, height });
      ctx.emit(events.jobDecided({ job: id, kind: job.kind, task: job.taskId, slot: job.slot, seq: job.seq, code: codeName(code), reason }));
      applyDecision(ports, ctx, closed, code);
    } else if (height >= job.deadline) {
      lapse(ports, ctx, job, true);
    }
  }
}

/** Operator → power in the last commit. */
function recordVerdicts(ports: WorkPorts, ctx: Context): Map<string, bigint> {
  const { height, lastCommit, extensions } = ctx.block;
  const power = new Map<string, bigint>();
  // The order of the commit is consensus order already; sorting by address makes events independent of it.
  const votes = lastCommit.votes.map((vote, i) => ({ ...vote, extension: extensions[i] ?? EMPTY })).sort((a, b) => compareBytes(a.validator, b.validator));
  for (const vote of votes) {
    const operator = ports.staking.byConsensusAddress(ctx, vote.validator)?.operator;
    if (operator === undefined) continue;
    power.set(operator, (power.get(operator) ?? 0n) + vote.power);
    for (const entry of decodeVerdicts(vote.extension)) {
      const job = store.openIds.has(ctx, entry.job) ? store.jobs.get(ctx, entry.job) : undefined;
      // An extension of height e reads committed state e − 1, so a job of block c has verdicts from block c + 2 on.
      if (!job || height < job.createdHeight + 2n || job.verdicts.some((v) => v.validator === operator)) continue;
      const verdict: JobVerdict = { validator: operator, code: entry.code as VerdictCode, reason: entry.reason, height };
      store.jobs.set(ctx, { ...job, verdicts: [...job.verdicts, verdict] }, job.id);
      const counter = COUNTER[entry.code];
      if (counter) count(ctx, job.taskId, { [counter]: 1n });
      ctx.emit(events.verdict({ job: job.id, task: job.taskId, validator: operator, code: codeName(verdict.code), reason: entry.reason }));
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

/** A lapsed audit is queued once more as a new job, where its task still runs. */
function lapse(ports: WorkPorts, ctx: Context, job: Job, runs: boolean): void {
  const { id, kind, taskId, slot, seq, head } = job;
  closeJob(ctx, job, { kind: "lapsed", height: ctx.block.height });
  ctx.emit(events.jobLapsed({ job: id, kind, task: taskId, slot, seq }));
  if (job.kind === "claim") return count(ctx, taskId, { claimsRejected: 1n });
  if (!runs || job.requeued) return returnDeposit(ports, ctx, job);
  if (job.kind === "audit") queueJob(ports, ctx, { kind: job.kind, taskId, slot, seq, head, requeued: true });
  else queueJob(ports, ctx, { kind: job.kind, taskId, slot, seq, head, supervisor: job.supervisor, deposit: job.deposit, requeued: true });
}
