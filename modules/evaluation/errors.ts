/** Why `evaluation` refuses. Codes and texts never change. */
import { defineError } from "#kernel/errors.js";

export const evaluationErrors = {
  unknownTask: defineError("evaluation", 2, "no task has this id"),
  wrongPhase: defineError("evaluation", 3, "the task's phase does not take this message"),
  notYourSlot: defineError("evaluation", 4, "the miner has no such slot"),
  badClock: defineError("evaluation", 5, "a clock names, for every slot, a message at or below its anchored head"),
  notEvaluator: defineError("evaluation", 6, "the worker was not drawn to evaluate this task"),
  badCommitment: defineError("evaluation", 7, "a commitment has 32 bytes"),
  committed: defineError("evaluation", 8, "the evaluator has committed already"),
  notCommitted: defineError("evaluation", 9, "the evaluator has not committed"),
  revealed: defineError("evaluation", 10, "the evaluator has revealed already"),
  mismatch: defineError("evaluation", 11, "salt and scores are not what was committed"),
  badScores: defineError("evaluation", 12, "scores name every submitted slot once, ascending, or none at all"),
};
