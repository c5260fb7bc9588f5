/** What an evaluator does next, as a pure function of the chain's state and of what it stored. */
import { Phase, Role, type ScoreReveal, type Seat, type SlotScore, type Task } from "#proto/gen/pouw.js";

/** An evaluator's own opinion, on disk before its commitment is sent. */
export interface Opinion {
  readonly salt: Uint8Array;
  /** slots ascending; empty: the test set is unusable */
  readonly scores: readonly SlotScore[];
}

export type Action = { readonly kind: "none" } | { readonly kind: "evaluate" } | { readonly kind: "commit" } | { readonly kind: "reveal" };

const COMMIT_STEP = 2n;
const REVEAL_STEP = 3n;
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
  if (task.evaluationStep === COMMIT_STEP && !committed) return { kind: opinion ? "commit" : "evaluate" };
  if (task.evaluationStep === REVEAL_STEP && committed && !mine.revealed && opinion) return { kind: "reveal" };
  return NONE;
}
