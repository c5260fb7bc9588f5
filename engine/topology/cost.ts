import { TopologyError } from "./error.js";
import { sizeOf } from "./options.js";
import { activationOf, type LayerPlan, type Loss, type ModelPlan } from "./plan.js";

/** F of the protocol: 6 × the multiply-accumulates of one forward pass of one batch. */
export function flop(plan: ModelPlan, batchSize: number): bigint {
  return 6n * plan.macs * BigInt(batchSize);
}

/** What one engine can hold: WebAssembly addresses are 32 bits; what is left above is room for the runtime. */
export const MEMORY_LIMIT = 0xe000_0000;

/** Widest column panel of any host's packed matrices, in floats. */
const PANEL = 32n;
const F32 = 4n;
/** Kernels read and write, without using it, up to this behind what is theirs. */
const SLACK = 64n;
/** A window's numbers, as the kernels read them. */
const TABLE = 64n;
/** The kernels' own page, and alignment and slack of the buffers. */
const FIXED = 2n << 16n;

/**
 * What an engine of this plan reserves, in bytes by purpose, with one residual. The engine allocates
 * from this very table, so the bound that a task is checked against is the memory that it takes.
 */
export function memoryTable(plan: ModelPlan, batchSize: number): Record<"initial" | "K" | "weights" | "gradient" | "residual" | "map" | "signs" | "packed" | "columns" | "tables" | "activations" | "errors" | "batch", bigint> {
  const n = BigInt(plan.parameters);
  const batch = BigInt(batchSize);
  let packed = 0n;
  let columns = 0n;
  let tables = 0n;
  let activations = 0n;
  let widest = BigInt(plan.outputSize);
  const grow = (bytes: bigint) => {
    if (bytes > packed) packed = bytes;
  };
  for (const layer of plan.layers) {
    if (layer.kind === "shape") continue;
    const size = BigInt(sizeOf(layer.outputShape));
    activations += batch * size * F32;
    const inputSize = BigInt(sizeOf(layer.inputShape));
    for (const row of [size, inputSize]) if (row > widest) widest = row;
    if (layer.kind === "dense") {
      const [inputs, units] = [BigInt(layer.inputs), BigInt(layer.units)];
      grow(inputs * panels(units) * F32);
      grow(units * panels(inputs) * F32);
      grow(batch * panels(units) * F32);
    }
    if (layer.kind === "conv2d") {
      const [window, filters, positions] = [BigInt(layer.kernel.size / layer.filters), BigInt(layer.filters), BigInt(layer.window.positions[0] * layer.window.positions[1])];
      grow(window * panels(filters) * F32);
      grow(filters * panels(window) * F32);
      grow(positions * panels(filters) * F32);
      const image = BigInt(layer.window.padded[0] * layer.window.padded[1] * layer.channels);
      // Beside the image and its windows a gradient that is turned about.
      const both = (image + positions * window + filters * window) * F32 + 8n * SLACK;
      if (both > columns) columns = both;
    }
    // Where each largest value stood.
    if (layer.kind === "pool2d") activations += batch * size * F32;
    if ("window" in layer) tables += TABLE;
  }
  return {
    initial: n * F32,
    K: n * F32,
    weights: n * F32,
    gradient: n * F32,
    residual: n * F32,
    // At most 5 bytes an entry (a gap and a four-byte step), the count, and beside them n sign bits.
    map: n * 5n + 32n,
    signs: n / 8n + 16n,
    packed,
    columns,
    tables,
    activations,
    errors: 2n * batch * widest * F32,
    batch: batch * (BigInt(plan.inputSize) + BigInt(plan.outputSize) + 4n) * F32,
  };
}

export function memoryBytes(plan: ModelPlan, batchSize: number): bigint {
  let total = FIXED;
  for (const bytes of Object.values(memoryTable(plan, batchSize))) total += bytes;
  return total;
}

/** Whether this model's last layer and this loss go together; throws one line naming the layer. */
export function checkLoss(plan: ModelPlan, loss: Loss): void {
  const last = plan.layers.filter((l) => l.kind !== "shape").at(-1);
  if (last === undefined) return;
  const activation = activationOf(last);
  if (loss === "softmaxCrossEntropy") {
    if (activation !== "softmax" && activation !== "linear") {
      throw new TopologyError(`activation ${activation} before a softmax cross-entropy, want softmax (or linear, taken as logits)`, last.name);
    }
    const { outputShape } = plan.layers.at(-1) as LayerPlan;
    if (outputShape.length !== 1) throw new TopologyError(`an output of shape [${outputShape.join(", ")}] with a softmax cross-entropy, want one dimension: put a Flatten or Dense layer behind it`, last.name);
    if (plan.outputSize < 2) throw new TopologyError(`${plan.outputSize} output with a softmax cross-entropy, want 2 or more`, last.name);
  } else if (activation === "softmax") {
    throw new TopologyError("softmax with mean squared error is not supported, want linear, relu, tanh or sigmoid", last.name);
  }
}

function panels(columns: bigint): bigint {
  return ((columns + PANEL - 1n) / PANEL) * PANEL;
}
