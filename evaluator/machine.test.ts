import test from "ava";
import { EvaluationStep, Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { type Effect, type EvaluatedView, EvaluatorMachine, type Input, type Opinion } from "./machine.js";

const ME = "pouw1me";
const { EVALUATION_STEP_KEY: KEY, EVALUATION_STEP_COMMIT: COMMIT, EVALUATION_STEP_REVEAL: REVEAL } = EvaluationStep;
const opinion: Opinion = { salt: new Uint8Array(32), scores: [] };

const view = (id: number, evaluationStep: EvaluationStep, committed = false, revealed = false): EvaluatedView => ({
  task: { id: BigInt(id), phase: Phase.PHASE_EVALUATION, evaluationStep },
  seats: [{ role: Role.ROLE_EVALUATOR, worker: ME }],
  reveals: committed ? [{ evaluator: ME, commitment: new Uint8Array(32), revealed }] : [],
});

/** A machine and what it said, as words. What the disk has is answered at once, and what is kept is on it. */
function bench(onDisk: readonly number[] = []) {
  const machine = new EvaluatorMachine(ME);
  const said: string[] = [];
  const feed = (input: Input): void => {
    for (const e of machine.step(input)) run(e);
  };
  const run = (e: Effect): void => {
    if (e.kind === "load") return feed({ kind: "loaded", task: e.task, opinion: onDisk.includes(Number(e.task)) ? opinion : undefined });
    if (e.kind === "keep") return feed({ kind: "kept", task: e.task });
    said.push(`${e.kind} ${e.task}`);
  };
  const take = (): string[] => said.splice(0);
  return { take, feed, views: (...views: EvaluatedView[]) => feed({ kind: "views", views }) };
}

test("an evaluator begins to fetch when it is drawn, scores when the key is there, and commits what it has kept", (t) => {
  const { take, feed, views } = bench();
  views(view(1, KEY));
  t.deepEqual(take(), ["fetch 1"]);
  feed({ kind: "fetched", task: 1n });
  views(view(1, KEY));
  t.deepEqual(take(), [], "without the key there is nothing to score");
  views(view(1, COMMIT));
  t.deepEqual(take(), ["score 1"]);
  feed({ kind: "scored", task: 1n, opinion });
  t.deepEqual(take(), ["commit 1"]);
  feed({ kind: "sent", task: 1n });
  t.deepEqual(take(), []);
  views(view(1, COMMIT));
  t.deepEqual(take(), ["commit 1"], "a commit that is not on chain is sent again with the next block");
  feed({ kind: "sent", task: 1n });
  views(view(1, COMMIT, true));
  t.deepEqual(take(), ["drop 1"]);
});

test("an evaluator that is killed between commit and reveal reveals what the disk has", (t) => {
  const { take, feed, views } = bench([4]);
  views(view(4, REVEAL, true));
  t.deepEqual(take(), ["reveal 4"]);
  feed({ kind: "sent", task: 4n });
  views(view(4, REVEAL, true, true));
  t.deepEqual(take(), ["drop 4"]);
});

test("a task that hangs or fails holds up no other, and commits and reveals come first", (t) => {
  const { take, feed, views } = bench([4, 5]);
  views(view(1, COMMIT), view(2, COMMIT), view(3, COMMIT), view(4, REVEAL, true), view(5, COMMIT));
  t.deepEqual(take(), ["reveal 4", "commit 5", "fetch 1", "fetch 2", "fetch 3"]);
  feed({ kind: "failed", task: 2n });
  feed({ kind: "fetched", task: 3n });
  t.deepEqual(take(), ["score 3"]);
});

test("four tasks are fetched at one time, and one that failed stands behind the others", (t) => {
  const { take, feed, views } = bench();
  const all = [1, 2, 3, 4, 5, 6].map((id) => view(id, KEY));
  views(...all);
  t.deepEqual(take(), ["fetch 1", "fetch 2", "fetch 3", "fetch 4"]);
  feed({ kind: "failed", task: 1n });
  t.deepEqual(take(), ["fetch 5"], "not the same again before the next block");
  views(...all);
  feed({ kind: "fetched", task: 2n });
  t.deepEqual(take(), ["fetch 6"]);
  feed({ kind: "fetched", task: 3n });
  t.deepEqual(take(), ["fetch 1"]);
});

test("what is under way ends when the time to commit is over", (t) => {
  const { take, feed, views } = bench();
  views(view(1, COMMIT), view(2, KEY));
  t.deepEqual(take(), ["fetch 1", "fetch 2"]);
  views(view(1, REVEAL), view(2, KEY));
  t.deepEqual(take(), ["stop 1", "drop 1"]);
  feed({ kind: "failed", task: 1n });
  views();
  t.deepEqual(take(), ["stop 2", "drop 2"], "a task that is over");
});
