/** Miners name their models, evaluators commit to scores and reveal them. */
import { MsgCommitScores, MsgRevealScores, MsgSubmitModel, MsgUpdateParams } from "#proto/gen/pouw/evaluation/v1/tx.js";
import type { SlotScore } from "#proto/gen/pouw/evaluation/v1/types.js";
import { EvaluationStep, Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { scoreCommit } from "#protocol/tasks/scores.js";
import type { Task } from "../courses.js";
import { encoded, type ModuleOperations } from "../operation.js";
import type { Simulation } from "../simulation.js";
import { changed } from "./params.js";

function submit(s: Simulation): void {
  const { random, chain } = s;
  const task = random.some(s.courses.open(Phase.PHASE_SUBMISSION));
  if (!task) return;
  const slots = chain.k.supervision.slots(chain.ctx, task.id);
  for (const seat of s.courses.seats(task.id, Role.ROLE_MINER)) {
    if (!random.percent(60)) continue;
    const clock = slots.map((slot) => BigInt(random.between(0, Number(slot.head?.seq ?? 0n) + (random.percent(2) ? 1 : 0))));
    s.send(MsgSubmitModel, { miner: seat.worker, taskId: task.id, slot: seat.index, clock });
  }
}

/** What evaluators find, as most of them do: one of them is wrong now and then. */
function scoresOf(s: Simulation, task: Task, worker: string): SlotScore[] {
  const salt = s.courses.salt(task.id, worker);
  const odd = (salt[0] as number) % 8 === 0 ? 1n : 0n;
  if ((salt[1] as number) % 32 === 0) return [];
  return s.chain.k.evaluation.submissions(s.chain.ctx, task.id).map(({ slot }) => ({ slot, score: ((task.id * 37n + BigInt(slot) * 11n) % 100n) + odd }));
}

const evaluators = (s: Simulation, step: EvaluationStep): [Task, string][] => {
  const task = s.random.some(s.courses.open(Phase.PHASE_EVALUATION).filter((t) => t.evaluationStep === step));
  return task ? [...new Set(s.courses.seats(task.id, Role.ROLE_EVALUATOR).map((seat) => seat.worker))].filter(() => s.random.percent(60)).map((worker) => [task, worker]) : [];
};

function commit(s: Simulation): void {
  const { crypto, addresses } = s.chain.environment;
  for (const [task, evaluator] of evaluators(s, EvaluationStep.EVALUATION_STEP_COMMIT)) {
    const commitment = scoreCommit(crypto, { taskId: task.id, address: addresses.parse(evaluator), salt: s.courses.salt(task.id, evaluator), scores: scoresOf(s, task, evaluator) });
    s.send(MsgCommitScores, { evaluator, taskId: task.id, commitment });
  }
}

function reveal(s: Simulation): void {
  for (const [task, evaluator] of evaluators(s, EvaluationStep.EVALUATION_STEP_REVEAL)) {
    s.send(MsgRevealScores, { evaluator, taskId: task.id, salt: s.random.percent(97) ? s.courses.salt(task.id, evaluator) : s.random.bytes(32), scores: scoresOf(s, task, evaluator) });
  }
}

export const evaluation: ModuleOperations = {
  operations: [[8, submit], [10, commit], [10, reveal]],
  governed: [
    (s) => encoded(MsgUpdateParams, { authority: s.authority, params: changed(s, s.chain.k.evaluation.params(s.chain.ctx), { rankShare: () => s.random.between(0, 1_000_000), slashEvaluator: () => s.random.between(0, 1_000_000) }) }),
  ],
};
