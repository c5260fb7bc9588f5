/** How a gradient becomes a step. Written orders: engine/README.md. */
import type { Kernels } from "#engine/kernels.js";
import type { Optimizer } from "#engine/optimizer.js";
import type { ModelPlan, Tensor } from "#engine/topology/index.js";

export interface Moments {
  /** as they are, one behind another */
  readonly now: number;
  /** as they will be if the iteration is not null */
  readonly next: number;
}

/** Turns the gradient into the step, in its place. Moving averages stay out: their gradient must be zero. */
export class Update {
  readonly #decayed: readonly Tensor[];

  constructor(
    readonly plan: ModelPlan,
    readonly optimizer: Optimizer,
    readonly kernels: Kernels,
    readonly at: { weights: number; gradient: number },
  ) {
    this.#decayed = (optimizer.weightDecay ?? 0) > 0 ? plan.tensors.filter((t) => t.initial === "uniform") : [];
  }

  /** Whether lr·g, as the map's kernel makes it itself, is the whole step. */
  get plain(): boolean {
    const { kind, clipNorm = 0 } = this.optimizer;
    return kind === "sgd" && clipNorm === 0 && this.#decayed.length === 0;
  }

  /** `time` counts the slot's iterations from 1. */
  run(lr: number, time: bigint, moments: Moments): void {
    const { kind, clipNorm = 0, momentum = 0, nesterov = false, beta2 = 0, epsilon = 0, weightDecay = 0 } = this.optimizer;
    const { kernels } = this;
    const { gradient, weights } = this.at;
    const n = this.plan.parameters;
    if (clipNorm > 0) kernels.clipNorm(n, gradient, clipNorm);
    if (kind === "sgd") kernels.scale(n, lr, gradient);
    else if (kind === "momentum") kernels.momentumStep(n, gradient, moments.now, moments.next, momentum, lr, nesterov ? 1 : 0);
    else kernels.adamStep(n, gradient, moments.now, moments.now + 4 * n, moments.next, moments.next + 4 * n, momentum, beta2, corrected(lr, momentum, beta2, time), epsilon);
    const part = Math.fround(lr * weightDecay);
    for (const t of this.#decayed) kernels.decay(t.size, weights + 4 * t.offset, part, gradient + 4 * t.offset);
  }
}

/** fround(lr·√(1 − β2^t)/(1 − β1^t)), in binary64, where powers are products by squaring. */
function corrected(lr: number, beta1: number, beta2: number, time: bigint): number {
  return Math.fround((lr * Math.sqrt(1 - power(beta2, time))) / (1 - power(beta1, time)));
}

function power(base: number, exponent: bigint): number {
  let result = 1;
  for (let square = base, e = exponent; e > 0n; e >>= 1n, square *= square) if (e & 1n) result *= square;
  return result;
}
