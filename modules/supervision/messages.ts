/** Messages of `supervision` but MsgAnchorLog: data held, audits asked for, equivocation proven. */
import { equalBytes, toHex } from "#kernel/bytes.js";
import { type Context, event } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import {
  type MsgConfirmData,
  type MsgConfirmDataResponse,
  type MsgReportEquivocation,
  type MsgReportEquivocationResponse,
  type MsgRequestAudit,
  type MsgRequestAuditResponse,
  Phase,
  Role,
  type Seat,
  SlotStatus,
  VerdictCode,
} from "#proto/gen/pouw.js";
import { verifyHead } from "#protocol/log/header.js";
import { supervisionErrors as errors } from "./errors.js";
import { headOf, slotsKeeper } from "./keeper.js";
import * as store from "./store.js";
import type { SupervisionPorts } from "./types.js";

const PPM = 1_000_000n;
export const REQUESTS_PER_INTERVAL = 2;

/** The sender's seats as a supervisor that were not dropped. A worker drawn twice speaks for both. */
export function seatsOfSupervisor(ports: SupervisionPorts, ctx: View, taskId: bigint, worker: string): Seat[] {
  const seats = ports.seats.byWorker(ctx, taskId, worker).filter((s) => s.role === Role.ROLE_SUPERVISOR);
  if (seats.length === 0) throw errors.notSupervisor(`${worker} in task ${taskId}`);
  const seated = seats.filter((s) => !s.dropped);
  if (seated.length === 0) throw errors.dropped(`${worker} in task ${taskId}`);
  return seated;
}

export function confirmData(ports: SupervisionPorts, ctx: Context, m: MsgConfirmData): MsgConfirmDataResponse {
  const t = ports.tasks.get(ctx, m.taskId);
  if (!t) throw errors.unknownTask(`task ${m.taskId}`);
  if (t.phase !== Phase.PHASE_INITIALISATION && t.phase !== Phase.PHASE_TRAINING) {
    throw errors.wrongPhase(`task ${m.taskId} is in phase ${t.phase}, data is confirmed in Initialisation or Training`);
  }
  for (const seat of seatsOfSupervisor(ports, ctx, m.taskId, m.supervisor)) {
    if (seat.confirmed) continue;
    ports.seats.set(ctx, { ...seat, confirmed: true });
    ctx.emit(event("data_confirmed", { task: m.taskId, supervisor: m.supervisor, seat: seat.index }));
  }
  return {};
}

export function requestAudit(ports: SupervisionPorts, ctx: Context, m: MsgRequestAudit): MsgRequestAuditResponse {
  const t = ports.tasks.get(ctx, m.taskId);
  if (!t) throw errors.unknownTask(`task ${m.taskId}`);
  if (t.phase !== Phase.PHASE_TRAINING && t.phase !== Phase.PHASE_SUBMISSION && t.phase !== Phase.PHASE_SETTLING) {
    throw errors.wrongPhase(`task ${m.taskId} is in phase ${t.phase}, audits are requested from Training to Settling`);
  }
  seatsOfSupervisor(ports, ctx, m.taskId, m.supervisor);
  const s = store.slots.get(ctx, m.taskId, m.slot);
  const miner = ports.seats.seat(ctx, m.taskId, Role.ROLE_MINER, m.slot);
  if (!s || !miner) throw errors.unknownSlot(`slot ${m.slot} of task ${m.taskId}`);
  if (s.status === SlotStatus.SLOT_CLOSED_FAULT) throw errors.slotClosed(`slot ${m.slot}`);

  const params = ports.params.get(ctx);
  const { height } = ctx.block;
  const head = m.seq > 0n ? slotsKeeper(ports).firstAtOrAbove(ctx, m.taskId, m.slot, m.seq) : undefined;
  if (!head) throw errors.notAnchored(`slot ${m.slot}, seq ${m.seq}`);
  if (height - head.height > params.auditRequestWindow) {
    throw errors.tooOld(`anchored at ${head.height}, ${height - head.height} blocks ago, want at most ${params.auditRequestWindow}`);
  }
  if (ports.work.auditOf(ctx, m.taskId, m.slot, m.seq) !== undefined) throw errors.alreadyAudited(`slot ${m.slot}, seq ${m.seq}`);
  const prefix = store.requestsOf(m.taskId, m.supervisor);
  let recent = 0;
  for (const [key] of store.requests.entries(ctx, prefix)) {
    const at = new DataView(key.buffer, key.byteOffset).getBigUint64(prefix.length);
    const job = new DataView(key.buffer, key.byteOffset).getBigUint64(prefix.length + 8);
    if (height - at < params.anchorInterval) recent++;
    else store.requests.delete(ctx, m.taskId, m.supervisor, at, job);
  }
  if (recent >= REQUESTS_PER_INTERVAL) throw errors.tooManyRequests(`${recent} in the last ${params.anchorInterval} blocks`);

  // One per cent of what is at stake in the audited seat; lost when the iteration proves right.
  const deposit = (miner.stake * BigInt(params.auditDeposit)) / PPM;
  if (deposit > 0n) ports.bank.toPool(ctx, m.supervisor, "work", deposit);
  const jobId = ports.work.requestAudit(ctx, { taskId: m.taskId, slot: m.slot, seq: m.seq, head, submitter: m.supervisor, deposit });
  store.requests.set(ctx, true, m.taskId, m.supervisor, height, jobId);
  ctx.emit(event("audit_requested", { task: m.taskId, slot: m.slot, seq: m.seq, supervisor: m.supervisor, deposit, job: jobId }));
  return { jobId };
}

/** Slashable from Training until the seat unlocks: `slash` takes at most what is left of it. */
export function reportEquivocation(ports: SupervisionPorts, ctx: Context, m: MsgReportEquivocation): MsgReportEquivocationResponse {
  const t = ports.tasks.get(ctx, m.taskId);
  if (!t) throw errors.unknownTask(`task ${m.taskId}`);
  const s = store.slots.get(ctx, m.taskId, m.slot);
  const miner = ports.seats.seat(ctx, m.taskId, Role.ROLE_MINER, m.slot);
  if (!s || !miner) throw errors.unknownSlot(`slot ${m.slot} of task ${m.taskId}`);
  const params = ports.params.get(ctx);
  if (t.closedHeight > 0n && ctx.block.height > t.closedHeight + params.seatUnlockBlocks) {
    throw errors.wrongPhase(`task ${m.taskId} closed at ${t.closedHeight} and its seats are unlocked`);
  }
  if (store.reported.has(ctx, m.taskId, m.slot)) throw errors.alreadyReported(`slot ${m.slot} of task ${m.taskId}`);

  const { first, second } = m;
  if (!first || !second || first.seq !== second.seq || first.seq < 1n || equalBytes(first.hash, second.hash)) {
    throw errors.notEquivocation(`got seq ${first?.seq ?? "none"} and ${second?.seq ?? "none"}, ${first && second && equalBytes(first.hash, second.hash) ? "one hash" : "two hashes"}`);
  }
  for (const h of [first, second]) {
    if (h.hash.length !== 32) throw errors.badHash(`seq ${h.seq}: got ${h.hash.length} bytes`);
    const id = { chainId: ctx.block.chainId, taskId: m.taskId, slot: m.slot, seq: h.seq, headerHash: h.hash };
    if (!verifyHead(ctx.crypto, miner.sessionKey, id, h.signature)) throw errors.badSignature(`slot ${m.slot}, seq ${h.seq}, hash ${toHex(h.hash)}`);
  }

  store.reported.set(ctx, true, m.taskId, m.slot);
  // f: the highest kept advance below the fork; what lies above it has two histories. The last head is kept for good,
  // whether its advance is still there or not.
  const kept = store.advances.list(ctx, store.slotKey(m.taskId, m.slot)).map((a) => a.seq);
  const f = [...kept, headOf(s).seq].reduce((best, seq) => (seq < first.seq && seq > best ? seq : best), 0n);
  slotsKeeper(ports).closeForFault(ctx, m.taskId, m.slot, f, VerdictCode.VERDICT_UNSPECIFIED);
  // Who sits in the task gains by a rival's fall already; the bounty is for outsiders.
  const outsider = ports.seats.byWorker(ctx, m.taskId, m.reporter).length === 0;
  const taken = ports.seats.slash(ctx, miner, params.slashEquivocation, outsider ? { bountyTo: m.reporter } : {});
  ctx.emit(event("equivocation", { task: m.taskId, slot: m.slot, seq: first.seq, miner: miner.worker, reporter: m.reporter, slashed: taken }));
  return {};
}
