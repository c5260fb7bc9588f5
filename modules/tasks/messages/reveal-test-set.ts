/** RevealTestSet: the client opens the sealed test set, when every model is fixed. */
import { equalBytes } from "#kernel/bytes.js";
import type { Context } from "#kernel/context.js";
import type { MsgRevealTestSet, MsgRevealTestSetResponse } from "#proto/gen/pouw/tasks/v1/tx.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { testKeyHash } from "#protocol/hash.js";
import { tasksErrors } from "../errors.js";
import { tasksEvents } from "../events.js";
import { changeTask, mustTask } from "../keeper.js";

export function revealTestSet(ctx: Context, m: MsgRevealTestSet): MsgRevealTestSetResponse {
  const t = mustTask(ctx, m.taskId);
  if (t.client !== m.client) throw tasksErrors.notClient(`task ${t.id} is of ${t.client}`);
  if (t.phase !== Phase.PHASE_EVALUATION) throw tasksErrors.notEvaluation(`task ${t.id}`);
  if (t.testKey) throw tasksErrors.revealed(`task ${t.id}`);
  if (m.key.length !== 32 || !equalBytes(testKeyHash(ctx.crypto, m.key), t.spec.testSet.keyHash)) throw tasksErrors.wrongKey(`task ${t.id}`);
  changeTask(ctx, t.id, { testKey: m.key });
  ctx.emit(tasksEvents.testSetRevealed({ task: t.id }));
  return {};
}
