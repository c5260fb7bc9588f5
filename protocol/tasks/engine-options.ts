/** From a task to what the engine is told: the only place where fields of a spec become options. */
import { u32be, u64be } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";
import { momentsOf, type Optimizer, SGD } from "#engine/optimizer.js";
import { type Group, outOfBounds } from "#engine/quanta.js";
import { memoryBytes, type ModelPlan, type Loss as LossName } from "#engine/topology/index.js";
import type { EngineOptions, StepOptions } from "#engine/types.js";
import { Loss, OptimizerKind, type TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { fromBits } from "../floats.js";
import { H, raw } from "../hash.js";
import { epochOf, lrBitsAt, positionOf } from "../log/positions.js";
import { SpecError } from "./spec-error.js";

const LOSSES: ReadonlyMap<Loss, LossName> = new Map([
  [Loss.LOSS_SOFTMAX_CROSS_ENTROPY, "softmaxCrossEntropy"],
  [Loss.LOSS_MEAN_SQUARED_ERROR, "meanSquaredError"],
  [Loss.LOSS_BINARY_CROSS_ENTROPY, "binaryCrossEntropy"],
  [Loss.LOSS_MEAN_ABSOLUTE_ERROR, "meanAbsoluteError"],
  [Loss.LOSS_HUBER, "huber"],
]);

/** The engine's word for a loss. */
export function lossName(loss: Loss): LossName {
  const name = LOSSES.get(loss);
  if (name === undefined) throw new SpecError("loss", `got ${loss}, want ${[...LOSSES].map(([n, word]) => `${n} (${word})`).join(", ")}`);
  return name;
}

export function lossNumber(name: LossName): Loss {
  for (const [number, word] of LOSSES) if (word === name) return number;
  throw new Error(`there is no loss ${name}`);
}

/** Whether rows carry a class each; all other losses take a row of targets. */
export const hasClasses = (loss: Loss): boolean => loss === Loss.LOSS_SOFTMAX_CROSS_ENTROPY;
/** Whether a row can be right or wrong. */
export const hasAccuracy = (loss: Loss): boolean => hasClasses(loss) || loss === Loss.LOSS_BINARY_CROSS_ENTROPY;

export function optimizerOf({ optimizer: o }: Pick<TaskSpec, "optimizer">): Optimizer {
  if (!o) return SGD;
  const kind = o.kind === OptimizerKind.OPTIMIZER_ADAM ? "adam" : o.kind === OptimizerKind.OPTIMIZER_MOMENTUM ? "momentum" : "sgd";
  return { kind, momentum: fromBits(o.momentumBits), nesterov: o.nesterov, beta2: fromBits(o.beta2Bits), epsilon: fromBits(o.epsilonBits), weightDecay: fromBits(o.weightDecayBits), clipNorm: fromBits(o.clipNormBits) };
}

/** The largest learning rate of a task's schedule. */
export const lrMaxOf = ({ lrBits, schedule }: Pick<TaskSpec, "lrBits" | "schedule">): number => schedule.reduce((most, step) => Math.max(most, fromBits(step.lrBits)), fromBits(lrBits));

export const engineOptionsOf = (spec: TaskSpec): EngineOptions => ({ loss: lossName(spec.loss), batchSize: spec.batchSize, optimizer: optimizerOf(spec), quanta: spec.quanta, lrMax: lrMaxOf(spec) });

/** Why no honest slot of the task can have this residual state. */
export const stateFault = (spec: TaskSpec, groups: readonly Group[], state: Float32Array): string | undefined => outOfBounds(state, groups, optimizerOf(spec), lrMaxOf(spec));

/** Bytes of a residual and the moments behind it. */
export const residualBytes = (spec: Pick<TaskSpec, "optimizer">, parameters: number): number => 4 * parameters * (1 + momentsOf(optimizerOf(spec)));

/** What an engine of the task takes, with one slot: what a worker is matched by. */
export const taskMemoryBytes = (spec: Pick<TaskSpec, "batchSize" | "optimizer">, plan: ModelPlan): bigint => memoryBytes(plan, spec.batchSize, momentsOf(optimizerOf(spec)));

/** Of the iteration (slot, seq); `seed` is the task's. */
export function stepOptionsOf(hash: Hash, spec: TaskSpec, plan: ModelPlan, seed: Uint8Array, slot: number, seq: bigint): StepOptions {
  const random = plan.layers.some((l) => l.kind === "dropout") ? { random: H(hash, "pouw/random/1", raw(seed, 32, "seed"), u32be(slot), u64be(seq)) } : {};
  return { lrBits: lrBitsAt(spec, epochOf(spec, positionOf(spec, slot, seq))), time: seq, ...random };
}
