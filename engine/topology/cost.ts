import { TopologyError } from "./error.js";
import type { LayerPlan, Loss, ModelPlan } from "./plan.js";

/** F of the protocol: 6 × the multiply-accumulates of one forward pass of one batch. */
export function flop(plan: ModelPlan, batchSize: number): bigint {
  return 6n * plan.macs * BigInt(batchSize);
}

/** What one engine can hold: WebAssembly addresses are 32 bits; what is left above is room for the runtime. */
export const MEMORY_LIMIT = 0xe000_0000;

/** Widest column panel of any host's packed matrices, in floats. */
const PANEL = 32n;
const F32 = 4n;
/** The kernels' own page, and alignment and slack of the buffers. */
const FIXED = 2n << 16n;

/**
 * What an engine of this plan reserves, in bytes by purpose, with one residual. The engine allocates
 * from this very table, so the bound that a task is checked against is the memory that it takes.
 */
export function memoryTable(plan: ModelPlan, batchSize: number): Record<"initial" | "K" | "weights" | "gradient" | "residual" | "map" | "signs" | "packed" | "activations" | "errors" | "batch", bigint> {
  const n = BigInt(plan.parameters);
  const batch = BigInt(batchSize);
  let packed = 0n;
  let activations = 0n;
  let widest = BigInt(plan.outputSize);
  const grow = (bytes: bigint) => {
    if (bytes > packed) packed = bytes;
  };
  for (const layer of plan.layers) {
    if (layer.kind === "shape") continue;
    const size = BigInt(rowSize(layer));
    activations += batch * size * F32;
    if (size > widest) widest = size;
    if (layer.kind === "dense") {
      const [inputs, units] = [BigInt(layer.inputs), BigInt(layer.units)];
      if (inputs > widest) widest = inputs;
      grow(inputs * panels(units) * F32);
      grow(units * panels(inputs) * F32);
      grow(batch * panels(units) * F32);
    }
  }
  return {
    initial: n * F32,
    K: n * F32,
    weights: n * F32,
    gradient: n * F32,
    residual: n * F32,
    // At most 5 bytes an entry (a gap and a four-byte step), the count, and beside them n sign bits.
    map: n * 5n + 32n,
    signs: n / 8n + 8n,
    packed,
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
  if (loss === "softmaxCrossEntropy") {
    if (last.activation !== "softmax" && last.activation !== "linear") {
      throw new TopologyError(`activation ${last.activation} before a softmax cross-entropy, want softmax (or linear, taken as logits)`, last.name);
    }
    if (plan.outputSize < 2) throw new TopologyError(`${plan.outputSize} output with a softmax cross-entropy, want 2 or more`, last.name);
  } else if (last.activation === "softmax") {
    throw new TopologyError("softmax with mean squared error is not supported, want linear, relu, tanh or sigmoid", last.name);
  }
}

function panels(columns: bigint): bigint {
  return ((columns + PANEL - 1n) / PANEL) * PANEL;
}

function rowSize(layer: LayerPlan): number {
  let size = 1;
  for (const d of layer.outputShape) size *= d;
  return size;
}
