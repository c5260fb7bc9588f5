/** What an evaluator does next, as a pure function of the chain's state and of what it stored. */
import type { ScoreReveal, SlotScore } from "#proto/gen/pouw/evaluation/v1/types.js";
import type { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import { EvaluationStep, Phase, type Task } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";

/** An evaluator's own opinion, on disk before its commitment is sent. */
export interface Opinion {
  readonly salt: Uint8Array;
  /** slots ascending; empty: the test set is unusable */
  readonly scores: readonly SlotScore[];
}

export type Action = { readonly kind: "none" } | { readonly kind: "evaluate" } | { readonly kind: "commit" } | { readonly kind: "reveal" };

const NONE: Action = { kind: "none" };

export function nextAction(
  me: string,
  view: { readonly task: Task; readonly seats: readonly Seat[]; readonly reveals: readonly ScoreReveal[] },
  opinion: Opinion | undefined,
): Action {
  const { task, seats, reveals } = view;
  if (task.phase !== Phase.PHASE_EVALUATION || !seats.some((s) => s.role === Role.ROLE_EVALUATOR && s.worker === me)) return NONE;
  const mine = reveals.find((r) => r.evaluator === me);
  const committed = mine !== undefined && mine.commitment.length > 0;
  if (task.evaluationStep === EvaluationStep.EVALUATION_STEP_COMMIT && !committed) return { kind: opinion ? "commit" : "evaluate" };
  if (task.evaluationStep === EvaluationStep.EVALUATION_STEP_REVEAL && committed && !mine.revealed && opinion) return { kind: "reveal" };
  return NONE;
}
