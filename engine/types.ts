/** What every engine does, whatever runs its kernels. Two engines of one profile give the same bits. */
import type { Optimizer } from "#engine/optimizer.js";
import type { QuantumGroup } from "#engine/quanta.js";
import type { Loss, ModelPlan } from "#engine/topology/index.js";

export interface Batch {
  /** rows × inputSize */
  x: Float32Array;
  /** Classes, one a row (softmaxCrossEntropy); or rows × outputSize (all others). */
  y: Int32Array | Float32Array;
}

export interface StepOptions {
  /** The learning rate, the bits of a positive normal binary32. */
  lrBits: number;
  /** Which iteration of the slot this is, from 1; for optimizers with moments. */
  time?: bigint;
  /** What random parts are drawn from: 16 bytes or more, the first 16 count; for models with dropout. */
  random?: Uint8Array;
}

export interface StepResult {
  /** f32, mean over the batch, before the update; NaN when isNull because of it. */
  loss: number;
  /** Rows whose largest output (ties: the lowest index) is the right one. */
  correct: number;
  /** Something was not finite: the map is empty and the residual unchanged. */
  isNull: boolean;
  /** Entries where more than their group's levels were due. */
  overdrive: number;
  /** The canonical map encoding; the caller's own copy. */
  map: Uint8Array;
}

/** "wasm-f32-1" gives the same bits everywhere; "tf-f32" computes gradients in TensorFlow.js and is held to a bound. */
export type Profile = "wasm-f32-1" | "tf-f32";

export interface Engine {
  readonly profile: Profile;
  /** What runs the kernels: all of them, or with tf-f32 those of the state. */
  readonly host: "wasm" | "native";
  readonly plan: ModelPlan;
  readonly batchSize: number;
  /** Also zeroes K and every residual. */
  setInitial(w0: Float32Array): void;
  /** K += sign·map, with the touched weights made anew. Bytes that do not decode throw and change nothing. */
  addMap(map: Uint8Array, sign: 1 | -1): void;
  /** Makes all weights anew from K: after something was written into either. */
  makeWeights(): void;
  /** By quantum group, what `overdrive` of the last iteration adds up. */
  overdriveByGroup(): number[];
  /** A view into the engine's memory, valid until the next call. */
  readonly K: Int32Array;
  /** A view into the engine's memory, valid until the next call. */
  weights(): Float32Array;
  /** A view of the slot's residual and the optimizer's moments behind it, made on first use as zeros; valid until the next call. */
  residual(slot: number): Float32Array;
  /** One iteration at the present K on the slot's residual. Does not add the map to K: addMap does. */
  step(batch: Batch, slot: number, options: StepOptions): StepResult;
  /** Loss by row and right rows of the first `rows` of the batch, rows ≤ batchSize. */
  evaluate(batch: Batch, rows: number): { loss: Float32Array; correct: number };
  /** Outputs (softmax applied) of the first `rows` rows of x: rows × outputSize. */
  predict(x: Float32Array, rows: number): Float32Array;
  /** Of a moving average it is how far the average is from the batch, times 1 − momentum. */
  gradient(batch: Batch, random?: Uint8Array): { loss: number; correct: number; gradient: Float32Array };
}

export interface EngineOptions {
  loss: Loss;
  /** SGD where none is said */
  optimizer?: Optimizer;
  batchSize: number;
  /** One group of quantum 1 where none are said: for engines that never train. */
  quanta?: readonly QuantumGroup[];
  /** The largest learning rate of all: momentum is bounded by it. */
  lrMax?: number;
  host?: "wasm" | "native" | "auto";
}
