/**
 * What a task's record must have in each phase, and must not have yet. Genesis refuses what does not fit, and an invariant
 * holds it after every block.
 */
import { Outcome, Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import type { OpenPhase, Task, TaskOutcome } from "./types.js";

/** How far a task has come: one that ended early keeps what it had. */
type Stage = "waits" | "trains" | "trained" | "evaluated";

function stageOf({ phase, outcome }: Task): Stage {
  const stages: Readonly<Record<OpenPhase, Stage>> = {
    [Phase.PHASE_REGISTRATION]: "waits",
    [Phase.PHASE_INITIALISATION]: "waits",
    [Phase.PHASE_TRAINING]: "trains",
    [Phase.PHASE_SUBMISSION]: "trained",
    [Phase.PHASE_SETTLING]: "trained",
    [Phase.PHASE_EVALUATION]: "evaluated",
  };
  const ends: Readonly<Record<TaskOutcome, Stage>> = {
    [Outcome.OUTCOME_PAID]: "evaluated",
    [Outcome.OUTCOME_CANCELLED]: "waits",
    [Outcome.OUTCOME_NO_MATCH]: "waits",
    [Outcome.OUTCOME_NO_SHOW]: "waits",
    [Outcome.OUTCOME_NO_DATA]: "waits",
    [Outcome.OUTCOME_NO_SUPERVISORS]: "trains",
  };
  return phase === Phase.PHASE_CLOSED ? ends[outcome as TaskOutcome] : stages[phase];
}

/** One line on what does not fit, beginning with the field; undefined for a task that this module could have written. */
export function courseFault(t: Task): string | undefined {
  const closed = t.phase === Phase.PHASE_CLOSED;
  const paid = t.outcome === Outcome.OUTCOME_PAID;
  if (closed !== (t.outcome !== undefined)) return closed ? "outcome: is missing, the task is closed" : "outcome: got one of a task that is not closed";
  const stage = stageOf(t);
  const begun = stage !== "waits";
  const there = (field: string, value: unknown, wanted: boolean): string | undefined =>
    (value !== undefined) === wanted ? undefined : `${field}: ${wanted ? "is missing" : "is there"} in phase ${t.phase}${closed ? ` with outcome ${t.outcome}` : ""}`;
  return (
    there("closed_height", t.closedHeight, closed) ??
    there("deadline", t.deadline, !closed && t.phase !== Phase.PHASE_SETTLING) ??
    there("start_height", t.training, begun) ??
    there("training_end", t.training?.end, stage === "trained" || stage === "evaluated") ??
    there("evaluation_step", t.evaluationStep, stage === "evaluated") ??
    (begun || t.lastAdvance === undefined ? undefined : "last_advance: is there before Training") ??
    (t.evaluationStep !== undefined || t.testKey === undefined ? undefined : "test_key: is there before Evaluation") ??
    (paid || (t.best === undefined && !t.rankedByWork) ? undefined : "best_slot: is there before the ranking") ??
    sizeFault(t) ??
    moneyFault(t)
  );
}

function sizeFault({ training, testKey, best, spec, createdHeight, phaseHeight, seatStakes }: Task): string | undefined {
  if (phaseHeight < createdHeight) return `phase_height: got ${phaseHeight}, want at least created_height, which is ${createdHeight}`;
  if (training && training.beacon.length !== 32) return `start_beacon: got ${training.beacon.length} bytes, want 32`;
  if (training && (training.start < createdHeight || training.start > phaseHeight)) return `start_height: got ${training.start}, want ${createdHeight} to ${phaseHeight}`;
  if (testKey && testKey.length !== 32) return `test_key: got ${testKey.length} bytes, want 32`;
  if (best && best.slot >= spec.slots) return `best_slot: got ${best.slot}, want below ${spec.slots}`;
  if (best && best.clock.length !== spec.slots) return `best_clock: got ${best.clock.length} entries, want ${spec.slots}`;
  const stakes = [seatStakes.miner, seatStakes.supervisor, seatStakes.evaluator];
  return stakes.includes(0n) ? `seat_stakes: got ${stakes.join(", ")}, want none of 0` : undefined;
}

function moneyFault({ fee, burned, minted, mintCap }: Task): string | undefined {
  if (burned > fee) return `burned: got ${burned}, want at most fee, which is ${fee}`;
  if (mintCap > burned) return `mint_cap: got ${mintCap}, want at most burned, which is ${burned}`;
  return minted > mintCap ? `minted: got ${minted}, want at most mint_cap, which is ${mintCap}` : undefined;
}
