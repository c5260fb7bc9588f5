/** The exact engine with the inputs of a dense model in another order: an arithmetic as different as another library's, at full speed. */
import { uniform } from "#engine/testing/models.js";
import type { Batch, Engine } from "#engine/types.js";
import type { TolerantRerun } from "#protocol/verification/tolerant-rerun.js";

/** Computes by `engine` at weights that others write: `weights` is in the model's own order. */
export function reordered(engine: Engine, weightsOf: () => Float32Array): TolerantRerun["engine"] {
  const { inputSize, tensors, parameters } = engine.plan;
  const units = tensors[0]?.shape[1] as number;
  const key = Array.from({ length: inputSize }, (_, i) => uniform(1, 1, 5 + 77 * i)[0] as number);
  const order = key.map((_, i) => i).sort((a, b) => (key[a] as number) - (key[b] as number));
  const held = new Float32Array(parameters);
  const rows = (to: Float32Array, from: Float32Array, there: boolean): Float32Array => {
    to.set(from);
    order.forEach((o, i) => {
      const [source, target] = there ? [o, i] : [i, o];
      to.set(from.subarray(source * units, (source + 1) * units), target * units);
    });
    return to;
  };
  const inputs = (x: Float32Array): Float32Array => x.map((_, j) => x[j - (j % inputSize) + (order[j % inputSize] as number)] as number);
  return {
    batchSize: engine.batchSize,
    weights: () => held,
    makeWeights: () => void held.set(weightsOf()),
    gradient: ({ x, y }: Batch) => {
      rows(engine.weights(), held, true);
      const found = engine.gradient({ x: inputs(x), y });
      return { ...found, gradient: rows(new Float32Array(parameters), found.gradient, false) };
    },
  };
}
