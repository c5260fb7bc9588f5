/**
 * StopTraining: a client ends Training before its time, where it diverged or is good enough. The block becomes the deadline, so
 * that heads which this block anchors still count and what follows is what follows any deadline: submission, Payout, refund.
 */
import type { Context } from "#kernel/context.js";
import type { MsgStopTraining, MsgStopTrainingResponse } from "#proto/gen/pouw/tasks/v1/tx.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { tasksErrors } from "../errors.js";
import { tasksEvents } from "../events.js";
import { changeTask, mustTask } from "../keeper.js";

export function stopTraining(ctx: Context, m: MsgStopTraining): MsgStopTrainingResponse {
  const t = mustTask(ctx, m.taskId);
  if (t.client !== m.client) throw tasksErrors.notClient(`task ${t.id} is of ${t.client}`);
  if (t.phase !== Phase.PHASE_TRAINING) throw tasksErrors.trainsNot(`task ${t.id} is in phase ${t.phase}`);
  changeTask(ctx, t.id, { deadline: ctx.block.height });
  ctx.emit(tasksEvents.trainingStopped({ task: t.id }));
  return {};
}
