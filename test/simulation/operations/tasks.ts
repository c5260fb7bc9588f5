/** Clients ask for models, change their minds, and open their test sets. */
import { MsgCancelTask, MsgCreateTask, MsgRevealTestSet, MsgStopTraining, MsgUpdateParams } from "#proto/gen/pouw/tasks/v1/tx.js";
import { EvaluationStep, Phase, type TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { coin } from "#test/chain/chain.js";
import { spec, TEST_KEY } from "#test/chain/course.js";
import { encoded, type ModuleOperations } from "../operation.js";
import type { Simulation } from "../simulation.js";
import { changed } from "./params.js";

const MOST_OPEN = 5;

function create(s: Simulation): void {
  if (s.courses.open().length >= MOST_OPEN) return;
  const { random } = s;
  const slots = random.between(1, 3);
  const fee = BigInt(random.between(1_000, 400_000));
  const change: Partial<TaskSpec> = {
    slots, batches: slots * random.between(4, 40), supervisors: random.pick([1, 3, 3]), evaluators: random.pick([3, 3, 5]), trainingBlocks: BigInt(random.between(15, 60)), dataBlocks: BigInt(random.between(4, 10)),
    lag: random.between(1, 3), ...(random.percent(5) ? { batches: 0 } : {}),
  };
  s.send(MsgCreateTask, { client: random.pick(s.names.clients), spec: spec(s.chain.environment.crypto, change), fee: coin(fee), bond: coin(fee / 4n + random.amount(1_000n)) });
}

function cancel(s: Simulation): void {
  const task = s.random.some(s.courses.open(Phase.PHASE_REGISTRATION, Phase.PHASE_INITIALISATION));
  if (task) s.send(MsgCancelTask, { client: s.random.percent(90) ? task.client : s.random.pick(s.names.clients), taskId: task.id });
}

function stop(s: Simulation): void {
  const task = s.random.some(s.courses.open(Phase.PHASE_TRAINING));
  if (task) s.send(MsgStopTraining, { client: task.client, taskId: task.id });
}

function reveal(s: Simulation): void {
  const task = s.random.some(s.courses.open(Phase.PHASE_EVALUATION).filter((t) => t.evaluationStep === EvaluationStep.EVALUATION_STEP_KEY));
  if (task) s.send(MsgRevealTestSet, { client: task.client, taskId: task.id, key: s.random.percent(95) ? TEST_KEY : s.random.bytes(32) });
}

export const tasks: ModuleOperations = {
  operations: [[7, create], [1, cancel], [1, stop], [8, reveal]],
  governed: [
    (s) => {
      const { random } = s;
      const params = changed(s, s.chain.k.tasks.params(s.chain.ctx), {
        joinBlocks: () => BigInt(random.between(3, 8)), submissionBlocks: () => BigInt(random.between(2, 6)), commitBlocks: () => BigInt(random.between(3, 6)), seatUnlockBlocks: () => BigInt(random.between(5, 30)),
        maxRedraws: () => random.between(0, 4), burnShare: () => random.between(0, 500_000), slashNoShow: () => random.between(0, 300_000), clientBond: () => random.between(0, 240_000), minTaskFee: () => BigInt(random.between(1, 2_000)),
      });
      return encoded(MsgUpdateParams, { authority: s.authority, params });
    },
  ],
};
