/** What `evaluation` tells. */
import { defineEvent } from "#kernel/events.js";

export const evaluationEvents = {
  /** clock: numbers with commas between */
  submitted: defineEvent("model_submitted", "task", "slot", "clock"),
  committed: defineEvent("scores_committed", "task", "evaluator"),
  /** scores: slot:score with commas between, empty for an unusable test set */
  revealed: defineEvent("scores_revealed", "task", "evaluator", "scores"),
  payout: defineEvent("payout", "task", "what", "address", "amount"),
  /** best_slot is -1 where no model stands */
  paid: defineEvent("task_paid", "task", "best_slot", "ranked_by_work"),
};
