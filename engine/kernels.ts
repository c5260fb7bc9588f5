/**
 * The kernels that a host brings, the same functions in WebAssembly and native: integer counts,
 * byte addresses within one memory. What each computes, and in which order, is written beside it in
 * engine/wasm/assembly.
 */
import type { Activation } from "#engine/topology/index.js";

export interface Kernels {
  pack(K: number, N: number, b: number, rs: number, cs: number, out: number): void;
  gemm(M: number, N: number, K: number, a: number, ra: number, ca: number, packed: number, c: number, bias: number, relu: number): void;
  columnSums(M: number, N: number, x: number, out: number): void;
  /** `table`: address of a window's integers, see engine/wasm/assembly/window.ts; `columns`: room for one image and its windows. */
  conv2d(rows: number, table: number, x: number, kernel: number, packed: number, columns: number, out: number, bias: number, relu: number): void;
  conv2dKernelGradient(rows: number, table: number, x: number, error: number, packed: number, columns: number, g: number): void;
  conv2dInputGradient(rows: number, table: number, error: number, packed: number, columns: number, out: number): void;
  maxPool2d(rows: number, table: number, x: number, out: number, largest: number): void;
  maxPool2dGradient(rows: number, table: number, largest: number, error: number, out: number): void;
  averagePool2d(rows: number, table: number, x: number, out: number): void;
  averagePool2dGradient(rows: number, table: number, error: number, out: number): void;
  activate(kind: number, n: number, x: number, out: number): void;
  activationGradient(kind: number, n: number, h: number, g: number): void;
  softmaxCrossEntropy(rows: number, N: number, logits: number, labels: number, g: number, losses: number, inv: number, correct: number): number;
  meanSquaredError(rows: number, N: number, outputs: number, targets: number, g: number, losses: number, inv: number, invN: number, correct: number): number;
  softmax(rows: number, N: number, logits: number, out: number): void;
  quantise(n: number, r: number, g: number, lr: number, q: number, inverse: number, levels: number, room: number, signs: number, info: number): number;
  addMap(n: number, w0: number, K: number, w: number, q: number, levels: number, sign: number, map: number, length: number): number;
  makeWeights(n: number, w0: number, K: number, q: number, w: number): void;
}

export interface Host {
  readonly name: "wasm" | "native";
  readonly memory: WebAssembly.Memory;
  readonly kernels: Kernels;
}

/** As the kernels number them; relu is fused into gemm where it can be. */
export const ACTIVATION = { relu: 1, tanh: 2, sigmoid: 3 } as const;

/** 0 for none; softmax is part of the loss. */
export const activationCode = (a: Activation): number => (a === "linear" || a === "softmax" ? 0 : ACTIVATION[a]);
/** The flag of gemm and conv2d. */
export const fused = (code: number): 0 | 1 => (code === ACTIVATION.relu ? 1 : 0);
