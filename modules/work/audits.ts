/**
 * Audits: drawn D blocks after an advance, and queued as jobs in that very block or never. Whoever holds all the seats of a
 * task can anchor a million iterations in a block; so a block queues a bounded number and a bounded amount of work, of all
 * tasks in turn, and drops the rest. (A backlog would queue audits of what miners and the chain have forgotten.)
 */
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import type { AnchoredHead } from "#proto/gen/pouw/supervision/v1/types.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { type DueAudit, type DueTask, keptAudits } from "#protocol/draws/audit-quota.js";
import { auditOffsets, auditPpm } from "#protocol/draws/lottery.js";
import { residualInterval } from "#protocol/log/positions.js";
import { workEvents as events } from "./events.js";
import { count, phasesOf, queueJob } from "./jobs.js";
import { params } from "./params.js";
import * as store from "./store.js";
import type { WorkedSlot, WorkPorts } from "./types.js";

interface Due extends DueAudit {
  /** of the advance */
  readonly head: AnchoredHead;
}

/** Audits of what was anchored D blocks ago, as many as a block may queue. */
export function drawAudits(ports: WorkPorts, ctx: Context): void {
  const p = params.get(ctx);
  const { height } = ctx.block;
  if (height <= p.drawDelay) return;
  const beacon = ports.beacon.at(ctx, height);
  if (!beacon) throw new Error(`work: beacon of block ${height} is not there; beacon begins a block before work`);
  for (const { taskId, audit } of keptAudits(ctx.crypto, { beacon, maxAudits: p.maxAudits, auditFlop: p.auditFlop }, dueAudits(ports, ctx, beacon))) {
    const { slot, seq, head } = audit;
    const job = queueJob(ports, ctx, { kind: "audit", taskId, slot, seq, head, requeued: false });
    ctx.emit(events.auditDrawn({ job: job.id, task: taskId, slot, seq, head: head.seq }));
    count(ctx, taskId, { auditsDrawn: 1n });
  }
}

function dueAudits(ports: WorkPorts, ctx: Context, beacon: Uint8Array): DueTask<Due>[] {
  const p = params.get(ctx);
  const isMoot = mootIn(ports, ctx);
  const byTask = new Map<bigint, Due[]>();
  for (const { taskId, slot, from, head } of ports.supervision.advancesAt(ctx, ctx.block.height - p.drawDelay)) {
    const of = ports.supervision.slot(ctx, taskId, slot);
    if (!of || isMoot(taskId, slot, head.seq, of)) continue;
    const offsets = auditOffsets(ctx.crypto, { beacon, taskId, slot, height: head.height, count: head.seq - from, ppm: auditPpm(p, of.positions) });
    const due = byTask.get(taskId) ?? [];
    for (const offset of offsets) due.push({ slot, seq: from + 1n + offset, head });
    byTask.set(taskId, due);
  }
  return [...byTask].map(([taskId, due]) => ({ taskId, rerunFlop: rerunFlop(ports, ctx, taskId), due }));
}

/** R·F */
function rerunFlop(ports: WorkPorts, view: View, taskId: bigint): bigint {
  const { flop, parameters, spec } = ports.tasks.must(view, taskId);
  return flop * residualInterval(Number(parameters), spec.profile);
}

/** Nothing follows from another audit: the task is over, the slot is convicted, or its supervisors are for this very head. */
function mootIn(ports: WorkPorts, view: View): (taskId: bigint, slot: number, headSeq: bigint, of: WorkedSlot) => boolean {
  const phaseOf = phasesOf(ports, view);
  return (taskId, slot, headSeq, of) => {
    const phase = phaseOf(taskId);
    if (phase < Phase.PHASE_TRAINING || phase > Phase.PHASE_SETTLING || of.state.kind === "fault") return true;
    return store.convictions.has(view, taskId, slot, VerdictCode.VERDICT_UNSERVED, headSeq);
  };
}
