/** Forward and backward of a plan: its computing layers, one after another, over the kernels. */
import { type Loss, type ModelPlan, sizeOf } from "#engine/topology/index.js";
import type { Kernels } from "#engine/kernels.js";
import { activationOperation, denseOperation } from "#engine/operations/dense.js";
import { conv2dOperation, pool2dOperation } from "#engine/operations/images.js";
import type { Operation, Place } from "#engine/operations/types.js";

export interface Addresses {
  weights: number;
  gradient: number;
  packed: number;
  columns: number;
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
    table: (values: readonly number[]) => number,
  ) {
    let input = at.x;
    let top = at.activations;
    for (const layer of plan.layers) {
      if (layer.kind === "shape") continue;
      const place: Place = { kernels, batchSize, weights: at.weights, gradient: at.gradient, packed: at.packed, columns: at.columns, input, output: top, table };
      let operation: Operation;
      switch (layer.kind) {
        case "dense":
          operation = denseOperation(layer, place);
          break;
        case "conv2d":
          operation = conv2dOperation(layer, place);
          break;
        case "pool2d":
          operation = pool2dOperation(layer, place);
          break;
        case "activation":
          // Softmax is part of the loss.
          if (layer.activation === "linear" || layer.activation === "softmax") continue;
          operation = activationOperation(layer, sizeOf(layer.outputShape), place);
          break;
        default:
          layer satisfies never;
          continue;
      }
      this.#operations.push(operation);
      input = top;
      top += batchSize * (operation.outputSize + operation.keptSize) * 4;
    }
    this.output = input;
  }

  /** `training`: backward follows, which an arithmetic may compute along with the outputs. */
  forward(rows: number, _training = false): void {
    for (const operation of this.#operations) operation.forward(rows);
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
    let [error, other] = this.at.errors;
    for (let i = this.#operations.length - 1; i >= 0; i--) {
      if ((this.#operations[i] as Operation).backward(rows, error, other, i === 0)) [error, other] = [other, error];
    }
  }
}
