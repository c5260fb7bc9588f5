/**
 * The kernels that a host brings, the same functions in WebAssembly and native: integer counts,
 * byte addresses within one memory, 0 for a buffer that is not there. What each computes, and in which
 * order, is written beside it in engine/wasm/assembly.
 */
import type { Activation, GateActivation, Loss } from "#engine/topology/index.js";

export interface Kernels {
  pack(K: number, N: number, b: number, rs: number, cs: number, out: number): void;
  gemm(M: number, N: number, K: number, a: number, ra: number, ca: number, packed: number, c: number, bias: number, relu: number): void;
  /** gemm to rows of C that are ldc apart; `more` goes on with the chains that stand there. */
  product(M: number, N: number, K: number, a: number, ra: number, ca: number, packed: number, c: number, ldc: number, bias: number, relu: number, more: number): void;
  /** Where x, M × K, is not zero; −1 when that is more than `most` or x is not finite. `lists`: M + K + 2 + 3·most words. */
  sparseLists(M: number, K: number, x: number, lists: number, most: number): number;
  /** bias + x·w without the zeros, w as it stands among the weights; 0 when only gemm may do it. */
  sparseProduct(M: number, N: number, K: number, x: number, lists: number, w: number, bias: number, c: number, relu: number): number;
  /** xᵀ·error without the zeros; 0 when only gemm may do it. */
  sparseGradient(M: number, N: number, K: number, lists: number, most: number, error: number, g: number): number;
  columnSums(M: number, N: number, x: number, out: number): void;
  /** `table`: address of a window's integers, see engine/wasm/assembly/window.ts; `columns`: room for one image and its windows. */
  conv2d(rows: number, table: number, x: number, kernel: number, packed: number, columns: number, out: number, bias: number, relu: number): void;
  conv2dKernelGradient(rows: number, table: number, x: number, error: number, packed: number, columns: number, g: number): void;
  conv2dInputGradient(rows: number, table: number, error: number, packed: number, columns: number, out: number): void;
  depthwise(rows: number, table: number, x: number, kernel: number, columns: number, out: number, bias: number): void;
  depthwiseKernelGradient(rows: number, table: number, x: number, error: number, columns: number, g: number): void;
  depthwiseInputGradient(rows: number, table: number, error: number, kernel: number, columns: number, out: number): void;
  maxPool2d(rows: number, table: number, x: number, out: number, largest: number): void;
  maxPool2dGradient(rows: number, table: number, largest: number, error: number, out: number): void;
  averagePool2d(rows: number, table: number, x: number, out: number): void;
  averagePool2dGradient(rows: number, table: number, error: number, out: number): void;
  activate(kind: number, n: number, x: number, out: number, slope: number): void;
  activationGradient(kind: number, n: number, x: number, h: number, g: number, out: number, slope: number): void;
  add(n: number, a: number, b: number, out: number): void;
  multiply(n: number, a: number, b: number, out: number): void;
  scale(n: number, factor: number, x: number): void;
  copyRows(rows: number, width: number, from: number, fromStride: number, to: number, toStride: number): void;
  zero(n: number, out: number): void;
  dropout(n: number, seed: number, ordinal: number, threshold: number, keep: number, x: number, mask: number, out: number): void;
  embed(count: number, width: number, indices: number, table: number, out: number): void;
  embedGradient(count: number, vocabulary: number, width: number, indices: number, error: number, g: number): void;
  layerNorm(rows: number, N: number, x: number, gamma: number, beta: number, epsilon: number, stats: number, out: number): void;
  layerNormGradient(rows: number, N: number, x: number, gamma: number, stats: number, error: number, room: number, dgamma: number, dbeta: number, dx: number): void;
  batchNorm(rows: number, N: number, x: number, gamma: number, beta: number, epsilon: number, stats: number, out: number): void;
  batchNormFixed(rows: number, N: number, x: number, gamma: number, beta: number, mean: number, variance: number, epsilon: number, stats: number, out: number): void;
  batchNormGradient(rows: number, N: number, x: number, gamma: number, stats: number, room: number, error: number, dgamma: number, dbeta: number, dx: number): void;
  movingGradient(n: number, moving: number, batch: number, part: number, g: number): void;
  gruGates(kind: number, rows: number, U: number, gates: number, before: number, reset: number): void;
  gruState(rows: number, U: number, gates: number, before: number, state: number): void;
  gruStateGradient(kind: number, rows: number, U: number, gates: number, before: number, error: number, passed: number): void;
  gruResetGradient(kind: number, rows: number, U: number, gates: number, before: number, share: number, passed: number): void;
  lstmState(kind: number, rows: number, U: number, gates: number, before: number, cell: number, squashed: number, state: number): void;
  lstmStateGradient(kind: number, rows: number, U: number, gates: number, before: number, squashed: number, error: number, carried: number): void;
  attention(rows: number, T: number, heads: number, kd: number, vd: number, q: number, k: number, v: number, factor: number, causal: number, packed: number, weights: number, out: number): void;
  attentionGradient(rows: number, T: number, heads: number, kd: number, vd: number, q: number, k: number, v: number, factor: number, packed: number, scores: number, weights: number, error: number, dq: number, dk: number, dv: number): void;
  softmaxCrossEntropy(rows: number, N: number, logits: number, labels: number, g: number, losses: number, inv: number, correct: number): number;
  elementLoss(kind: number, rows: number, N: number, outputs: number, targets: number, g: number, losses: number, inv: number, invN: number, correct: number): number;
  softmax(rows: number, N: number, logits: number, out: number): void;
  /** 0 where g is not finite. */
  limit(n: number, g: number, most: number): number;
  clipNorm(n: number, g: number, most: number): void;
  momentumStep(n: number, g: number, moment: number, next: number, mu: number, lr: number, nesterov: number, most: number): void;
  adamStep(n: number, g: number, first: number, second: number, nextFirst: number, nextSecond: number, beta1: number, beta2: number, lr: number, epsilon: number, factor: number): void;
  decay(n: number, w: number, part: number, step: number): void;
  /** `table`: the quanta, see engine/wasm/assembly/map.ts. */
  quantise(table: number, n: number, r: number, g: number, lr: number, most: number, room: number, signs: number, info: number): number;
  addMap(table: number, w0: number, K: number, w: number, sign: number, map: number, length: number): number;
  makeWeights(table: number, w0: number, K: number, w: number): void;
}

export interface Host {
  readonly name: "wasm" | "native";
  readonly memory: WebAssembly.Memory;
  readonly kernels: Kernels;
}

/** As the kernels number them; relu is fused into gemm where it can be. */
const ACTIVATIONS: Readonly<Record<Exclude<Activation, "linear" | "softmax">, number>> = { relu: 1, tanh: 2, sigmoid: 3, leakyRelu: 4, gelu: 5 };
export const GATES: Readonly<Record<GateActivation, number>> = { sigmoid: 3, hardSigmoid: 6 };
/** Losses of every output by itself. */
export const ELEMENT_LOSSES: Readonly<Record<Exclude<Loss, "softmaxCrossEntropy">, number>> = { meanSquaredError: 0, meanAbsoluteError: 1, huber: 2, binaryCrossEntropy: 3 };

/** 0 for none; softmax is part of the loss. */
export const activationCode = (a: Activation): number => (a === "linear" || a === "softmax" ? 0 : ACTIVATIONS[a]);
/** The flag of gemm and conv2d. */
export const fused = (code: number): 0 | 1 => (code === ACTIVATIONS.relu ? 1 : 0);
export const isGelu = (code: number): boolean => code === ACTIVATIONS.gelu;
