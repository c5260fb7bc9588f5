/** What each kind of layer keeps and needs room for while it computes: the memory bound and the engine read this one list. */
import { sizeOf } from "./options.js";
import type { LayerPlan } from "./plan.js";

/** All in floats, for a whole batch. */
export interface Needs {
  /** buffers that live from forward to backward */
  readonly kept: readonly bigint[];
  /** packed matrices that are there at one time: the largest of each place */
  readonly packed: readonly [bigint, bigint];
  /** room for the windows of one image, or the scores of one head */
  readonly columns: bigint;
  /** whether it has a table of integers */
  readonly table: boolean;
}

/** Widest column panel of any host's packed matrices, in floats. */
const PANEL = 32n;
const NONE: Needs = { kept: [], packed: [0n, 0n], columns: 0n, table: false };

export function layerNeeds(layer: LayerPlan, batchSize: number): Needs {
  const B = BigInt(batchSize);
  const size = B * BigInt(sizeOf(layer.outputShape));
  // gelu's slope is told from what went in.
  const before = "activation" in layer && layer.activation === "gelu" && layer.kind !== "activation" ? [size] : [];
  switch (layer.kind) {
    case "shape":
    case "activation":
    case "merge":
    case "embedding":
    case "position":
      return NONE;
    case "dense": {
      const [inputs, units, rows] = [BigInt(layer.inputs), BigInt(layer.units), B * BigInt(layer.positions)];
      // Lists of what is not zero.
      const lists = layer.first ? [rows + inputs + 2n + 3n * BigInt(mostNonzero(layer, batchSize))] : [];
      return { ...NONE, kept: [...before, ...lists], packed: [most(matrix(inputs, units), matrix(units, inputs), matrix(rows, units)), 0n] };
    }
    case "conv2d": {
      const [window, filters, positions] = [BigInt(layer.kernel.size / layer.filters), BigInt(layer.filters), BigInt(layer.window.positions[0] * layer.window.positions[1])];
      const image = BigInt(layer.window.padded[0] * layer.window.padded[1] * layer.channels);
      // Beside the image and its windows a gradient that is turned about.
      return { kept: before, packed: [most(matrix(window, filters), matrix(filters, window), matrix(positions, filters)), 0n], columns: image + positions * window + filters * window + 128n, table: true };
    }
    case "depthwise":
      return { ...NONE, kept: before, columns: BigInt(layer.window.padded[0] * layer.window.padded[1] * layer.channels) + 32n, table: true };
    case "pool2d":
      // Where each largest value stood.
      return { ...NONE, kept: [size], table: true };
    case "dropout":
      return { ...NONE, kept: [size] };
    case "layerNorm":
      return { ...NONE, kept: [2n * B * BigInt(layer.positions), 2n * BigInt(layer.width)] };
    case "batchNorm":
      return { ...NONE, kept: [3n * BigInt(layer.width), 2n * BigInt(layer.width)] };
    case "gru": {
      const { T, F, U } = recurrent(layer);
      return {
        ...NONE,
        // inputs, gates, states and the one before, reset states, errors of a state
        kept: [B * T * F, B * T * 3n * U, B * (T + 1n) * U, B * T * U, B * U, B * U],
        packed: [most(matrix(F, 3n * U), matrix(U, 2n * U), matrix(2n * U, U), matrix(T * B, 3n * U), matrix(3n * U, F)), matrix(U, U)],
      };
    }
    case "lstm": {
      const { T, F, U } = recurrent(layer);
      return {
        ...NONE,
        // inputs, gates, states, cells, tanh of the cells, errors of a state and a cell
        kept: [B * T * F, B * T * 4n * U, B * (T + 1n) * U, B * (T + 1n) * U, B * T * U, B * U, B * U, B * U],
        packed: [most(matrix(F, 4n * U), matrix(U, 4n * U), matrix(4n * U, U), matrix(T * B, 4n * U), matrix(4n * U, F)), 0n],
      };
    }
    case "attention": {
      const [T, D, H, kd, vd] = [layer.length, layer.width, layer.heads, layer.keyWidth, layer.valueWidth].map(BigInt) as [bigint, bigint, bigint, bigint, bigint];
      const [rows, K, V] = [B * T, H * kd, H * vd];
      const heads = [matrix(kd, T), matrix(T, vd), matrix(vd, T), matrix(T, kd)];
      return {
        ...NONE,
        // query, key, value, weights, mixed values, and the errors of all but the weights
        kept: [rows * K, rows * K, rows * V, B * H * T * T, rows * V, rows * K, rows * K, rows * V, rows * V],
        packed: [most(matrix(D, K), matrix(D, V), matrix(V, D), matrix(K, D), matrix(rows, K), matrix(rows, V), matrix(rows, D), ...heads), most(...heads)],
        columns: T * T + 64n,
      };
    }
  }
}

/** Of the model's input: above it a packed product over everything is as fast. */
export const mostNonzero = (layer: { positions: number; inputs: number }, batchSize: number): number => Math.floor((batchSize * layer.positions * layer.inputs) / 2);

const recurrent = (l: { length: number; inputs: number; units: number }) => ({ T: BigInt(l.length), F: BigInt(l.inputs), U: BigInt(l.units) });
const matrix = (K: bigint, N: bigint): bigint => K * (((N + PANEL - 1n) / PANEL) * PANEL);
const most = (...values: bigint[]): bigint => values.reduce((a, b) => (b > a ? b : a));
