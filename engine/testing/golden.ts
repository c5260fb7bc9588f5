/** The training runs whose digests stand in engine/golden.json. */
import { denseTopology, LENET, topologyOf } from "#engine/testing/models.js";
import type { Loss } from "#engine/topology/index.js";

export const STEPS = 200;

export const RUNS: readonly { name: string; topology: string; loss: Loss; batchSize: number; lr: number; quantumLog2: number; levels: number }[] = [
  { name: "mlp 784-128-64-10, batch 32", topology: denseTopology(784, { units: 128, activation: "relu" }, { units: 64, activation: "relu" }, { units: 10, activation: "softmax" }), loss: "softmaxCrossEntropy", batchSize: 32, lr: 0.1, quantumLog2: -8, levels: 1 },
  { name: "odd sizes, tanh and sigmoid, levels 7", topology: denseTopology(13, { units: 11, activation: "tanh" }, { units: 9, activation: "sigmoid", use_bias: false }, { units: 3, activation: "softmax" }), loss: "softmaxCrossEntropy", batchSize: 7, lr: 0.3, quantumLog2: -9, levels: 7 },
  { name: "LeNet-5, batch 8", topology: LENET, loss: "softmaxCrossEntropy", batchSize: 8, lr: 0.1, quantumLog2: -8, levels: 1 },
  { name: "strides, same and valid, average and maximum", topology: topologyOf([9, 11, 3], ["Conv2D", { filters: 5, kernel_size: [3, 2], strides: [2, 1], padding: "same", activation: "tanh" }], ["AveragePooling2D", { pool_size: 3, strides: 2, padding: "same" }], ["Conv2D", { filters: 9, kernel_size: 2, activation: "relu" }], ["MaxPooling2D", { pool_size: 2, strides: 1 }], ["Flatten", {}], ["Dense", { units: 4, activation: "softmax" }]), loss: "softmaxCrossEntropy", batchSize: 6, lr: 0.2, quantumLog2: -8, levels: 3 },
  { name: "regression, batch 5", topology: denseTopology(6, { units: 17, activation: "relu" }, { units: 2, activation: "tanh" }), loss: "meanSquaredError", batchSize: 5, lr: 0.25, quantumLog2: -7, levels: 1 },
];
