/** The training runs whose digests stand in engine/golden.json. */
import type { Optimizer } from "#engine/optimizer.js";
import { denseTopology, graphOf, GRU, LENET, topologyOf, transformer } from "#engine/testing/models.js";
import { oneGroup, type QuantumGroup } from "#engine/quanta.js";
import type { Loss, ModelPlan } from "#engine/topology/index.js";
import type { EngineOptions } from "#engine/types.js";

export const STEPS = 200;

const f32 = Math.fround;

type Run = { name: string; topology: string; loss: Loss; batchSize: number; lr: number; quantumLog2: number; levels: number; optimizer?: Optimizer; quanta?: (plan: ModelPlan) => QuantumGroup[] };

/** What an engine of the run is told; one quantum group where it has no others. */
export const optionsOf = (plan: ModelPlan, { loss, batchSize, lr, optimizer, quantumLog2, levels, quanta }: Omit<Run, "name" | "topology">): EngineOptions => ({ loss, batchSize, lrMax: f32(lr), quanta: quanta?.(plan) ?? oneGroup(plan, quantumLog2, levels), ...(optimizer ? { optimizer } : {}) });

export const RUNS: readonly Run[] = [
  { name: "mlp 784-128-64-10, batch 32", topology: denseTopology(784, { units: 128, activation: "relu" }, { units: 64, activation: "relu" }, { units: 10, activation: "softmax" }), loss: "softmaxCrossEntropy", batchSize: 32, lr: 0.1, quantumLog2: -8, levels: 1 },
  { name: "odd sizes, tanh and sigmoid, levels 7", topology: denseTopology(13, { units: 11, activation: "tanh" }, { units: 9, activation: "sigmoid", use_bias: false }, { units: 3, activation: "softmax" }), loss: "softmaxCrossEntropy", batchSize: 7, lr: 0.3, quantumLog2: -9, levels: 7 },
  { name: "LeNet-5, batch 8", topology: LENET, loss: "softmaxCrossEntropy", batchSize: 8, lr: 0.1, quantumLog2: -8, levels: 1 },
  { name: "strides, same and valid, average and maximum", topology: topologyOf([9, 11, 3], ["Conv2D", { filters: 5, kernel_size: [3, 2], strides: [2, 1], padding: "same", activation: "tanh" }], ["AveragePooling2D", { pool_size: 3, strides: 2, padding: "same" }], ["Conv2D", { filters: 9, kernel_size: 2, activation: "relu" }], ["MaxPooling2D", { pool_size: 2, strides: 1 }], ["Flatten", {}], ["Dense", { units: 4, activation: "softmax" }]), loss: "softmaxCrossEntropy", batchSize: 6, lr: 0.2, quantumLog2: -8, levels: 3 },
  { name: "regression, batch 5", topology: denseTopology(6, { units: 17, activation: "relu" }, { units: 2, activation: "tanh" }), loss: "meanSquaredError", batchSize: 5, lr: 0.25, quantumLog2: -7, levels: 1 },
  { name: "GRU over embedded characters", topology: GRU, loss: "softmaxCrossEntropy", batchSize: 4, lr: 0.2, quantumLog2: -8, levels: 1 },
  { name: "two-layer transformer with dropout, Adam", topology: transformer({ length: 16, vocabulary: 40, width: 32, heads: 4, blocks: 2, dropout: 0.1 }), loss: "softmaxCrossEntropy", batchSize: 4, lr: 0.002, quantumLog2: -12, levels: 3, optimizer: { kind: "adam", momentum: f32(0.9), beta2: f32(0.999), epsilon: f32(1e-7), weightDecay: f32(0.01), clipNorm: 1 } },
  {
    name: "depthwise, batch normalisation, branches, LSTM, momentum",
    topology: graphOf(
      [8, 6, 3],
      ["depth", ["DepthwiseConv2D", { kernel_size: 3, depth_multiplier: 2, padding: "same", activation: "relu" }], "in"],
      ["normal", ["BatchNormalization", { momentum: 0.9 }], "depth"],
      ["point", ["Conv2D", { filters: 6, kernel_size: 1, activation: "gelu" }], "normal"],
      ["sum", ["Add", {}], "point", "depth"],
      ["leaky", ["LeakyReLU", { alpha: 0.2 }], "sum"],
      ["steps", ["Reshape", { target_shape: [8, 36] }], "leaky"],
      ["lstm", ["LSTM", { units: 13, return_sequences: true }], "steps"],
      ["last", ["GRU", { units: 9 }], "lstm"],
      ["drop", ["Dropout", { rate: 0.25 }], "last"],
      ["out", ["Dense", { units: 3, activation: "sigmoid" }], "drop"],
    ),
    loss: "binaryCrossEntropy", batchSize: 6, lr: 0.05, quantumLog2: -9, levels: 1, optimizer: { kind: "momentum", momentum: f32(0.9), nesterov: true, clipNorm: 0.5 },
  },
  {
    name: "quantum groups of weights and of moving averages, Adam",
    topology: topologyOf([6, 6, 2], ["Conv2D", { filters: 5, kernel_size: 3, use_bias: false }], ["BatchNormalization", { momentum: 0.9 }], ["Flatten", {}], ["Dense", { units: 7, activation: "relu" }], ["BatchNormalization", {}], ["Dense", { units: 4, activation: "softmax" }]),
    loss: "softmaxCrossEntropy", batchSize: 6, lr: 0.01, quantumLog2: -6, levels: 1, optimizer: { kind: "adam", momentum: f32(0.9), beta2: f32(0.999), epsilon: f32(1e-7) },
    quanta: ({ tensors }) => {
      const of = (...kinds: string[]) => tensors.flatMap(({ kind }, i) => (kinds.includes(kind) ? [i] : []));
      return [
        { tensors: of("kernel", "bias"), quantumLog2: -6, levels: 1, statistics: false },
        { tensors: of("gamma", "beta"), quantumLog2: -8, levels: 3, statistics: false },
        { tensors: of("moving_mean"), quantumLog2: -14, levels: 4096, statistics: true },
        { tensors: of("moving_variance"), quantumLog2: -12, levels: 4096, statistics: true },
      ];
    },
  },
  { name: "Huber loss", topology: denseTopology(6, { units: 17, activation: "gelu" }, { units: 2 }), loss: "huber", batchSize: 5, lr: 0.25, quantumLog2: -7, levels: 1 },
  { name: "absolute loss", topology: denseTopology(6, { units: 17, activation: "tanh" }, { units: 2 }), loss: "meanAbsoluteError", batchSize: 5, lr: 0.25, quantumLog2: -7, levels: 1 },
];
