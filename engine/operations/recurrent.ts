/**
 * Recurrent layers, step by step. Within the layer time comes first, so that the rows of one step stand together and
 * all steps are one matrix: what goes in, and the gradients, are products over everything at once.
 */
import { GATES, type Kernels } from "#engine/kernels.js";
import type { RecurrentLayer } from "#engine/topology/index.js";
import { nth, type Operation, type Place, placed } from "./types.js";

/** Steps of a row become rows of a step, and back. */
function timeFirst(kernels: Kernels, rows: number, length: number, width: number, from: number, to: number): void {
  for (let t = 0; t < length; t++) kernels.copyRows(rows, width, from + t * width * 4, length * width, to + t * rows * width * 4, width);
}

function rowsFirst(kernels: Kernels, rows: number, length: number, width: number, from: number, to: number): void {
  for (let t = 0; t < length; t++) kernels.copyRows(rows, width, from + t * rows * width * 4, width, to + t * width * 4, length * width);
}

/** What both cells share: everything but the steps themselves. `states` begins with the state before the first step. */
function recurrent(layer: RecurrentLayer, p: Place, gates: number, gatesAt: number, states: number, errorAt: number) {
  const { kernels, inputs: [input = 0], output } = p;
  const { length, inputs, units, sequences } = layer;
  const [x = 0] = p.kept;
  const packed = nth(p.packed, 0);
  const wide = gates * units;
  const [kernel, bias] = [placed(p, layer.kernel), placed(p, layer.bias)];
  return {
    begin(rows: number): void {
      timeFirst(kernels, rows, length, inputs, input, x);
      kernels.pack(inputs, wide, kernel.at, wide, 1, packed);
      kernels.gemm(length * rows, wide, inputs, x, inputs, 1, packed, gatesAt, bias.at, 0);
      kernels.zero(rows * units, states);
    },
    end(rows: number): void {
      const first = states + rows * units * 4;
      if (sequences) rowsFirst(kernels, rows, length, units, first, output);
      else kernels.copyRows(1, rows * units, first + (length - 1) * rows * units * 4, 0, output, 0);
    },
    /** The state's error begins with what the last step gives out. */
    beginBack(rows: number, error: number): void {
      if (sequences) kernels.copyRows(rows, units, error + (length - 1) * units * 4, length * units, errorAt, units);
      else kernels.copyRows(1, rows * units, error, 0, errorAt, 0);
    },
    /** What step t gives out is added to what step t + 1 passed back; `room` holds one state. */
    shareOf(rows: number, t: number, error: number, room: number): void {
      if (!sequences) return;
      kernels.copyRows(rows, units, error + t * units * 4, length * units, room, units);
      kernels.add(rows * units, errorAt, room, errorAt);
    },
    /** Once the gates' errors stand in their place. */
    endBack(rows: number, target: number | undefined): void {
      const all = length * rows;
      kernels.pack(all, wide, gatesAt, wide, 1, packed);
      kernels.gemm(inputs, wide, all, x, 1, inputs, packed, kernel.gradient, 0, 0);
      if (bias.at) kernels.columnSums(all, wide, gatesAt, bias.gradient);
      if (!target) return;
      kernels.pack(wide, inputs, kernel.at, 1, wide, packed);
      kernels.gemm(all, inputs, wide, gatesAt, wide, 1, packed, x, 0, 0);
      rowsFirst(kernels, rows, length, inputs, x, target);
    },
  };
}

export function gruOperation(layer: RecurrentLayer, p: Place): Operation {
  const { kernels } = p;
  const { length, units } = layer;
  const wide = 3 * units;
  const kind = GATES[layer.gate];
  const [packed, beside] = p.packed;
  const [, gates, states, resets, error, room] = p.kept as [number, number, number, number, number, number];
  const { at, gradient } = placed(p, layer.recurrent);
  const shared = recurrent(layer, p, 3, gates, states, error);
  return {
    forward(rows) {
      shared.begin(rows);
      kernels.pack(units, 2 * units, at, wide, 1, packed);
      kernels.pack(units, units, at + 2 * units * 4, wide, 1, beside);
      for (let t = 0; t < length; t++) {
        const g = gates + t * rows * wide * 4;
        const [before, reset] = [states, resets].map((s) => s + t * rows * units * 4) as [number, number];
        kernels.product(rows, 2 * units, units, before, units, 1, packed, g, wide, 0, 0, 1);
        kernels.gruGates(kind, rows, units, g, before, reset);
        kernels.product(rows, units, units, reset, units, 1, beside, g + 2 * units * 4, wide, 0, 0, 1);
        kernels.gruState(rows, units, g, before, before + rows * units * 4);
      }
      shared.end(rows);
    },
    backward(rows, outputError, [target]) {
      kernels.pack(2 * units, units, at, 1, wide, packed);
      kernels.pack(units, units, at + 2 * units * 4, 1, wide, beside);
      shared.beginBack(rows, outputError);
      for (let t = length - 1; t >= 0; t--) {
        const g = gates + t * rows * wide * 4;
        const before = states + t * rows * units * 4;
        if (t < length - 1) shared.shareOf(rows, t, outputError, room);
        kernels.gruStateGradient(kind, rows, units, g, before, error, error);
        kernels.product(rows, units, units, g + 2 * units * 4, wide, 1, beside, room, units, 0, 0, 0);
        kernels.gruResetGradient(kind, rows, units, g, before, room, error);
        kernels.product(rows, units, 2 * units, g, wide, 1, packed, error, units, 0, 0, 1);
      }
      const all = length * rows;
      kernels.pack(all, 2 * units, gates, wide, 1, packed);
      kernels.product(units, 2 * units, all, states, 1, units, packed, gradient, wide, 0, 0, 0);
      kernels.pack(all, units, gates + 2 * units * 4, wide, 1, packed);
      kernels.product(units, units, all, resets, 1, units, packed, gradient + 2 * units * 4, wide, 0, 0, 0);
      shared.endBack(rows, target);
    },
  };
}

export function lstmOperation(layer: RecurrentLayer, p: Place): Operation {
  const { kernels } = p;
  const { length, units } = layer;
  const wide = 4 * units;
  const kind = GATES[layer.gate];
  const packed = nth(p.packed, 0);
  const [, gates, states, cells, squashed, error, carried, room] = p.kept as [number, number, number, number, number, number, number, number];
  const { at, gradient } = placed(p, layer.recurrent);
  const shared = recurrent(layer, p, 4, gates, states, error);
  return {
    forward(rows) {
      shared.begin(rows);
      kernels.zero(rows * units, cells);
      kernels.pack(units, wide, at, wide, 1, packed);
      const step = rows * units * 4;
      for (let t = 0; t < length; t++) {
        const g = gates + t * rows * wide * 4;
        kernels.product(rows, wide, units, states + t * step, units, 1, packed, g, wide, 0, 0, 1);
        kernels.lstmState(kind, rows, units, g, cells + t * step, cells + (t + 1) * step, squashed + t * step, states + (t + 1) * step);
      }
      shared.end(rows);
    },
    backward(rows, outputError, [target]) {
      kernels.pack(wide, units, at, 1, wide, packed);
      kernels.zero(rows * units, carried);
      shared.beginBack(rows, outputError);
      const step = rows * units * 4;
      for (let t = length - 1; t >= 0; t--) {
        const g = gates + t * rows * wide * 4;
        if (t < length - 1) shared.shareOf(rows, t, outputError, room);
        kernels.lstmStateGradient(kind, rows, units, g, cells + t * step, squashed + t * step, error, carried);
        kernels.product(rows, units, wide, g, wide, 1, packed, error, units, 0, 0, 0);
      }
      const all = length * rows;
      kernels.pack(all, wide, gates, wide, 1, packed);
      kernels.gemm(units, wide, all, states, 1, units, packed, gradient, 0, 0);
      shared.endBack(rows, target);
    },
  };
}
