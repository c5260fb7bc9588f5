/** Quantum groups of a task: which a model has by default, and what a task may ask for (protocol section 3). */
import { adamFactor, largestQuantum, LEAST_QUANTUM, MAX_GROUPS } from "#engine/quanta.js";
import type { ModelPlan, Tensor } from "#engine/topology/index.js";
import { type Optimizer, OptimizerKind, QuantumGroup, type TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { fromBits } from "../floats.js";
import { totalPositions } from "../log/positions.js";
import { SpecError } from "./spec-error.js";

/** |K| < 2^24: an int32 of that size is exact in binary32. */
const MAX_STEPS = 1n << 24n;
/** The most that one iteration moves a moving average by, in quanta, where nobody says otherwise. */
const MAX_STATISTIC_LEVELS = 4096;

type Tensors = readonly Pick<Tensor, "kind" | "statistic">[];

/** Tensors that share a quantum by default: all weights, and each kind of moving average. */
export function tensorKinds(tensors: Tensors, held: ReadonlySet<number> = new Set()): { weights: number[]; statistics: { kind: string; tensors: number[] }[] } {
  const weights: number[] = [];
  const kinds = new Map<string, number[]>();
  tensors.forEach(({ kind, statistic }, i) => {
    if (held.has(i)) return;
    if (!statistic) weights.push(i);
    else if (kinds.has(kind)) kinds.get(kind)?.push(i);
    else kinds.set(kind, [i]);
  });
  return { weights, statistics: [...kinds].map(([kind, of]) => ({ kind, tensors: of })) };
}

/** What the first batches say of a kind of moving average. */
export interface StatisticScale {
  /** how large it is */
  readonly scale: number;
  /** how far one iteration moves it at most */
  readonly step: number;
}

export interface DefaultsOptions {
  /** Tensors that are in other groups. */
  readonly held?: ReadonlySet<number>;
  /** What the data say of a kind of moving average; where nobody has looked they are taken to be about 1. */
  readonly scaleOf?: (kind: string) => StatisticScale | undefined;
}

const UNIT: StatisticScale = { scale: 1, step: 0.1 };

/** The exponent of the power of two nearest x, within what a quantum may be. */
export function nearestQuantum(x: number, statistics: boolean): number {
  const log2 = x > 0 && Number.isFinite(x) ? nearestExponent(x) : LEAST_QUANTUM;
  return Math.max(LEAST_QUANTUM, Math.min(largestQuantum(statistics), log2));
}

/** The largest power of two up to 2^12 with levels · iterations < 2^24; 1 where there is none. */
export function statisticLevels(iterations: bigint): number {
  let levels = MAX_STATISTIC_LEVELS;
  while (levels > 1 && BigInt(levels) * iterations >= MAX_STEPS) levels /= 2;
  return levels;
}

/**
 * The groups of a model by default. A moving average has 2^-12 of its scale as quantum, and more where a step would not fit
 * its levels: what does not fit is lost, since its residual holds 4 quanta.
 */
export function defaultQuanta(tensors: Tensors, weights: { readonly quantumLog2: number; readonly levels: number }, iterations: bigint, { held, scaleOf }: DefaultsOptions = {}): QuantumGroup[] {
  const kinds = tensorKinds(tensors, held);
  const levels = statisticLevels(iterations);
  const groups = kinds.statistics.map(({ kind, tensors: of }) => {
    const { scale, step } = scaleOf?.(kind) ?? UNIT;
    const quantumLog2 = Math.max(nearestQuantum(scale * 2 ** -12, true), nearestQuantum((2 * step) / levels, true));
    return QuantumGroup.create({ tensors: of, quantumLog2, levels, statistics: true });
  });
  return [...(kinds.weights.length > 0 ? [QuantumGroup.create({ tensors: kinds.weights, quantumLog2: weights.quantumLog2, levels: weights.levels })] : []), ...groups];
}

/** Throws SpecError of a field in `quanta`. */
export function checkQuanta(spec: Pick<TaskSpec, "quanta" | "epochs" | "batches" | "slots">, { tensors }: Pick<ModelPlan, "tensors">): void {
  const { quanta } = spec;
  const fail = (field: string, text: string): never => {
    throw new SpecError(field === "" ? "quanta" : `quanta.${field}`, text);
  };
  if (quanta.length < 1 || quanta.length > MAX_GROUPS) fail("", `got ${quanta.length} groups, want 1 to ${MAX_GROUPS}`);
  const total = totalPositions(spec);
  const holder = new Map<number, number>();
  quanta.forEach(({ tensors: held, quantumLog2, levels, statistics }, g) => {
    if (held.length === 0) fail(`${g}.tensors`, "holds none, want at least one tensor");
    let previous = -1;
    for (const index of held) {
      const tensor = tensors[index];
      if (!tensor || index <= previous) fail(`${g}.tensors`, `got ${index} after ${previous}, want ascending and below ${tensors.length}, the model's tensors`);
      const before = holder.get(index);
      if (before !== undefined) fail(`${g}.tensors`, `tensor ${index} (${tensor?.name}) is in group ${before} too, want every tensor once`);
      if ((tensor?.statistic ?? false) !== statistics) fail(`${g}.statistics`, `is ${statistics}, and tensor ${index} (${tensor?.name}) is ${tensor?.statistic ? "a" : "no"} moving average: take a group for each`);
      holder.set(index, g);
      previous = index;
    }
    const most = largestQuantum(statistics);
    if (!Number.isInteger(quantumLog2) || quantumLog2 < LEAST_QUANTUM || quantumLog2 > most) fail(`${g}.quantum_log2`, `got ${quantumLog2}, want ${LEAST_QUANTUM} to ${most}`);
    if (!Number.isInteger(levels) || levels < 1 || levels >= Number(MAX_STEPS)) fail(`${g}.levels`, `got ${levels}, want 1 to ${MAX_STEPS - 1n}`);
    if (BigInt(levels) * total >= MAX_STEPS) fail(`${g}.levels`, `levels × epochs × batches is ${BigInt(levels) * total}, want below 2^24: take fewer levels, epochs or batches`);
  });
  const missing = tensors.findIndex((_, i) => !holder.has(i));
  if (missing >= 0) fail("", `tensor ${missing} (${tensors[missing]?.name}) is in no group, want every tensor once`);
}

/** Adam's moments must have a bound, or one forged state would move weights for ever. Throws SpecError. */
export function checkMoments(o: Pick<Optimizer, "kind" | "momentumBits" | "beta2Bits">): void {
  if (o.kind !== OptimizerKind.OPTIMIZER_ADAM) return;
  const [beta1, beta2] = [fromBits(o.momentumBits), fromBits(o.beta2Bits)];
  if (adamFactor(beta1, beta2) === undefined) {
    throw new SpecError("optimizer.beta2_bits", `of beta1 ${beta1} and beta2 ${beta2} the first moment is not bounded by 64 roots of the second: take beta1² below beta2, and beta2 at most about 0.999 beside beta1 0 or 0.9999 beside 0.9`);
  }
}

/** Of the power of two nearest x by ratio; Math.log2, whose last bits differ between engines, is not for protocol/. */
function nearestExponent(x: number): number {
  let [exponent, rest] = [0, x];
  while (rest >= 2) [exponent, rest] = [exponent + 1, rest / 2];
  while (rest < 1) [exponent, rest] = [exponent - 1, rest * 2];
  return rest * rest >= 2 ? exponent + 1 : exponent;
}
