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
import { count, queueJob } from "./jobs.js";
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
  const { height } = ctx.block;
  const byTask = new Map<bigint, Due[]>();
  for (const [delay, tasks] of byDelay(ports, ctx)) {
    if (height <= delay) continue;
    for (const { taskId, slot, from, head } of ports.supervision.advancesAt(ctx, height - delay)) {
      const of = tasks.has(taskId) ? ports.supervision.slot(ctx, taskId, slot) : undefined;
      if (!of || isMoot(ctx, taskId, slot, head.seq, of)) continue;
      const offsets = auditOffsets(ctx.crypto, { beacon, taskId, slot, height: head.height, count: head.seq - from, ppm: auditPpm(p, of.positions) });
      const due = byTask.get(taskId) ?? [];
      for (const offset of offsets) due.push({ slot, seq: from + 1n + offset, head });
      byTask.set(taskId, due);
    }
  }
  return [...byTask].map(([taskId, due]) => ({ taskId, rerunFlop: rerunFlop(ports, ctx, taskId), due }));
}

/** The tasks whose work is still judged, by their D: each keeps that of its creation, so nothing is drawn twice or never. */
function byDelay(ports: WorkPorts, view: View): Map<bigint, Set<bigint>> {
  const out = new Map<bigint, Set<bigint>>();
  for (const { id, phase, terms } of ports.tasks.open(view)) {
    if (phase < Phase.PHASE_TRAINING || phase > Phase.PHASE_SETTLING) continue;
    const tasks = out.get(terms.drawDelay);
    if (tasks) tasks.add(id);
    else out.set(terms.drawDelay, new Set([id]));
  }
  return out;
}

/** R·F */
function rerunFlop(ports: WorkPorts, view: View, taskId: bigint): bigint {
  const { flop, parameters, spec } = ports.tasks.must(view, taskId);
  return flop * residualInterval(Number(parameters), spec.profile);
}

/** Nothing follows from another audit: the slot is convicted, or its supervisors are for this very head. */
const isMoot = (view: View, taskId: bigint, slot: number, headSeq: bigint, of: WorkedSlot): boolean =>
  of.state.kind === "fault" || store.convictions.has(view, taskId, slot, VerdictCode.VERDICT_UNSERVED, headSeq);
