/** Learning rate, quantum and optimizer of a task file, with the protocol's scaling by slots and lag. */
import { bitsOf } from "#protocol/floats.js";
import { Optimizer, OptimizerKind } from "#proto/gen/pouw/tasks/v1/types.js";
import { quantumLog2Of } from "./quanta.js";
import type { Places } from "./places.js";
import type { Raw, RawOptimizer } from "./raw.js";

const LEAST_QUANTUM_LOG2 = -40;

export interface Rates {
  readonly lr: number;
  /** bits of a learning rate of the schedule */
  readonly scaled: (v: number) => number;
  /** of the weights: the file's, or the power of two nearest what the kind of optimizer moves an entry by */
  readonly quantumLog2: number;
  /** nothing for plain SGD, whose task then has the same bytes as ever */
  readonly optimizer: Optimizer | undefined;
  readonly schedule: readonly { epoch: number; lr: number }[];
}

type Kind = "sgd" | "momentum" | "adam";

/** How many quanta one learning rate is by default: an entry's update is about lr·g of SGD, lr·g/(1 − momentum), lr itself of Adam. */
const QUANTA = { sgd: 25, momentum: 2.5, adam: 0.5 } as const;

export function rates(raw: Raw, places: Places, notes: string[]): Rates {
  const [kind, own] = Object.entries(raw.optimizer)[0] as [Kind, RawOptimizer];
  const lag = raw.lag ?? 1;
  const factor = Math.min(1, 8 / (raw.slots * lag));
  const lr = own.lr * factor;
  if (lr !== own.lr) notes.push(`lr ${own.lr} becomes ${lr}: with ${raw.slots} slots ${lag} round${lag > 1 ? "s" : ""} behind, lr is scaled by min(1, 8/(slots·lag))`);
  const usual = Math.round(Math.log2(lr / QUANTA[kind]));
  const quantumLog2 = raw.quantum === undefined ? Math.min(0, usual) : quantumLog2Of(raw.quantum);
  if (quantumLog2 === undefined || quantumLog2 > 0 || quantumLog2 < LEAST_QUANTUM_LOG2 || (raw.quantum === undefined && usual > 0)) {
    if (raw.quantum !== undefined) places.fail(["quantum"], `expected a power of two from 2^-40 to 1, got ${raw.quantum}.`);
    places.fail(["optimizer", kind, "lr"], `got ${own.lr}, for which no default quantum from 2^-40 to 1 exists. Take a lr from 1e-10 to 30, or set quantum.`);
  }
  if (quantumLog2 !== usual) notes.push(`quantum ${raw.quantum} departs from the default, the power of two nearest ${kind === "sgd" ? "lr/25" : kind === "momentum" ? "lr/2.5" : "2·lr"}`);
  return { lr, scaled: (v) => bitsOf(v * factor), quantumLog2, optimizer: optimizerOf(kind, own), schedule: own.schedule ?? [] };
}

function optimizerOf(kind: Kind, o: RawOptimizer): Optimizer | undefined {
  const bits = (value: number): number => (value === 0 ? 0 : bitsOf(value));
  const shared = { weightDecayBits: bits(o.weight_decay ?? 0), clipNormBits: bits(o.clip_norm ?? 0) };
  if (kind === "momentum") return Optimizer.create({ kind: OptimizerKind.OPTIMIZER_MOMENTUM, momentumBits: bits(o.momentum ?? 0.9), nesterov: o.nesterov ?? false, ...shared });
  if (kind === "adam") return Optimizer.create({ kind: OptimizerKind.OPTIMIZER_ADAM, momentumBits: bits(o.beta1 ?? 0.9), beta2Bits: bits(o.beta2 ?? 0.999), epsilonBits: bits(o.epsilon ?? 1e-7), ...shared });
  return shared.weightDecayBits || shared.clipNormBits ? Optimizer.create({ kind: OptimizerKind.OPTIMIZER_SGD, ...shared }) : undefined;
}
