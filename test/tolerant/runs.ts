/** Training runs in which one engine works and another judges every iteration by the tolerant rule. */
import { readFileSync } from "node:fs";
import { denseTopology, firstWeights, type Layer, planOf, topologyOf } from "#engine/testing/models.js";
import { type Group, groupsOf, oneGroup, type QuantumGroup } from "#engine/quanta.js";
import type { Loss, ModelPlan } from "#engine/topology/index.js";
import type { Batch, Engine, StepResult } from "#engine/types.js";
import { nodeCrypto } from "#platform/crypto.js";
import { bitsOf, millionths, NOT_FINITE } from "#protocol/floats.js";
import { addMapTo } from "#protocol/state/map.js";
import { rerunTolerant, type TolerantRerun } from "#protocol/verification/tolerant-rerun.js";
import type { Fault, TolerantClaim } from "#protocol/verification/tolerant.js";

export interface Subject {
  readonly name: string;
  readonly topology: string;
  readonly loss: Loss;
  readonly batchSize: number;
  readonly lr: number;
  readonly quantumLog2: number;
  readonly levels: number;
}

const convolutions = (activation: string, ...rest: Layer[]): string =>
  topologyOf([8, 8, 1], ["Conv2D", { filters: 4, kernel_size: 3, padding: "same", activation }], ["MaxPooling2D", { pool_size: 2 }], ["Conv2D", { filters: 6, kernel_size: 3, activation }], ["Flatten", {}], ...rest, ["Dense", { units: 10, activation: "softmax" }]);

export const SUBJECTS: readonly Subject[] = [
  { name: "dense, relu", topology: denseTopology(64, { units: 32, activation: "relu" }, { units: 16, activation: "relu" }, { units: 10, activation: "softmax" }), loss: "softmaxCrossEntropy", batchSize: 20, lr: 0.1, quantumLog2: -8, levels: 1 },
  { name: "dense, tanh and sigmoid, levels 3", topology: denseTopology(64, { units: 24, activation: "tanh" }, { units: 12, activation: "sigmoid" }, { units: 10, activation: "softmax" }), loss: "softmaxCrossEntropy", batchSize: 10, lr: 0.3, quantumLog2: -9, levels: 3 },
  { name: "convolutions, relu and maximum pool", topology: convolutions("relu"), loss: "softmaxCrossEntropy", batchSize: 10, lr: 0.1, quantumLog2: -8, levels: 1 },
  { name: "convolutions, tanh", topology: convolutions("tanh", ["Dense", { units: 8, activation: "tanh" }]), loss: "softmaxCrossEntropy", batchSize: 8, lr: 0.05, quantumLog2: -10, levels: 7 },
  { name: "regression, relu", topology: denseTopology(64, { units: 20, activation: "relu" }, { units: 10 }), loss: "meanSquaredError", batchSize: 16, lr: 0.2, quantumLog2: -8, levels: 1 },
];

const digits = readFileSync(new URL("../../data/digits.csv", import.meta.url), "utf8").trim().split("\n").map((l) => l.split(",").map(Number));

export function batchOf({ loss, batchSize }: Pick<Subject, "loss" | "batchSize">, number: number): Batch {
  const rows = Array.from({ length: batchSize }, (_, i) => digits[(number * batchSize + i) % digits.length] as number[]);
  const x = Float32Array.from(rows.flatMap((r) => r.slice(0, 64).map((v) => v / 16)));
  const labels = rows.map((r) => r[64] as number);
  return { x, y: loss === "softmaxCrossEntropy" ? Int32Array.from(labels) : Float32Array.from(labels.flatMap((c) => Array.from({ length: 10 }, (_, j) => (j === c ? 1 : 0)))) };
}

/** An iteration as it was signed, and what a judge needs to form its own opinion. */
export interface Signed {
  readonly number: number;
  readonly batch: Batch;
  readonly before: Float32Array;
  readonly claim: TolerantClaim;
}

export const planOfSubject = (s: Subject): ModelPlan => planOf(s.topology);

export function claimOf(plan: ModelPlan, s: Subject, result: StepResult, residual: Float32Array): TolerantClaim {
  const k = new Int32Array(plan.parameters);
  addMapTo(k, [groupOf(s)], result.map, 1);
  return {
    k,
    residual,
    loss: result.isNull ? NOT_FINITE : millionths(result.loss),
    accuracy: s.loss === "meanSquaredError" ? 0 : Math.floor((1e6 * result.correct) / s.batchSize),
    overdrive: result.overdrive,
    null: result.isNull,
  };
}

export const rateOf = (s: Subject) => ({ lrBits: bitsOf(Math.fround(s.lr)) });
/** All of a subject's tensors share a quantum. */
export const groupOf = (s: Subject): Group => groupsOf(quantaOf(s), planOfSubject(s).tensors)[0] as Group;
export const quantaOf = (s: Subject): QuantumGroup[] => oneGroup(planOfSubject(s), s.quantumLog2, s.levels);

/** The worker trains; `each` sees every iteration while both engines still stand before it. */
export function train(s: Subject, worker: Engine, judge: Engine, iterations: number, seed: number, each: (signed: Signed) => void): void {
  const { plan } = worker;
  for (const e of [worker, judge]) {
    e.setInitial(firstWeights(plan, seed));
  }
  for (let number = 0; number < iterations; number++) {
    const batch = batchOf(s, number * 7 + seed);
    const before = worker.residual(0).slice();
    const result = worker.step(batch, 0, rateOf(s));
    each({ number, batch, before, claim: claimOf(plan, s, result, worker.residual(0).slice()) });
    for (const e of [worker, judge]) e.addMap(result.map, 1);
  }
}

/** The judge's verdict; it stands at the weights of the iteration. */
export function judged(s: Subject, judge: TolerantRerun["engine"], { batch, before, claim, number }: Signed): Fault | undefined {
  return rerunTolerant({ hash: nodeCrypto, engine: judge, batch, before, claim, ...rateOf(s), groups: [groupOf(s)], regression: s.loss === "meanSquaredError", seed: nodeCrypto.sha256(Uint8Array.of(number & 255, number >> 8)) }).fault;
}
