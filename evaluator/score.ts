/** Scores of the submitted models on the test set, by the exact engine. */
import { createEngine } from "#engine/index.js";
import { type ModelPlan } from "#engine/topology/index.js";
import { initialWeights, taskSeed } from "#protocol/initial.js";
import { rowShapeOf, type Rows } from "#protocol/data.js";
import { evaluateModel } from "#protocol/evaluation.js";
import { lossName } from "#protocol/task-spec.js";
import { type SlotScore, type Submission, type Task } from "#proto/gen/pouw.js";

/** The maps of a slot, seq 1 first. */
export type Maps = readonly (readonly Uint8Array[])[];

/** One score a submission, slots ascending. `maps` hold every slot's log at least up to each clock. */
export async function scoreModels(task: Task, plan: ModelPlan, maps: Maps, submissions: readonly Submission[], test: Rows): Promise<SlotScore[]> {
  const spec = task.spec;
  if (!spec) throw new Error(`task ${task.id} has no spec`);
  const engine = await createEngine(plan, { loss: lossName(spec.loss), batchSize: spec.batchSize, host: "auto" });
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
      score = evaluateModel(engine, rowShapeOf(spec, plan), test).score;
      known.set(id, score);
    }
    scores.push({ slot: submission.slot, score });
  }
  return scores;
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
