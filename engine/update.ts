/** How a gradient becomes a step. Written orders: engine/README.md. */
import type { Kernels } from "#engine/kernels.js";
import type { Optimizer } from "#engine/optimizer.js";
import { adamFactor, GRADIENT_BOUND, type Group, momentumBound } from "#engine/quanta.js";
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
  /** Adam's C */
  readonly #factor: number;
  /** of momentum, by run of a quantum group */
  readonly #moments: readonly { readonly offset: number; readonly size: number; readonly most: number }[];

  constructor(
    readonly plan: ModelPlan,
    readonly optimizer: Optimizer,
    readonly kernels: Kernels,
    readonly at: { weights: number; gradient: number },
    bounds: { readonly groups: readonly Group[]; readonly lrMax: number | undefined },
  ) {
    const { kind, momentum = 0, beta2 = 0 } = optimizer;
    const factor = kind === "adam" ? adamFactor(momentum, beta2) : 0;
    if (factor === undefined) throw new Error(`engine: Adam's moments of ${momentum} and ${beta2} have no bound, want the first squared below the second, and both farther from 1`);
    this.#factor = factor;
    const { lrMax } = bounds;
    if (kind === "momentum" && lrMax === undefined) throw new Error("engine: momentum is bounded by the largest learning rate, want lrMax");
    this.#moments = kind === "momentum" ? bounds.groups.flatMap((g) => g.runs.map((run) => ({ ...run, most: momentumBound(g.bound, lrMax as number) }))) : [];
    this.#decayed = (optimizer.weightDecay ?? 0) > 0 ? plan.tensors.filter((t) => t.initial === "uniform") : [];
  }

  /** Whether lr·g, as the map's kernel makes it itself, is the whole step. */
  get plain(): boolean {
    const { kind, clipNorm = 0 } = this.optimizer;
    return kind === "sgd" && clipNorm === 0 && this.#decayed.length === 0;
  }

  /** `time` counts the slot's iterations from 1. False where the gradient is not finite. */
  run(lr: number, time: bigint, moments: Moments): boolean {
    const { kind, clipNorm = 0, momentum = 0, nesterov = false, beta2 = 0, epsilon = 0, weightDecay = 0 } = this.optimizer;
    const { kernels } = this;
    const { gradient, weights } = this.at;
    const n = this.plan.parameters;
    if (kernels.limit(n, gradient, GRADIENT_BOUND) === 0) return false;
    if (clipNorm > 0) kernels.clipNorm(n, gradient, clipNorm);
    if (kind === "sgd") kernels.scale(n, lr, gradient);
    else if (kind === "momentum") {
      for (const { offset, size, most } of this.#moments) kernels.momentumStep(size, gradient + 4 * offset, moments.now + 4 * offset, moments.next + 4 * offset, momentum, lr, nesterov ? 1 : 0, most);
    } else kernels.adamStep(n, gradient, moments.now, moments.now + 4 * n, moments.next, moments.next + 4 * n, momentum, beta2, corrected(lr, momentum, beta2, time), epsilon, this.#factor);
    const part = Math.fround(lr * weightDecay);
    for (const t of this.#decayed) kernels.decay(t.size, weights + 4 * t.offset, part, gradient + 4 * t.offset);
    return true;
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
