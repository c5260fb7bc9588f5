/**
 * Losses and gradients of a plan by TensorFlow.js, in the place of the exact profile's operations.
 *
 * TensorFlow.js computes the outputs from the weights and the weights' gradients from the error of the outputs. What lies
 * between, the loss, is the exact kernels' own: a row's loss, right rows and error are then one piece of code in every
 * profile, and a cross-entropy is always that of logits.
 */
import { type Addresses, finalOf, lossOfOutputs, type Network, predictionsOf } from "#engine/network.js";
import type { Host } from "#engine/kernels.js";
import type { Arena } from "#engine/memory.js";
import type { Loss, ModelPlan } from "#engine/topology/index.js";
import type { TensorFlow, TensorModel } from "./model.js";

export class TensorNetwork implements Pick<Network, "loss" | "forward" | "lossOf" | "backward" | "statistics" | "predictions"> {
  readonly output: number;
  /** undefined until it is asked for: a prediction has no labels */
  #mean: number | undefined;

  constructor(
    private readonly tf: TensorFlow,
    private readonly model: TensorModel,
    private readonly plan: ModelPlan,
    readonly loss: Loss,
    private readonly arena: Arena,
    private readonly host: Host,
    private readonly at: Addresses,
  ) {
    this.output = at.activations;
  }

  /** Outputs of the rows; where training, their losses and the whole gradient as well, since TensorFlow.js keeps no tape. */
  forward(rows: number, training = false): void {
    const { tf, model } = this;
    this.#mean = undefined;
    tf.tidy(() => {
      this.#assignWeights();
      const x = tf.tensor(this.arena.f32(this.at.x, rows * this.plan.inputSize).slice(), [rows, ...this.plan.inputShape]);
      if (!training) {
        this.#keepOutputs(rows, model.outputs(x));
        return;
      }
      // Of Σ outputs·error, with the error held still, the gradient is what the chain rule sends back from that error.
      const { grads } = tf.variableGrads(() => {
        const outputs = model.outputs(x);
        this.#keepOutputs(rows, outputs);
        this.#mean = this.#lossOf(rows);
        const error = tf.tensor(this.arena.f32(this.at.errors, rows * this.plan.outputSize).slice(), outputs.shape);
        return tf.sum(tf.mul(outputs, error));
      }, model.variables);
      this.plan.tensors.forEach(({ offset, size }, i) => {
        const gradient = grads[(model.variables[i] as (typeof model.variables)[number]).name];
        this.arena.f32(this.at.gradient + 4 * offset, size).set(gradient?.dataSync() as Float32Array);
      });
    });
  }

  lossOf(rows: number): number {
    return (this.#mean ??= this.#lossOf(rows));
  }

  /** Done in forward. */
  backward(_rows: number): void {}

  /** The profile has no moving averages. */
  statistics(): void {}

  predictions(rows: number): number {
    return predictionsOf(this.host.kernels, finalOf(this.plan, this.loss), rows, this.plan.outputSize, this.output, this.at.errors);
  }

  #assignWeights(): void {
    this.plan.tensors.forEach(({ offset, size, shape }, i) => {
      const values = this.arena.f32(this.at.weights + 4 * offset, size).slice();
      (this.model.variables[i] as TensorModel["variables"][number]).assign(this.tf.tensor(values, shape));
    });
  }

  #keepOutputs(rows: number, outputs: ReturnType<TensorModel["outputs"]>): void {
    this.arena.f32(this.output, rows * this.plan.outputSize).set(outputs.dataSync() as Float32Array);
  }

  #lossOf(rows: number): number {
    return lossOfOutputs(this.host.kernels, this.loss, rows, this.plan.outputSize, this.output, this.at, this.at.errors);
  }
}
