import test from "ava";
import { silentLogger } from "#platform/log.js";
import { ScoreReveal } from "#proto/gen/pouw/evaluation/v1/types.js";
import { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import { EvaluationStep, Phase, Task } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { type TaskView } from "#client/chain/task-view.js";
import { type Opinion } from "./machine.js";
import { Steps, type StepsOptions } from "./steps.js";

const ME = "pouw1me";
const COMMIT = EvaluationStep.EVALUATION_STEP_COMMIT;
const REVEAL = EvaluationStep.EVALUATION_STEP_REVEAL;

function view(id: number, evaluationStep: EvaluationStep, committed = false): TaskView {
  const taskId = BigInt(id);
  return {
    height: 1n,
    task: Task.create({ id: taskId, phase: Phase.PHASE_EVALUATION, evaluationStep }),
    seats: [Seat.create({ taskId, role: Role.ROLE_EVALUATOR, worker: ME })],
    slots: [],
    lowestRound: 0n,
    submissions: [],
    reveals: committed ? [ScoreReveal.create({ evaluator: ME, commitment: new Uint8Array(32) })] : [],
    attested: [],
  };
}
const forever = (): Promise<never> => new Promise(() => {});
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

function bench(evaluate: (view: TaskView, signal: AbortSignal) => Promise<void>, more: Partial<StepsOptions> = {}) {
  const did: string[] = [];
  const opinions = new Map<bigint, Opinion>();
  const opinion: Opinion = { salt: new Uint8Array(32), scores: [] };
  const steps = new Steps({
    me: ME,
    log: silentLogger,
    signal: new AbortController().signal,
    store: { get: async (id) => opinions.get(id), put: async (id, o) => void opinions.set(id, o) },
    evaluate: async (v, signal) => {
      did.push(`evaluate ${v.task.id}`);
      await evaluate(v, signal);
      return opinion;
    },
    commit: async ({ task }) => did.push(`commit ${task.id}`),
    reveal: async ({ task }) => did.push(`reveal ${task.id}`),
    ...more,
  });
  return { steps, did, opinions, opinion };
}

test("a task whose supervisors hang, and one that fails, hold up no other", async (t) => {
  const { steps, did, opinions, opinion } = bench(async (v) => {
    if (v.task.id === 1n) await forever();
    if (v.task.id === 2n) throw new Error("served by nobody");
  });
  opinions.set(4n, opinion);
  await steps.begin([view(1, COMMIT), view(2, COMMIT), view(3, COMMIT), view(4, REVEAL, true)]);
  await soon();
  t.deepEqual(did, ["reveal 4", "evaluate 1", "evaluate 2", "evaluate 3", "commit 3"]);
});

test("commits and reveals begin before evaluations", async (t) => {
  const { steps, did, opinions, opinion } = bench(async () => {});
  opinions.set(2n, opinion);
  opinions.set(3n, opinion);
  await steps.begin([view(1, COMMIT), view(2, COMMIT), view(3, REVEAL, true)]);
  await steps.settled();
  t.deepEqual(did, ["commit 2", "reveal 3", "evaluate 1", "commit 1"]);
});

test("what is under way is not begun again, and what failed is tried with the next block, behind the others", async (t) => {
  let fail = true;
  const { steps, did } = bench(async (v) => {
    if (v.task.id === 1n && fail) throw new Error("not yet");
    await soon();
  });
  await steps.begin([view(1, COMMIT), view(2, COMMIT)]);
  await new Promise((resolve) => setImmediate(resolve));
  fail = false;
  await steps.begin([view(1, COMMIT), view(2, COMMIT), view(3, COMMIT)]);
  await steps.settled();
  t.deepEqual(did.filter((d) => d.startsWith("evaluate")), ["evaluate 1", "evaluate 2", "evaluate 3", "evaluate 1"]);
  t.deepEqual(did.filter((d) => d.startsWith("commit")).toSorted(), ["commit 1", "commit 2", "commit 3"]);
});

test("an evaluation ends when the time to commit is over, and nothing is committed", async (t) => {
  let stopped = false;
  const { steps, did } = bench((_v, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => ((stopped = true), reject(signal.reason as Error)))));
  await steps.begin([view(1, COMMIT)]);
  await steps.begin([view(1, REVEAL)]);
  await steps.settled();
  t.true(stopped);
  t.deepEqual(did, ["evaluate 1"]);
});

test("a reveal whose sending hangs does not keep another task's from being sent", async (t) => {
  const sent: bigint[] = [];
  const { steps, opinions, opinion } = bench(async () => {}, {
    reveal: async ({ task }) => {
      sent.push(task.id);
      if (task.id === 1n) await forever();
    },
  });
  for (const id of [1n, 2n]) opinions.set(id, opinion);
  await steps.begin([view(1, REVEAL, true), view(2, REVEAL, true)]);
  await soon();
  t.deepEqual(sent, [1n, 2n]);
});
