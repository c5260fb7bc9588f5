/** Forward and backward of a plan over the kernels: knows addresses and shapes, nothing of maps. */
import type { DenseLayer, Loss, ModelPlan } from "#engine/topology/index.js";
import { ACTIVATION, type Kernels } from "#engine/kernels.js";

interface Operation {
  dense: DenseLayer | undefined;
  /** 0 for none; softmax is part of the loss. */
  activation: number;
  inputSize: number;
  outputSize: number;
  input: number;
  output: number;
}

export interface Addresses {
  weights: number;
  gradient: number;
  packed: number;
  x: number;
  y: number;
  losses: number;
  correct: number;
  /** Room for all outputs, and twice the widest row for the errors that go back. */
  activations: number;
  errors: [number, number];
}

export class Network {
  readonly #operations: Operation[] = [];
  /** Where the last layer's outputs stand: logits, with the cross-entropy. */
  readonly output: number;

  constructor(
    readonly plan: ModelPlan,
    readonly loss: Loss,
    batchSize: number,
    readonly kernels: Kernels,
    readonly at: Addresses,
  ) {
    let input = at.x;
    let top = at.activations;
    for (const layer of plan.layers) {
      if (layer.kind === "shape") continue;
      const kind = layer.activation;
      const activation = kind === "linear" || kind === "softmax" ? 0 : ACTIVATION[kind];
      if (layer.kind === "activation" && activation === 0) continue;
      const [inputSize, outputSize] = [layer.inputShape, layer.outputShape].map((s) => s.reduce((a, b) => a * b, 1)) as [number, number];
      this.#operations.push({ dense: layer.kind === "dense" ? layer : undefined, activation, inputSize, outputSize, input, output: top });
      input = top;
      top += batchSize * outputSize * 4;
    }
    this.output = input;
  }

  forward(rows: number): void {
    const { kernels, at } = this;
    for (const { dense, activation, input, output, outputSize } of this.#operations) {
      if (!dense) {
        kernels.activate(activation, rows * outputSize, input, output);
        continue;
      }
      const { inputs, units } = dense;
      kernels.pack(inputs, units, at.weights + dense.kernel.offset * 4, units, 1, at.packed);
      const bias = dense.bias ? at.weights + dense.bias.offset * 4 : 0;
      kernels.gemm(rows, units, inputs, input, inputs, 1, at.packed, output, bias, activation === ACTIVATION.relu ? 1 : 0);
      if (activation > ACTIVATION.relu) kernels.activate(activation, rows * units, output, output);
    }
  }

  /** Row losses and right rows to their addresses, the error of the outputs to errors[0]; answers the mean. */
  lossOf(rows: number): number {
    const { kernels, at, plan, output } = this;
    const inverse = Math.fround(1 / rows);
    const N = plan.outputSize;
    return this.loss === "softmaxCrossEntropy"
      ? kernels.softmaxCrossEntropy(rows, N, output, at.y, at.errors[0], at.losses, inverse, at.correct)
      : kernels.meanSquaredError(rows, N, output, at.y, at.errors[0], at.losses, inverse, Math.fround(1 / N), at.correct);
  }

  /** From errors[0] to the whole flat gradient. */
  backward(rows: number): void {
    const { kernels, at } = this;
    let [error, other] = at.errors;
    for (let i = this.#operations.length - 1; i >= 0; i--) {
      const { dense, activation, input, output, inputSize, outputSize } = this.#operations[i] as Operation;
      if (activation !== 0) kernels.activationGradient(activation, rows * outputSize, output, error);
      if (!dense) continue;
      const { kernel, bias } = dense;
      kernels.pack(rows, outputSize, error, outputSize, 1, at.packed);
      kernels.gemm(inputSize, outputSize, rows, input, 1, inputSize, at.packed, at.gradient + kernel.offset * 4, 0, 0);
      if (bias) kernels.columnSums(rows, outputSize, error, at.gradient + bias.offset * 4);
      if (i === 0) continue;
      kernels.pack(outputSize, inputSize, at.weights + kernel.offset * 4, 1, outputSize, at.packed);
      kernels.gemm(rows, inputSize, outputSize, error, outputSize, 1, at.packed, other, 0, 0);
      [error, other] = [other, error];
    }
  }
}
