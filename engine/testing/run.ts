import { createEngine } from "#engine/index.js";
import type { Engine, EngineOptions } from "#engine/types.js";
import { bitsOf, classes, firstWeights, sha256, uniform } from "#engine/testing/models.js";
import type { Loss, ModelPlan } from "#engine/topology/index.js";

export interface RunDigest {
  K: string;
  weights: string;
  residual: string;
  maps: string;
  losses: string;
}

/** Trains on made-up data, every map added as it comes, and digests all that an iteration leaves. */
export function digestOfRun(engine: Engine, loss: Loss, steps: number, o: { lr: number; quantumLog2: number; levels: number }): RunDigest {
  const { plan, batchSize: rows } = engine;
  engine.setInitial(firstWeights(plan, 17));
  const maps: Uint8Array[] = [];
  const losses = new Float32Array(steps);
  for (let s = 0; s < steps; s++) {
    const seed = 1000 + (s % 25);
    const x = uniform(rows * plan.inputSize, 1, seed);
    const y = loss === "softmaxCrossEntropy" ? classes(rows, plan.outputSize, seed + 500) : uniform(rows * plan.outputSize, 0.8, seed + 500);
    const slot = s % 2;
    const result = engine.step({ x, y }, slot, { lrBits: bitsOf(o.lr), quantumLog2: o.quantumLog2, levels: o.levels });
    losses[s] = result.loss;
    maps.push(result.map);
    engine.addMap(result.map, o.levels, 1);
  }
  return { K: sha256(engine.K), weights: sha256(engine.weights()), residual: sha256(engine.residual(0), engine.residual(1).slice()), maps: sha256(...maps), losses: sha256(losses) };
}

export async function run(plan: ModelPlan, options: EngineOptions, steps: number, o: { lr: number; quantumLog2: number; levels: number }): Promise<RunDigest> {
  return digestOfRun(await createEngine(plan, options), options.loss, steps, o);
}
