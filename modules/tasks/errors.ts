/** Why `tasks` refuses. Codes and texts never change. */
import { defineError } from "#kernel/errors.js";

export const tasksErrors = {
  unknown: defineError("tasks", 2, "no task has this id"),
  badSpec: defineError("tasks", 3, "the task cannot be accepted"),
  feeTooSmall: defineError("tasks", 4, "fee too small"),
  bondTooSmall: defineError("tasks", 5, "bond too small"),
  wrongDenom: defineError("tasks", 6, "amounts are in the chain's own denomination"),
  notClient: defineError("tasks", 7, "only the task's client may do this"),
  trainsAlready: defineError("tasks", 8, "the task trains already, or is over"),
  notEvaluation: defineError("tasks", 9, "the test set is revealed in Evaluation, when every model is fixed"),
  wrongKey: defineError("tasks", 10, "the key is not the one that was sealed"),
  revealed: defineError("tasks", 11, "the key is revealed already"),
  trainsNot: defineError("tasks", 12, "the task does not train: before that it can be cancelled, after it nothing is left to stop"),
};
