/** How a task's models are ranked (protocol section 12): by scores that more than half of the drawn gave, else by verified work. */
import type { View } from "#kernel/store.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { standingScore } from "#protocol/tasks/scores.js";
import { commitments } from "./store.js";
import type { EvaluationPorts, Task } from "./types.js";

export interface Ranking {
  /** what ranks, by slot: the score that stands, or 0 for all where work ranks; undefined after a fault */
  readonly metrics: readonly (bigint | undefined)[];
  /** F times the own anchored iterations, by slot; 0 after a fault */
  readonly work: readonly bigint[];
  readonly byWork: boolean;
  /** more than half of the drawn found the test set unusable */
  readonly unusable: boolean;
}

/** `byWork`: whatever was scored does not count. */
export function rank(ports: EvaluationPorts, view: View, t: Task, byWork: boolean): Ranking {
  const slots = ports.supervision.slots(view, t.id);
  // A worker drawn twice speaks for both of its seats, or its honest values could never be more than half of the drawn.
  const seats = ports.matching.seats(view, t.id, Role.ROLE_EVALUATOR);
  const drawn = seats.length;
  const revealed = seats.map((s) => commitments.get(view, t.id, s.worker)?.opened?.scores).filter((scores) => scores !== undefined);
  const unusable = 2 * revealed.filter((scores) => scores.length === 0).length > drawn;
  const faultless = slots.map((s) => s.state.kind !== "fault");
  const standing = slots.map((s) => standingScore(s.slot, drawn, revealed));
  const ranksWork = byWork || unusable || slots.some((_, i) => faultless[i] && standing[i] === undefined);
  return {
    metrics: slots.map((_, i) => (faultless[i] ? (ranksWork ? 0n : standing[i]) : undefined)),
    work: slots.map((s) => ports.supervision.verifiedIterations(view, t.id, s.slot) * t.flop),
    byWork: ranksWork,
    unusable,
  };
}

/** The highest score, or the most verified work; ties: the lowest slot. */
export function bestSlot({ metrics, byWork, work }: Ranking): number | undefined {
  let best: number | undefined;
  metrics.forEach((metric, slot) => {
    if (metric === undefined) return;
    const value = byWork ? (work[slot] as bigint) : metric;
    const than = best === undefined ? undefined : byWork ? (work[best] as bigint) : (metrics[best] as bigint);
    if (than === undefined || value > than) best = slot;
  });
  return best;
}
