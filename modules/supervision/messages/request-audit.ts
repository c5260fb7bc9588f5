/**
 * MsgRequestAudit: a supervisor asks that validators re-run one iteration, for a deposit that is lost when it proves right.
 * Only of what was anchored a short while ago, and two an anchor interval, so that verifiers cannot be flooded.
 */
import type { Context } from "#kernel/context.js";
import type { MsgRequestAudit, MsgRequestAuditResponse } from "#proto/gen/pouw/supervision/v1/tx.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { supervisionErrors as errors } from "../errors.js";
import { supervisionEvents as events } from "../events.js";
import { requests, slots } from "../store.js";
import type { SupervisionKeeper, SupervisionPorts } from "../types.js";
import { fromTrainingToSettling, seatsOfSupervisor, taskOf } from "./supervisor.js";

const PPM = 1_000_000n;
export const REQUESTS_PER_INTERVAL = 2;

export function requestAudit(ports: SupervisionPorts, keeper: SupervisionKeeper, ctx: Context, m: MsgRequestAudit): MsgRequestAuditResponse {
  const t = taskOf(ports, ctx, m.taskId);
  if (!fromTrainingToSettling(t.phase)) throw errors.wrongPhase(`task ${m.taskId} is in phase ${t.phase}, audits are requested from Training to Settling`);
  seatsOfSupervisor(ports, ctx, m.taskId, m.supervisor);
  const s = slots.get(ctx, m.taskId, m.slot);
  const miner = ports.matching.seat(ctx, m.taskId, Role.ROLE_MINER, m.slot);
  if (!s || !miner) throw errors.unknownSlot(`slot ${m.slot} of task ${m.taskId}`);
  if (s.state.kind === "fault") throw errors.slotClosed(`slot ${m.slot}`);

  const p = t.terms;
  const { height } = ctx.block;
  const head = m.seq > 0n ? keeper.firstAtOrAbove(ctx, m.taskId, m.slot, m.seq) : undefined;
  if (!head) throw errors.notAnchored(`slot ${m.slot}, seq ${m.seq}`);
  if (height - head.height > p.auditRequestWindow) {
    throw errors.tooOld(`anchored at ${head.height}, ${height - head.height} blocks ago, want at most ${p.auditRequestWindow}`);
  }
  if (ports.work.auditOf(ctx, m.taskId, m.slot, m.seq) !== undefined) throw errors.alreadyAudited(`slot ${m.slot}, seq ${m.seq}`);
  let recent = 0;
  for (const [taskId, supervisor, at, job] of requests.keys(ctx, { prefix: [m.taskId, m.supervisor] })) {
    if (height - at < p.anchorInterval) recent++;
    else requests.delete(ctx, taskId, supervisor, at, job);
  }
  if (recent >= REQUESTS_PER_INTERVAL) throw errors.tooManyRequests(`${recent} in the last ${p.anchorInterval} blocks`);

  // One per cent of what is at stake in the audited seat, rounded down.
  const deposit = (miner.stake * BigInt(p.auditDeposit)) / PPM;
  const jobId = ports.work.requestAudit(ctx, { taskId: m.taskId, slot: m.slot, seq: m.seq, head, submitter: m.supervisor, deposit });
  requests.add(ctx, m.taskId, m.supervisor, height, jobId);
  ctx.emit(events.auditRequested({ task: m.taskId, slot: m.slot, seq: m.seq, supervisor: m.supervisor, deposit, job: jobId }));
  return { jobId };
}
