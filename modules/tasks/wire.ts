/** Tasks between their domain type and the generated message, which is what stands in the store, in answers and in genesis. */
import { EvaluationStep, Outcome, Phase, Task as WireTask, Terms } from "#proto/gen/pouw/tasks/v1/types.js";
import type { Best, Task, TaskOutcome, TaskPhase, TaskStep, WholeTask } from "./types.js";

/** One line that begins with the field. */
const fault = (field: string, what: string): Error => new Error(`${field}: ${what}`);

function phaseOf({ phase }: WireTask): TaskPhase {
  if (phase === Phase.PHASE_UNSPECIFIED || phase === Phase.PHASE_PAYOUT || phase > Phase.PHASE_CLOSED) throw fault("phase", `got ${phase}, want one that a task stays in`);
  return phase;
}

function outcomeOf({ outcome }: WireTask): TaskOutcome | undefined {
  if (outcome > Outcome.OUTCOME_NO_SUPERVISORS) throw fault("outcome", `there is no ${outcome}`);
  return outcome === Outcome.OUTCOME_UNSPECIFIED ? undefined : outcome;
}

function stepOf({ evaluationStep: step }: WireTask): TaskStep | undefined {
  if (step > EvaluationStep.EVALUATION_STEP_REVEAL) throw fault("evaluation_step", `there is no ${step}`);
  return step === EvaluationStep.EVALUATION_STEP_UNSPECIFIED ? undefined : step;
}

function trainingOf({ startHeight, startBeacon, trainingEnd }: WireTask): Task["training"] {
  if (startHeight === undefined || startBeacon === undefined) {
    if (startHeight !== undefined || startBeacon !== undefined || trainingEnd !== undefined) throw fault("start_height", "want it together with start_beacon, and both with training_end");
    return undefined;
  }
  return { start: startHeight, beacon: startBeacon, end: trainingEnd };
}

function bestOf({ bestSlot, bestClock, bestScore }: WireTask): Best | undefined {
  if (bestSlot !== undefined) return { slot: bestSlot, clock: bestClock, score: bestScore };
  if (bestClock.length > 0 || bestScore !== undefined) throw fault("best_slot", "is missing, and there is a clock or a score of it");
  return undefined;
}

/** The topology is left out. Throws one line that begins with the field for what is no task. */
export function parseTask(w: WireTask): Task {
  if (!w.spec) throw fault("spec", "is missing");
  const { topology: _, testSet, ...asked } = w.spec;
  if (!testSet) throw fault("spec.test_set", "is missing");
  const [miner, supervisor, evaluator, ...more] = w.seatStakes;
  if (miner === undefined || supervisor === undefined || evaluator === undefined || more.length > 0) throw fault("seat_stakes", `got ${w.seatStakes.length}, want miner, supervisor and evaluator`);
  const { id, client, fee, bond, burned, phaseHeight, deadline, createdHeight, parameters, flop, redraws, slashedToPot, slashedBurned, minted, mintCap, testKey, lastAdvance, rankedByWork, closedHeight } = w;
  return {
    id, client, fee, bond, burned, phaseHeight, deadline, createdHeight, parameters, flop, redraws, slashedToPot, slashedBurned, minted, mintCap, testKey, lastAdvance, rankedByWork, closedHeight,
    spec: { ...asked, testSet },
    phase: phaseOf(w),
    outcome: outcomeOf(w),
    training: trainingOf(w),
    best: bestOf(w),
    seatStakes: { miner, supervisor, evaluator },
    evaluationStep: stepOf(w),
    terms: w.terms ?? Terms.create(),
  };
}

/** With the topology where the task has it. */
export function wireTask(t: Task | WholeTask): WireTask {
  const { spec, outcome, training, best, seatStakes, evaluationStep, ...same } = t;
  return {
    ...same,
    spec: { topology: "", ...spec },
    outcome: outcome ?? Outcome.OUTCOME_UNSPECIFIED,
    startHeight: training?.start,
    startBeacon: training?.beacon,
    trainingEnd: training?.end,
    bestSlot: best?.slot,
    bestClock: best ? [...best.clock] : [],
    bestScore: best?.score,
    seatStakes: [seatStakes.miner, seatStakes.supervisor, seatStakes.evaluator],
    evaluationStep: evaluationStep ?? EvaluationStep.EVALUATION_STEP_UNSPECIFIED,
  };
}
