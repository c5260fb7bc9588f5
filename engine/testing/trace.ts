/** What a training run on made-up data leaves behind, byte for byte; runs in a page as well. */
import { bitsOf, classes, firstWeights, uniform } from "#engine/testing/models.js";
import type { Loss } from "#engine/topology/index.js";
import type { Engine } from "#engine/types.js";

export interface Rate {
  readonly lr: number;
}

export type Trace = Readonly<Record<"K" | "weights" | "residual" | "maps" | "losses", readonly ArrayBufferView[]>>;

/** Two slots take turns, and every map is added as it comes. */
export function traceOfRun(engine: Engine, loss: Loss, steps: number, o: Rate): Trace {
  const { plan, batchSize: rows } = engine;
  engine.setInitial(firstWeights(plan, 17));
  const maps: Uint8Array[] = [];
  const losses = new Float32Array(steps);
  for (let s = 0; s < steps; s++) {
    const seed = 1000 + (s % 25);
    const x = plan.vocabulary === undefined ? uniform(rows * plan.inputSize, 1, seed) : Float32Array.from(classes(rows * plan.inputSize, plan.vocabulary, seed));
    const targets = () => (loss === "binaryCrossEntropy" ? Float32Array.from(classes(rows * plan.outputSize, 2, seed + 500)) : uniform(rows * plan.outputSize, 0.8, seed + 500));
    const y = loss === "softmaxCrossEntropy" ? classes(rows, plan.outputSize, seed + 500) : targets();
    const random = Uint8Array.from({ length: 16 }, (_, i) => s * 7 + i * 31);
    const result = engine.step({ x, y }, s % 2, { lrBits: bitsOf(o.lr), time: BigInt((s >> 1) + 1), random });
    losses[s] = result.loss;
    maps.push(result.map);
    engine.addMap(result.map, 1);
  }
  return { K: [engine.K.slice()], weights: [engine.weights().slice()], residual: [engine.residual(0).slice(), engine.residual(1).slice()], maps, losses: [losses] };
}
