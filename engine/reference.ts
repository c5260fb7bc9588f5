/** The models that machines and benchmarks are measured on: the one list of them. */
import { denseTopology, GRU, LENET, TRANSFORMER } from "#engine/topologies.js";
import type { Loss } from "#engine/topology/index.js";

export interface ReferenceModel {
  readonly name: string;
  readonly title: string;
  readonly topology: string;
  readonly loss: Loss;
  /** rows of a batch where one is wanted */
  readonly batch: number;
}

export const REFERENCE_MODELS = [
  {
    name: "mlp",
    title: "MLP 784-128-64-10",
    topology: denseTopology(784, { units: 128, activation: "relu" }, { units: 64, activation: "relu" }, { units: 10, activation: "softmax" }),
    loss: "softmaxCrossEntropy",
    batch: 100,
  },
  { name: "lenet", title: "LeNet-5", topology: LENET, loss: "softmaxCrossEntropy", batch: 100 },
  { name: "gru", title: "GRU 128 over 32 characters", topology: GRU, loss: "softmaxCrossEntropy", batch: 32 },
  { name: "transformer", title: "two-layer transformer, width 64, 32 characters", topology: TRANSFORMER, loss: "softmaxCrossEntropy", batch: 32 },
] as const satisfies readonly ReferenceModel[];
