/**
 * Audits: drawn D blocks after an advance, queued as jobs at once, unless a flood of them would push everybody else's
 * behind its own. Whoever holds all the seats of a task can anchor a million iterations in a block; so of many that wait
 * some are queued in every block, each task in turn, and Settling waits for the last.
 */
import { type Context, event } from "#kernel/context.js";
import { JobKind, Phase, SlotStatus, VerdictCode } from "#proto/gen/pouw.js";
import { auditOffsets, auditPpm } from "#protocol/draws/lottery.js";
import { count, queueJob } from "./jobs.js";
import * as store from "./store.js";
import type { WorkPorts } from "./types.js";

/** Audits queued in one block, of all tasks: half of the verdicts that an extension holds. */
export const AUDITS_PER_BLOCK = 64;

/** Audits of what was anchored D blocks ago, jobs by ascending offset, advances by task, height and slot. */
export function drawAudits(ports: WorkPorts, ctx: Context): void {
  const params = ports.params.get(ctx);
  const { height } = ctx.block;
  if (height <= params.drawDelay) return;
  const beacon = ports.beacon.at(ctx, height);
  if (!beacon) throw new Error(`work: beacon of block ${height} is not there; beacon begins a block before work`);
  for (const { taskId, slot: index, from, head } of ports.slots.advancesAt(ctx, height - params.drawDelay)) {
    const slot = ports.slots.slot(ctx, taskId, index);
    if (!slot || moot(ports, ctx, taskId, index, head.seq)) continue;
    const offsets = auditOffsets(ctx.crypto, { beacon, taskId, slot: index, height: head.height, count: head.seq - from, ppm: auditPpm(params, slot.positions) });
    if (offsets.length > 0) store.drawn.set(ctx, { from, head, offsets: offsets.map(Number) }, taskId, head.height, index);
  }
  for (const [taskId, allowed] of shares(store.drawnByTask(ctx), height)) queueOf(ports, ctx, taskId, allowed);
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

function queueOf(ports: WorkPorts, ctx: Context, taskId: bigint, allowed: number): void {
  let left = allowed;
  for (const [key, { from, head, offsets }] of store.drawn.entries(ctx, store.taskKey(taskId))) {
    if (left === 0) return;
    const slot = store.drawnSlot(key);
    const height = store.drawnHeight(key);
    const now = moot(ports, ctx, taskId, slot, head.seq) ? [] : offsets.slice(0, left);
    for (const offset of now) {
      const seq = from + 1n + BigInt(offset);
      const job = queueJob(ports, ctx, { kind: JobKind.JOB_AUDIT, taskId, slot, seq, head });
      ctx.emit(event("audit_drawn", { job: job.id, task: taskId, slot, seq, head: head.seq }));
    }
    if (now.length > 0) count(ctx, taskId, { auditsDrawn: BigInt(now.length) });
    left -= now.length;
    const rest = now.length > 0 ? offsets.slice(now.length) : [];
    if (rest.length > 0) store.drawn.set(ctx, { from, head, offsets: rest }, taskId, height, slot);
    else store.drawn.delete(ctx, taskId, height, slot);
  }
}

/** Nothing follows from another audit: the task is over, the slot is convicted, or its supervisors are for this very head. */
function moot(ports: WorkPorts, ctx: Context, taskId: bigint, slot: number, headSeq: bigint): boolean {
  const phase = ports.tasks.get(ctx, taskId)?.phase ?? Phase.PHASE_CLOSED;
  if (phase < Phase.PHASE_TRAINING || phase > Phase.PHASE_SETTLING) return true;
  if (ports.slots.slot(ctx, taskId, slot)?.status === SlotStatus.SLOT_CLOSED_FAULT) return true;
  return store.convictions.has(ctx, taskId, slot, VerdictCode.VERDICT_UNSERVED, headSeq);
}
