/** MsgConfirmData: a supervisor holds the task's data, manifest and sealed test set. Saying it twice changes nothing. */
import type { Context } from "#kernel/context.js";
import type { MsgConfirmData, MsgConfirmDataResponse } from "#proto/gen/pouw/supervision/v1/tx.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { supervisionErrors as errors } from "../errors.js";
import { supervisionEvents as events } from "../events.js";
import type { SupervisionPorts } from "../types.js";
import { seatsOfSupervisor, taskOf } from "./supervisor.js";

export function confirmData(ports: SupervisionPorts, ctx: Context, m: MsgConfirmData): MsgConfirmDataResponse {
  const t = taskOf(ports, ctx, m.taskId);
  if (t.phase !== Phase.PHASE_INITIALISATION && t.phase !== Phase.PHASE_TRAINING) {
    throw errors.wrongPhase(`task ${m.taskId} is in phase ${t.phase}, data is confirmed in Initialisation or Training`);
  }
  for (const seat of seatsOfSupervisor(ports, ctx, m.taskId, m.supervisor)) {
    if (seat.confirmed) continue;
    ports.matching.confirm(ctx, seat);
    ctx.emit(events.dataConfirmed({ task: m.taskId, supervisor: m.supervisor, seat: seat.index }));
  }
  return {};
}
