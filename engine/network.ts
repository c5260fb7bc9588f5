/** Forward and backward of a plan: its computing layers, one after another, over the kernels. */
import { activationOf, errorSlots, lastComputing, type LayerPlan, layerNeeds, type Loss, type ModelPlan, passesError, roomOf, sizeOf } from "#engine/topology/index.js";
import { activationCode, ELEMENT_LOSSES, type Kernels } from "#engine/kernels.js";
import { type Operation, operationOf } from "#engine/operations/index.js";

export interface Addresses {
  weights: number;
  gradient: number;
  packed: readonly [number, number];
  columns: number;
  seed: number;
  x: number;
  y: number;
  losses: number;
  correct: number;
  /** Room for all outputs and what layers keep, and for the errors that go back. */
  activations: number;
  errors: number;
}

interface Made {
  readonly operation: Operation;
  /** its place in the plan */
  readonly layer: number;
  /** of its output; 0 when no parameter stands before it */
  readonly error: number;
}

interface Step extends Omit<Made, "layer"> {
  readonly targets: readonly number[];
  /** Inputs whose error is there before: each share is made by itself, by a layer without parameters or with one input, and added to it. */
  readonly shared: readonly { readonly targets: readonly number[]; readonly at: number; readonly size: number }[];
}

export class Network {
  readonly #steps: Step[] = [];
  /** Where the last layer's outputs stand: logits, with the cross-entropies. */
  readonly output: number;
  readonly #outputError: number;
  readonly #share: number;
  /** What a prediction does to the outputs, which the loss does otherwise. */
  readonly final: Final;

  constructor(
    readonly plan: ModelPlan,
    readonly loss: Loss,
    batchSize: number,
    readonly kernels: Kernels,
    readonly at: Addresses,
    table: (values: readonly number[]) => number,
  ) {
    const { layers } = plan;
    let top = at.activations;
    const reserve = (floats: bigint): number => {
      const address = top;
      top += Number(roomOf(floats));
      return address;
    };
    const slots = errorSlots(plan);
    let bottom = at.errors;
    const errorRoom = (size: number): number => {
      const address = bottom;
      bottom += Number(roomOf(BigInt(batchSize * size)));
      return address;
    };
    const errors = slots.sizes.map(errorRoom);
    this.#share = errorRoom(slots.share);
    // Without any parameter on the way the loss writes its errors here, as predictions do.
    this.#outputError = errors[0] ?? errorRoom(plan.outputSize);
    const last = lastComputing(layers);
    this.final = finalOf(plan, loss);
    const outputs: number[] = [];
    const valueOf = (layer: number): number => (layer < 0 ? at.x : (outputs[layer] as number));
    const errorOf = (layer: number): number => (layer < 0 ? 0 : (errors[slots.of[layer] as number] ?? 0));
    const made: Made[] = [];
    layers.forEach((layer, i) => {
      if (layer.kind === "shape") {
        outputs.push(valueOf(layer.from[0] as number));
        return;
      }
      const output = reserve(BigInt(batchSize * sizeOf(layer.outputShape)));
      outputs.push(output);
      const inputs = layer.from.map(valueOf);
      const kept = layerNeeds(layer, batchSize).kept.map(reserve);
      const activation = layer === last && this.final !== undefined ? 0 : activationCode(activationOf(layer));
      const operation = operationOf(layer, { kernels, batchSize, weights: at.weights, gradient: at.gradient, packed: at.packed, columns: at.columns, seed: at.seed, inputs, output, kept, activation, table });
      made.push({ operation, layer: i, error: errorOf(i) });
    });
    this.output = valueOf(layers.length - 1);
    this.#steps = this.#withTargets(made, slots.root, errorOf);
  }

  /** Who comes first on the way back writes an error, those after it add to it. */
  #withTargets(made: readonly Made[], root: readonly number[], errorOf: (layer: number) => number): Step[] {
    const written = new Set<number>();
    const steps = [...made].reverse().map((step): Step => {
      const layer = this.plan.layers[step.layer] as LayerPlan;
      const shared: { targets: number[]; at: number; size: number }[] = [];
      const targets = layer.from.map((f, i) => {
        const from = f < 0 ? -1 : (root[f] as number);
        const at = errorOf(from);
        if (at === 0 || step.error === 0 || !passesError(layer)) return 0;
        if (!written.has(from)) {
          written.add(from);
          return at;
        }
        shared.push({ targets: layer.from.map((_, j) => (j === i ? this.#share : 0)), at, size: sizeOf((this.plan.layers[from] as LayerPlan).outputShape) });
        return 0;
      });
      return { operation: step.operation, error: step.error, targets, shared };
    });
    return steps.reverse();
  }

  forward(rows: number, training: boolean): void {
    for (const { operation } of this.#steps) operation.forward(rows, training);
  }

  /** Row losses and right rows to their addresses, the error of the outputs to its place; answers the mean. */
  lossOf(rows: number): number {
    return lossOfOutputs(this.kernels, this.loss, rows, this.plan.outputSize, this.output, this.at, this.#outputError);
  }

  /** From the outputs' error to the whole flat gradient, but for what moving averages go by. */
  backward(rows: number): void {
    for (let i = this.#steps.length - 1; i >= 0; i--) {
      const { operation, error, targets, shared } = this.#steps[i] as Step;
      if (error === 0) continue;
      // One call makes a layer's gradient: where its only input is shared, that call is the share's.
      if (shared.length === 0 || targets.some((t) => t !== 0)) operation.backward(rows, error, targets);
      for (const { targets: own, at, size } of shared) {
        operation.backward(rows, error, own);
        this.kernels.add(rows * size, at, this.#share, at);
      }
    }
  }

  statistics(): void {
    for (const { operation } of this.#steps) operation.statistics?.();
  }

  /** Outputs as a client wants them; answers their address. */
  predictions(rows: number): number {
    return predictionsOf(this.kernels, this.final, rows, this.plan.outputSize, this.output, this.#outputError);
  }
}

/** From outputs to predictions, in `room` where the two differ; answers where they stand. */
export function predictionsOf(kernels: Kernels, final: Final, rows: number, N: number, output: number, room: number): number {
  if (final === "softmax") kernels.softmax(rows, N, output, room);
  else if (final === "sigmoid") kernels.activate(activationCode("sigmoid"), rows * N, output, room, 0);
  else return output;
  return room;
}

/** The mean loss of outputs; row losses, right rows and the outputs' error to their addresses. */
export function lossOfOutputs(kernels: Kernels, loss: Loss, rows: number, N: number, output: number, at: Pick<Addresses, "y" | "losses" | "correct">, error: number): number {
  const inverse = Math.fround(1 / rows);
  return loss === "softmaxCrossEntropy"
    ? kernels.softmaxCrossEntropy(rows, N, output, at.y, error, at.losses, inverse, at.correct)
    : kernels.elementLoss(ELEMENT_LOSSES[loss], rows, N, output, at.y, error, at.losses, inverse, Math.fround(1 / N), at.correct);
}

/** The activation of the last layer that the loss computes, where it does. */
export type Final = "softmax" | "sigmoid" | undefined;

export function finalOf(plan: Pick<ModelPlan, "layers">, loss: Loss): Final {
  const last = lastComputing(plan.layers);
  if (!last) return undefined;
  const activation = activationOf(last);
  if (activation === "softmax") return "softmax";
  return activation === "sigmoid" && loss === "binaryCrossEntropy" ? "sigmoid" : undefined;
}
