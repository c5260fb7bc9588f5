/** One computing layer over the kernels: knows addresses and shapes, nothing of maps. */
import type { Kernels } from "#engine/kernels.js";

/** Where things stand in the engine's memory, in bytes. */
export interface Place {
  readonly kernels: Kernels;
  readonly batchSize: number;
  /** the flat vectors */
  readonly weights: number;
  readonly gradient: number;
  /** room for one packed matrix, and for the windows of one image beside that image */
  readonly packed: number;
  readonly columns: number;
  /** of this layer */
  readonly input: number;
  readonly output: number;
  /** Writes a table of integers for the kernels; answers its address. */
  table(values: readonly number[]): number;
}

export interface Operation {
  forward(rows: number): void;
  /**
   * From the error of the outputs to the layer's gradient and, unless it is the first layer, to the error of its inputs:
   * true when that stands in `other`, false when it stands in `error` itself.
   */
  backward(rows: number, error: number, other: number, first: boolean): boolean;
  /** floats of a row of outputs, and of what else it keeps behind them for the way back */
  readonly outputSize: number;
  readonly keptSize: number;
}
