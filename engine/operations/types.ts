/** One computing layer over the kernels: knows addresses and shapes, nothing of maps. */
import type { Kernels } from "#engine/kernels.js";
import type { Tensor } from "#engine/topology/index.js";

/** Where things stand in the engine's memory, in bytes. */
export interface Place {
  readonly kernels: Kernels;
  readonly batchSize: number;
  /** the flat vectors */
  readonly weights: number;
  readonly gradient: number;
  /** room for two packed matrices, and for the windows of one image beside that image */
  readonly packed: readonly [number, number];
  readonly columns: number;
  /** 16 bytes that random parts are drawn from */
  readonly seed: number;
  /** of this layer: what it reads, its output, and its own buffers as topology/needs.ts lists them */
  readonly inputs: readonly number[];
  readonly output: number;
  readonly kept: readonly number[];
  /** its activation, unless the loss computes it */
  readonly activation: number;
  /** Writes a table of integers for the kernels; answers its address. */
  table(values: readonly number[]): number;
}

export interface Operation {
  /** In training random parts are at work and batches are normalised by themselves. */
  forward(rows: number, training: boolean): void;
  /**
   * From the error of the outputs, which it may change, to the layer's gradient and to the errors of its inputs, each
   * written to its target; 0 is one that nobody asks for.
   */
  backward(rows: number, error: number, targets: readonly number[]): void;
  /** Writes, in place of gradients, what moving averages go by. */
  statistics?(): void;
}

export interface Placed {
  readonly at: number;
  readonly gradient: number;
}

/** Addresses of a tensor's weights and gradient; zeros when it is not there. */
export const placed = (p: Place, tensor: Tensor | undefined): Placed => (tensor ? { at: p.weights + tensor.offset * 4, gradient: p.gradient + tensor.offset * 4 } : { at: 0, gradient: 0 });

/** An array's place that the layer's kind says is there. */
export const nth = (list: readonly number[], i: number): number => list[i] as number;
