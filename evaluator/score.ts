/** Scores of the submitted models on the test set, by the exact engine. */
import { createEngine } from "#engine/index.js";
import { type ModelPlan, parseTopology } from "#engine/topology/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { engineOptionsOf } from "#protocol/tasks/engine-options.js";
import { initialWeights, taskSeed } from "#protocol/state/initial.js";
import { rowShapeOf, type Rows } from "#protocol/tasks/data.js";
import { evaluateModel } from "#protocol/tasks/evaluation.js";
import { MAX_PARAMETERS } from "#protocol/tasks/task-spec.js";
import type { SlotScore, Submission } from "#proto/gen/pouw/evaluation/v1/types.js";
import type { Task } from "#proto/gen/pouw/tasks/v1/types.js";
import { started, type StartedTask } from "#protocol/tasks/task-view.js";
import { SpooledLog, type StoredLog } from "./spool.js";
import { readTestSet } from "./test-set.js";

export interface ScoreInput {
  /** with its test key */
  readonly task: Task;
  readonly submissions: readonly Submission[];
  readonly sealed: Uint8Array;
  /** every slot's log at least up to each clock, by slot */
  readonly logs: readonly StoredLog[];
}

/** One score a submission, slots ascending; or why the test set does not open or does not fit the task. */
export type Scored = { readonly scores: readonly SlotScore[]; readonly unusable?: undefined } | { readonly unusable: string };

export async function score({ task: given, submissions, sealed, logs }: ScoreInput): Promise<Scored> {
  const task = started(given);
  if (!task?.testKey) throw new Error(`task ${given.id} has not trained, or its test set is not revealed`);
  const { spec } = task;
  const plan = parseTopology(spec.topology, { maxParameters: MAX_PARAMETERS });
  let test: Rows;
  try {
    test = readTestSet(sealed, task.testKey, spec, plan);
  } catch (e) {
    return { unusable: (e as Error).message };
  }
  return { scores: await scoreModels(task, plan, logs.map((l) => new SpooledLog(l)), submissions, test) };
}

async function scoreModels(task: StartedTask, plan: ModelPlan, logs: readonly SpooledLog[], submissions: readonly Submission[], test: Rows): Promise<SlotScore[]> {
  const { spec } = task;
  const engine = await createEngine(plan, engineOptionsOf(spec));
  engine.setInitial(initialWeights(nodeCrypto, plan, taskSeed(nodeCrypto, task.startBeacon, task.id)));
  const clock = logs.map(() => 0n);
  const known = new Map<string, bigint>();
  const scores: SlotScore[] = [];
  for (const submission of ascending(submissions)) {
    const id = submission.clock.join(",");
    let value = known.get(id);
    if (value === undefined) {
      moveTo(submission.clock, clock, logs, (map, sign) => engine.addMap(map, sign));
      value = evaluateModel(engine, rowShapeOf(spec, plan), test).score;
      known.set(id, value);
    }
    scores.push({ slot: submission.slot, score: value });
  }
  return scores.toSorted((a, b) => a.slot - b.slot);
}

/** Clocks ascending by what they count, so that the model goes on from one to the next: each map is added about once. */
export function ascending(submissions: readonly Submission[]): Submission[] {
  const total = (s: Submission): bigint => s.clock.reduce((n, c) => n + c, 0n);
  return submissions.map((s) => ({ s, n: total(s) })).sort((a, b) => (a.n < b.n ? -1 : a.n > b.n ? 1 : a.s.slot - b.s.slot)).map(({ s }) => s);
}

/** Adds or subtracts maps until `clock` is `target`. */
function moveTo(target: readonly bigint[], clock: bigint[], logs: readonly SpooledLog[], apply: (map: Uint8Array, sign: 1 | -1) => void): void {
  for (const [slot, log] of logs.entries()) {
    const want = target[slot] ?? 0n;
    if (want > log.length) throw new Error(`a submitted clock names message ${slot}/${want}, and the log ends at ${log.length}`);
    let at = clock[slot] as bigint;
    while (at < want) apply(log.map(++at), 1);
    while (at > want) apply(log.map(at--), -1);
    clock[slot] = want;
    log.rest(); // pages of all slots would be the whole log
  }
}
