/** Scores of the submitted models on the test set, by the exact engine. */
import { createEngine } from "#engine/index.js";
import { type ModelPlan } from "#engine/topology/index.js";
import { initialWeights, taskSeed } from "#protocol/initial.js";
import { classificationScore, regressionScore } from "#protocol/scores.js";
import { Loss, type SlotScore, type Submission, type Task } from "#proto/gen/pouw.js";
import { type TestSet } from "./test-set.js";

/** The maps of a slot, seq 1 first. */
export type Maps = readonly (readonly Uint8Array[])[];

/** One score a submission, slots ascending. `maps` hold every slot's log at least up to each clock. */
export async function scoreModels(task: Task, plan: ModelPlan, maps: Maps, submissions: readonly Submission[], test: TestSet): Promise<SlotScore[]> {
  const spec = task.spec;
  if (!spec) throw new Error(`task ${task.id} has no spec`);
  const classes = spec.loss === Loss.LOSS_SOFTMAX_CROSS_ENTROPY;
  const engine = await createEngine(plan, {
    loss: classes ? "softmaxCrossEntropy" : "meanSquaredError",
    batchSize: spec.batchSize,
    host: "auto",
  });
  engine.setInitial(initialWeights(plan, taskSeed(task.startBeacon, task.id)));
  engine.setQuantum(spec.quantumLog2);
  const clock = new Array<number>(maps.length).fill(0);
  const known = new Map<string, bigint>();
  const scores: SlotScore[] = [];
  for (const submission of [...submissions].sort((a, b) => a.slot - b.slot)) {
    const id = submission.clock.join(",");
    let score = known.get(id);
    if (score === undefined) {
      moveTo(submission.clock.map(Number), clock, maps, (map, sign) => engine.addMap(map, spec.levels, sign));
      score = scoreOf(test);
      known.set(id, score);
    }
    scores.push({ slot: submission.slot, score });
  }
  return scores;

  function scoreOf({ rows, x, y }: TestSet): bigint {
    const width = classes ? 1 : plan.outputSize;
    const losses = new Float32Array(rows);
    let correct = 0;
    const size = spec?.batchSize ?? 1;
    for (let from = 0; from < rows; from += size) {
      const count = Math.min(size, rows - from);
      const batch = {
        x: padded(x.subarray(from * plan.inputSize, (from + count) * plan.inputSize), size * plan.inputSize),
        y: padded(y.subarray(from * width, (from + count) * width), size * width),
      };
      const result = engine.evaluate(batch, count);
      correct += result.correct;
      losses.set(result.loss.subarray(0, count), from);
    }
    return classes ? classificationScore(correct, rows) : regressionScore(losses);
  }
}

/** The engine takes whole batches; the rows past the last are not looked at. */
function padded<T extends Float32Array | Int32Array>(values: T, length: number): T {
  if (values.length === length) return values;
  const out = values instanceof Float32Array ? new Float32Array(length) : new Int32Array(length);
  out.set(values);
  return out as T;
}

/** Adds or subtracts maps until `clock` is `target`. */
function moveTo(target: readonly number[], clock: number[], maps: Maps, apply: (map: Uint8Array, sign: 1 | -1) => void): void {
  maps.forEach((list, slot) => {
    const want = target[slot] ?? 0;
    if (want > list.length) throw new Error(`a submitted clock names message ${slot}/${want}, and the log ends at ${list.length}`);
    for (let at = clock[slot] ?? 0; at < want; at++) apply(list[at] as Uint8Array, 1);
    for (let at = (clock[slot] ?? 0) - 1; at >= want; at--) apply(list[at] as Uint8Array, -1);
    clock[slot] = want;
  });
}
