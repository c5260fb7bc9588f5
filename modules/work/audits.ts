/**
 * Audits: drawn D blocks after an advance, queued as jobs at once, unless a flood of them would push everybody else's
 * behind its own. Whoever holds all the seats of a task can anchor a million iterations in a block; so of many that wait
 * some are queued in every block, each task in turn, and Settling waits for the last.
 */
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { auditOffsets, auditPpm } from "#protocol/draws/lottery.js";
import { workEvents as events } from "./events.js";
import { count, phasesOf, queueJob } from "./jobs.js";
import { params } from "./params.js";
import type { DrawnAudits } from "./records.js";
import * as store from "./store.js";
import type { WorkPorts, WorkedSlot } from "./types.js";

/** Audits queued in one block, of all tasks: half of the verdicts that an extension holds. */
export const AUDITS_PER_BLOCK = 64;

/** Audits of what was anchored D blocks ago, jobs by ascending offset, advances by task, height and slot. */
export function drawAudits(ports: WorkPorts, ctx: Context): void {
  const p = params.get(ctx);
  const { height } = ctx.block;
  if (height <= p.drawDelay) return;
  const beacon = ports.beacon.at(ctx, height);
  if (!beacon) throw new Error(`work: beacon of block ${height} is not there; beacon begins a block before work`);
  const isMoot = mootIn(ports, ctx);
  for (const a of ports.supervision.advancesAt(ctx, height - p.drawDelay)) {
    const { taskId, slot: index, from, head } = a;
    const slot = ports.supervision.slot(ctx, taskId, index);
    if (!slot || isMoot(a, slot)) continue;
    const offsets = auditOffsets(ctx.crypto, { beacon, taskId, slot: index, height: head.height, count: head.seq - from, ppm: auditPpm(p, slot.positions) });
    if (offsets.length > 0) store.drawnAudits.set(ctx, { taskId, slot: index, from, head, offsets: offsets.map(Number) }, taskId, head.height, index);
  }

  const waiting = new Map<bigint, DrawnAudits[]>();
  const counts = new Map<bigint, number>();
  for (const d of store.drawnAudits.list(ctx)) {
    const ofTask = waiting.get(d.taskId);
    if (ofTask) ofTask.push(d);
    else waiting.set(d.taskId, [d]);
    counts.set(d.taskId, (counts.get(d.taskId) ?? 0) + d.offsets.length);
  }
  for (const [taskId, allowed] of shares(counts, height)) queueOf(ctx, taskId, waiting.get(taskId) ?? [], allowed, isMoot);
}

/**
 * How many audits of each task are queued now: all, or of more than AUDITS_PER_BLOCK the same of each, what one task
 * leaves over going to the others; those left over at the end one each, the first task of them another one in every block.
 */
export function shares(waiting: ReadonlyMap<bigint, number>, height: bigint): Map<bigint, number> {
  const out = new Map<bigint, number>();
  let left = AUDITS_PER_BLOCK;
  let wanting = [...waiting.keys()];
  while (left > 0 && wanting.length > 0) {
    const each = Math.floor(left / wanting.length);
    const first = Number(height % BigInt(wanting.length));
    const turn = each > 0 ? wanting : [...wanting.slice(first), ...wanting.slice(0, first)].slice(0, left);
    for (const id of turn) {
      const got = Math.min(Math.max(each, 1), (waiting.get(id) as number) - (out.get(id) ?? 0));
      out.set(id, (out.get(id) ?? 0) + got);
      left -= got;
    }
    wanting = wanting.filter((id) => (out.get(id) ?? 0) < (waiting.get(id) as number));
    if (each === 0) break;
  }
  return new Map([...out].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function queueOf(ctx: Context, taskId: bigint, waiting: readonly DrawnAudits[], allowed: number, isMoot: IsMoot): void {
  let left = allowed;
  for (const d of waiting) {
    if (left === 0) return;
    const { slot, from, head } = d;
    const now = isMoot(d) ? [] : d.offsets.slice(0, left);
    for (const offset of now) {
      const seq = from + 1n + BigInt(offset);
      const job = queueJob(ctx, { kind: "audit", taskId, slot, seq, head, requeued: false });
      ctx.emit(events.auditDrawn({ job: job.id, task: taskId, slot, seq, head: head.seq }));
    }
    if (now.length > 0) count(ctx, taskId, { auditsDrawn: BigInt(now.length) });
    left -= now.length;
    const rest = now.length > 0 ? d.offsets.slice(now.length) : [];
    if (rest.length > 0) store.drawnAudits.set(ctx, { ...d, offsets: rest }, taskId, head.height, slot);
    else store.drawnAudits.delete(ctx, taskId, head.height, slot);
  }
}

interface OfHead {
  readonly taskId: bigint;
  readonly slot: number;
  readonly head: { readonly seq: bigint };
}
type IsMoot = (of: OfHead, slot?: WorkedSlot) => boolean;

/** Nothing follows from another audit: the task is over, the slot is convicted, or its supervisors are for this very head. */
function mootIn(ports: WorkPorts, view: View): IsMoot {
  const phaseOf = phasesOf(ports, view);
  return ({ taskId, slot, head }, known) => {
    const phase = phaseOf(taskId);
    if (phase < Phase.PHASE_TRAINING || phase > Phase.PHASE_SETTLING) return true;
    if ((known ?? ports.supervision.slot(view, taskId, slot))?.state.kind === "fault") return true;
    return store.convictions.has(view, taskId, slot, VerdictCode.VERDICT_UNSERVED, head.seq);
  };
}
