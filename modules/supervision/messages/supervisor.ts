/** Who may speak for the log of a task, and when. */
import type { View } from "#kernel/store.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { supervisionErrors as errors } from "../errors.js";
import type { SupervisedSeat, SupervisedTask, SupervisionPorts } from "../types.js";

export function taskOf(ports: SupervisionPorts, view: View, id: bigint): SupervisedTask {
  const t = ports.tasks.get(view, id);
  if (!t) throw errors.unknownTask(`task ${id}`);
  return t;
}

/** Heads are anchored and audits asked for as long as claims are taken. */
export const fromTrainingToSettling = (phase: Phase): boolean => phase === Phase.PHASE_TRAINING || phase === Phase.PHASE_SUBMISSION || phase === Phase.PHASE_SETTLING;

/** The sender's seats as a supervisor that were not dropped. A worker drawn twice speaks for both. */
export function seatsOfSupervisor(ports: SupervisionPorts, view: View, taskId: bigint, worker: string): SupervisedSeat[] {
  const seats = ports.matching.byWorker(view, taskId, worker).filter((s) => s.role === Role.ROLE_SUPERVISOR);
  if (seats.length === 0) throw errors.notSupervisor(`${worker} in task ${taskId}`);
  const seated = seats.filter((s) => !s.dropped);
  if (seated.length === 0) throw errors.dropped(`${worker} in task ${taskId}`);
  return seated;
}
