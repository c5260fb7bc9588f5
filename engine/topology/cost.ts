import { TopologyError } from "./error.js";
import { errorSlots } from "./errors-back.js";
import { layerNeeds } from "./needs.js";
import { sizeOf } from "./options.js";
import { activationOf, lastComputing, type LayerPlan, type Loss, type ModelPlan } from "./plan.js";

/** F of the protocol: 6 × the multiply-accumulates of one forward pass of one batch. */
export function flop(plan: ModelPlan, batchSize: number): bigint {
  return 6n * plan.macs * BigInt(batchSize);
}

/** What one engine can hold: WebAssembly addresses are 32 bits; what is left above is room for the runtime. */
export const MEMORY_LIMIT = 0xe000_0000;

const F32 = 4n;
/** Kernels read and write, without using it, up to this behind what is theirs; every buffer begins at a multiple of it. */
const SLACK = 64n;
/** A window's numbers, as the kernels read them. */
const TABLE = 64n;
/** The kernels' own page, and alignment and slack of the buffers. */
const FIXED = 2n << 16n;

/** Bytes of a buffer with what stands behind it. */
export const roomOf = (floats: bigint): bigint => ((floats * F32 + SLACK - 1n) / SLACK + 1n) * SLACK;

type Purpose = "initial" | "K" | "weights" | "gradient" | "residual" | "moments" | "map" | "signs" | "quanta" | "packed" | "packedBeside" | "columns" | "tables" | "activations" | "errors" | "batch";

/**
 * What an engine of this plan reserves, in bytes by purpose, with one residual. The engine allocates
 * from this very table, so the bound that a task is checked against is the memory that it takes.
 * `moments` is how many vectors an optimizer keeps beside the residual.
 */
export function memoryTable(plan: ModelPlan, batchSize: number, moments = 0): Record<Purpose, bigint> {
  const n = BigInt(plan.parameters);
  const batch = BigInt(batchSize);
  let [packed, packedBeside, columns, tables, activations] = [0n, 0n, 0n, 0n, 0n];
  for (const layer of plan.layers) {
    if (layer.kind === "shape") continue;
    const needs = layerNeeds(layer, batchSize);
    packed = max(packed, needs.packed[0]);
    packedBeside = max(packedBeside, needs.packed[1]);
    columns = max(columns, needs.columns);
    if (needs.table) tables += TABLE;
    for (const floats of [batch * BigInt(sizeOf(layer.outputShape)), ...needs.kept]) activations += roomOf(floats);
  }
  const { sizes, share } = errorSlots(plan);
  const errors = [...sizes, share, plan.outputSize].reduce((sum, size) => sum + roomOf(batch * BigInt(size)), 0n);
  return {
    initial: n * F32,
    K: n * F32,
    weights: n * F32,
    gradient: n * F32,
    residual: n * F32 * BigInt(1 + moments),
    // The moments to be, until it is known that the iteration is not null.
    moments: n * F32 * BigInt(moments),
    // At most 5 bytes an entry (a gap and a four-byte step), the counts of 16 groups, and beside them n sign bits.
    map: n * 5n + 32n + 16n * 5n,
    signs: n / 8n + 16n,
    // The table of engine/wasm/assembly/map.ts: how many groups, eight words each of at most 16, two each of their runs.
    quanta: (1n + 16n * 8n + 2n * BigInt(plan.tensors.length)) * F32,
    packed: packed * F32,
    packedBeside: packedBeside * F32,
    columns: columns * F32,
    tables,
    activations,
    errors,
    batch: batch * (BigInt(plan.inputSize) + BigInt(plan.outputSize) + 4n) * F32,
  };
}

export function memoryBytes(plan: ModelPlan, batchSize: number, moments = 0): bigint {
  let total = FIXED;
  for (const bytes of Object.values(memoryTable(plan, batchSize, moments))) total += bytes;
  return total;
}

/** Whether this model's last layer and this loss go together; throws one line naming the layer. */
export function checkLoss(plan: ModelPlan, loss: Loss): void {
  const last = lastComputing(plan.layers);
  if (last === undefined) return;
  const activation = activationOf(last);
  if (loss === "softmaxCrossEntropy") {
    if (activation !== "softmax" && activation !== "linear") {
      throw new TopologyError(`activation ${activation} before a softmax cross-entropy, want softmax (or linear, taken as logits)`, last.name);
    }
    const { outputShape } = plan.layers.at(-1) as LayerPlan;
    if (outputShape.length !== 1) throw new TopologyError(`an output of shape [${outputShape.join(", ")}] with a softmax cross-entropy, want one dimension: put a Flatten or Dense layer behind it`, last.name);
    if (plan.outputSize < 2) throw new TopologyError(`${plan.outputSize} output with a softmax cross-entropy, want 2 or more`, last.name);
  } else if (loss === "binaryCrossEntropy") {
    if (activation !== "sigmoid" && activation !== "linear") throw new TopologyError(`activation ${activation} before a binary cross-entropy, want sigmoid (or linear, taken as logits)`, last.name);
  } else if (activation === "softmax") {
    throw new TopologyError(`softmax with ${LOSS_NAMES[loss]} is not supported, want linear, relu, tanh or sigmoid`, last.name);
  }
}

const LOSS_NAMES = { meanSquaredError: "mean squared error", meanAbsoluteError: "mean absolute error", huber: "a Huber loss" } as const;
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
