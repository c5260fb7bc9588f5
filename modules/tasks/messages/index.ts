/** Messages of `tasks`: all that a transaction can do to this module. The ante handler has authenticated the client. */
import { updateParams } from "#kernel/authority.js";
import type { MsgHandlers } from "#kernel/services.js";
import type { TasksMsg } from "#proto/gen/pouw/tasks/v1/tx.js";
import { params } from "../params.js";
import type { TasksPorts } from "../types.js";
import { cancelTask } from "./cancel-task.js";
import { createTask } from "./create-task.js";
import { revealTestSet } from "./reveal-test-set.js";
import { stopTraining } from "./stop-training.js";

export const tasksMessages = (ports: TasksPorts): MsgHandlers<typeof TasksMsg> => ({
  createTask: createTask(ports),
  cancelTask: cancelTask(ports),
  stopTraining,
  revealTestSet,
  updateParams: updateParams(params),
});
