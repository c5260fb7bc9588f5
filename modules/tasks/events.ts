/** What `tasks` tells of a task's course. Phases, outcomes, steps and roles are the numbers of the .proto. */
import { defineEvent } from "#kernel/events.js";

export const tasksEvents = {
  created: defineEvent("task_created", "task", "client", "fee", "bond", "burned", "flop", "parameters"),
  /** deadline is 0 where the phase has none */
  phase: defineEvent("task_phase", "task", "phase", "deadline"),
  noShow: defineEvent("no_show", "task", "role", "seat", "worker"),
  evaluationStep: defineEvent("evaluation_step", "task", "step", "deadline"),
  testSetRevealed: defineEvent("test_set_revealed", "task"),
  cancelled: defineEvent("task_cancelled", "task", "joined", "each"),
  /** by its client; the phase ends with the block */
  trainingStopped: defineEvent("training_stopped", "task"),
  /** without a Payout */
  ended: defineEvent("task_ended", "task", "outcome", "refund", "bond"),
  seatsUnlocked: defineEvent("seats_unlocked", "task"),
};
