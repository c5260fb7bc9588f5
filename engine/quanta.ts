/**
 * Quantum groups and the bounds of a residual state (protocol section 3): what an engine is told, and the numbers that
 * follow from it. Pure.
 */
import type { Optimizer } from "#engine/optimizer.js";
import type { Tensor } from "#engine/topology/index.js";

/** Whole tensors that share a quantum. */
export interface QuantumGroup {
  /** By their place in layer order, ascending. */
  readonly tensors: readonly number[];
  /** The quantum is 2^quantumLog2. */
  readonly quantumLog2: number;
  /** Largest step of one entry, 1 … 2^24 − 1. */
  readonly levels: number;
  /** Moving averages, whose step is no gradient. */
  readonly statistics: boolean;
}

/** Entries of the flat parameter vector, one behind another. */
export interface Run {
  readonly offset: number;
  readonly size: number;
}

/** A group as it lies in the flat parameter vector. */
export interface Group {
  /** Its tensors in their order, those side by side as one. */
  readonly runs: readonly Run[];
  /** Entries in all. */
  readonly size: number;
  readonly levels: number;
  readonly q: number;
  /** B: what a residual is held within. */
  readonly bound: number;
}

/** Least and largest exponent of a quantum. */
export const LEAST_QUANTUM = -40;
export const largestQuantum = (statistics: boolean): number => (statistics ? 28 : 0);

export const MAX_GROUPS = 16;

/** What an element of a gradient is clamped to; the steps of moving averages are not. */
export const GRADIENT_BOUND = 1024;
/** Of Adam's second moment: what no clamped gradient exceeds. */
export const SECOND_MOMENT_BOUND = GRADIENT_BOUND * GRADIENT_BOUND;

/** B = 4·levels·q, of statistics 4·q. */
export const residualBound = (g: Omit<QuantumGroup, "tensors">): number => 4 * (g.statistics ? 1 : g.levels) * 2 ** g.quantumLog2;

/** Of momentum: one that moves an entry by 2B in one step is no honest one's. */
export const momentumBound = (residualBound: number, lrMax: number): number => Math.fround((2 * residualBound) / lrMax);

/**
 * C: |m| ≤ C·√v. The least power of two from twice what honest moments can reach, (1 − β1)/√((1 − β2)(1 − β1²/β2)) by
 * Cauchy and Schwarz; undefined where there is none up to 64, or the sum has no bound.
 */
export function adamFactor(beta1: number, beta2: number): number | undefined {
  if (!(beta1 * beta1 < beta2)) return undefined;
  const most = (2 * (1 - beta1)) / Math.sqrt((1 - beta2) * (1 - (beta1 * beta1) / beta2));
  let c = 1;
  while (c < most) c *= 2;
  while (c / 2 >= most) c /= 2;
  return c > 64 ? undefined : c;
}

/** What Adam's first moment is held within beside a second one, which is. */
export const firstMomentBound = (factor: number, v: number): number => Math.fround(Math.fround(factor * Math.sqrt(v)) + 2 ** -30);

/** Every tensor in one group: for models without moving averages, and for engines that only predict. */
export const oneGroup = (plan: { readonly tensors: readonly unknown[] }, quantumLog2: number, levels = 1): { tensors: number[]; quantumLog2: number; levels: number; statistics: boolean }[] => [{ tensors: plan.tensors.map((_, i) => i), quantumLog2, levels, statistics: false }];

/** Throws where the groups do not hold every tensor once. */
export function groupsOf(quanta: readonly QuantumGroup[], tensors: readonly Pick<Tensor, "offset" | "size">[]): Group[] {
  const held = quanta.flatMap((g) => g.tensors);
  if (held.length !== tensors.length || new Set(held).size !== held.length) throw new Error(`engine: quantum groups of ${held.length} tensors, want each of ${tensors.length} once`);
  return quanta.map((g) => {
    const runs: { offset: number; size: number }[] = [];
    for (const index of g.tensors) {
      const tensor = tensors[index];
      if (!tensor) throw new Error(`engine: a quantum group has tensor ${index}, the model has ${tensors.length}`);
      const last = runs.at(-1);
      if (last && last.offset + last.size === tensor.offset) last.size += tensor.size;
      else runs.push({ offset: tensor.offset, size: tensor.size });
    }
    return { runs, size: runs.reduce((sum, r) => sum + r.size, 0), levels: g.levels, q: 2 ** g.quantumLog2, bound: residualBound(g) };
  });
}

/** Why a residual state cannot be an honest one's: an entry outside its bounds, or no number. */
export function outOfBounds(state: Float32Array, groups: readonly Group[], optimizer: Optimizer, lrMax: number): string | undefined {
  const n = groups.reduce((sum, g) => sum + g.size, 0);
  const { kind } = optimizer;
  const factor = kind === "adam" ? (adamFactor(optimizer.momentum ?? 0, optimizer.beta2 ?? 0) ?? 0) : 0;
  for (const { runs, bound } of groups) {
    const moment = kind === "momentum" ? momentumBound(bound, lrMax) : 0;
    for (const { offset, size } of runs) {
      for (let i = offset; i < offset + size; i++) {
        const r = state[i] as number;
        if (!(Math.abs(r) <= bound)) return `residual ${i} is ${r}, want at most ±${bound}`;
        if (kind === "sgd") continue;
        const m = state[n + i] as number;
        if (kind === "momentum") {
          if (!(Math.abs(m) <= moment && Number.isFinite(m))) return `moment ${i} is ${m}, want at most ±${moment}`;
          continue;
        }
        const v = state[2 * n + i] as number;
        if (!(v >= 0 && v <= SECOND_MOMENT_BOUND)) return `second moment ${i} is ${v}, want 0 to ${SECOND_MOMENT_BOUND}`;
        const most = firstMomentBound(factor, v);
        if (!(Math.abs(m) <= most)) return `first moment ${i} is ${m} beside a second of ${v}, want at most ±${most}`;
      }
    }
  }
  return undefined;
}
