/** What is seen of one task on chain at a block: what every daemon's machine decides by. */
import type { ScoreReveal, Submission } from "#proto/gen/pouw/evaluation/v1/types.js";
import type { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import type { AttestedHead, Slot } from "#proto/gen/pouw/supervision/v1/types.js";
import type { Task, TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";

export interface TaskView {
  /** the block whose state this is */
  readonly height: bigint;
  readonly task: Task;
  readonly seats: readonly Seat[];
  readonly slots: readonly Slot[];
  /** A of the protocol: the lowest anchored round of the open slots, −1 before any anchor */
  readonly lowestRound: bigint;
  readonly submissions: readonly Submission[];
  /** commitments and reveals of the evaluators, empty before Evaluation */
  readonly reveals: readonly ScoreReveal[];
  /** the highest head of each slot that each supervisor attested */
  readonly attested: readonly AttestedHead[];
}

/** A task that has begun to train: with its block x, and beacon(x). */
export interface StartedTask extends Task {
  readonly spec: TaskSpec;
  readonly startHeight: bigint;
  readonly startBeacon: Uint8Array;
}

/** The task where it has begun to train, else undefined. */
export function started(task: Task): StartedTask | undefined {
  const { spec, startHeight, startBeacon } = task;
  return spec && startHeight !== undefined && startBeacon ? { ...task, spec, startHeight, startBeacon } : undefined;
}
