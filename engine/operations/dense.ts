import { type DenseLayer, mostNonzero } from "#engine/topology/index.js";
import { activated } from "./activated.js";
import { nth, type Operation, type Place, placed } from "./types.js";

export function denseOperation(layer: DenseLayer, p: Place): Operation {
  const { kernels, inputs: [input = 0] } = p;
  const { inputs, units, positions } = layer;
  const packed = nth(p.packed, 0);
  const [kernel, bias] = [placed(p, layer.kernel), placed(p, layer.bias)];
  const activation = activated(p, positions * units);
  const lists = layer.first ? (p.kept.at(-1) as number) : 0;
  const most = mostNonzero(layer, p.batchSize);
  /** Whether the lists tell of the input that stands there: it has many zeros. */
  let sparse = false;
  return {
    forward(batch) {
      const rows = batch * positions;
      sparse = lists > 0 && kernels.sparseLists(rows, inputs, input, lists, most) >= 0;
      if (!sparse || kernels.sparseProduct(rows, units, inputs, input, lists, kernel.at, bias.at, activation.linear, activation.relu) === 0) {
        kernels.pack(inputs, units, kernel.at, units, 1, packed);
        kernels.gemm(rows, units, inputs, input, inputs, 1, packed, activation.linear, bias.at, activation.relu);
      }
      activation.forward(batch);
    },
    backward(batch, error, [target]) {
      const rows = batch * positions;
      activation.backward(batch, error);
      if (!sparse || kernels.sparseGradient(rows, units, inputs, lists, most, error, kernel.gradient) === 0) {
        kernels.pack(rows, units, error, units, 1, packed);
        kernels.gemm(inputs, units, rows, input, 1, inputs, packed, kernel.gradient, 0, 0);
      }
      if (bias.at) kernels.columnSums(rows, units, error, bias.gradient);
      if (!target) return;
      kernels.pack(units, inputs, kernel.at, 1, units, packed);
      kernels.gemm(rows, inputs, units, error, units, 1, packed, target, 0, 0);
    },
  };
}
