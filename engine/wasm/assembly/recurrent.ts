/** Gates of recurrent layers, which stand side by side: z r h of a GRU, i f c o of an LSTM. Kinds of gates: 3 sigmoid, 6 hard sigmoid. */
import { hardSigmoid } from "./activation";
import { at } from "./elements";
import { sigmoid, tanh } from "./math";

// @ts-ignore: decorator
@inline
function gate(kind: i32, x: f32): f32 {
  return kind == 3 ? sigmoid(x) : hardSigmoid(x);
}

/** The slope from the gate's output. */
// @ts-ignore: decorator
@inline
function gateSlope(kind: i32, h: f32): f32 {
  return kind == 3 ? h * (<f32>1 - h) : h > 0 && h < 1 ? <f32>0.2 : <f32>0;
}

export function gruGates(kind: i32, rows: i32, U: i32, gates: usize, before: usize, reset: usize): void {
  for (let b = 0; b < rows; b++) {
    for (let j = 0; j < 2 * U; j++) store<f32>(at(gates, j), gate(kind, load<f32>(at(gates, j))));
    for (let j = 0; j < U; j++) store<f32>(at(reset, j), load<f32>(at(gates, U + j)) * load<f32>(at(before, j)));
    gates = at(gates, 3 * U);
    before = at(before, U);
    reset = at(reset, U);
  }
}

/** state = z·before + (1 − z)·tanh(h) */
export function gruState(rows: i32, U: i32, gates: usize, before: usize, state: usize): void {
  for (let b = 0; b < rows; b++) {
    for (let j = 0; j < U; j++) {
      const z = load<f32>(at(gates, j));
      const h = tanh(load<f32>(at(gates, 2 * U + j)));
      store<f32>(at(gates, 2 * U + j), h);
      store<f32>(at(state, j), z * load<f32>(at(before, j)) + (<f32>1 - z) * h);
    }
    gates = at(gates, 3 * U);
    before = at(before, U);
    state = at(state, U);
  }
}

/** Of a state's error: z's and h's errors in their place, and what passes to the state before. */
export function gruStateGradient(kind: i32, rows: i32, U: i32, gates: usize, before: usize, error: usize, passed: usize): void {
  for (let b = 0; b < rows; b++) {
    for (let j = 0; j < U; j++) {
      const z = load<f32>(at(gates, j));
      const h = load<f32>(at(gates, 2 * U + j));
      const d = load<f32>(at(error, j));
      store<f32>(at(gates, j), d * (load<f32>(at(before, j)) - h) * gateSlope(kind, z));
      store<f32>(at(gates, 2 * U + j), d * (<f32>1 - z) * (<f32>1 - h * h));
      store<f32>(at(passed, j), d * z);
    }
    gates = at(gates, 3 * U);
    before = at(before, U);
    error = at(error, U);
    passed = at(passed, U);
  }
}

/** `share` is the error of the reset state. */
export function gruResetGradient(kind: i32, rows: i32, U: i32, gates: usize, before: usize, share: usize, passed: usize): void {
  for (let b = 0; b < rows; b++) {
    for (let j = 0; j < U; j++) {
      const r = load<f32>(at(gates, U + j));
      const s = load<f32>(at(share, j));
      store<f32>(at(gates, U + j), s * load<f32>(at(before, j)) * gateSlope(kind, r));
      store<f32>(at(passed, j), load<f32>(at(passed, j)) + s * r);
    }
    gates = at(gates, 3 * U);
    before = at(before, U);
    share = at(share, U);
    passed = at(passed, U);
  }
}

/** cell = f·before + i·tanh(c); state = o·tanh(cell) */
export function lstmState(kind: i32, rows: i32, U: i32, gates: usize, before: usize, cell: usize, squashed: usize, state: usize): void {
  for (let b = 0; b < rows; b++) {
    for (let j = 0; j < U; j++) {
      const i = gate(kind, load<f32>(at(gates, j)));
      const f = gate(kind, load<f32>(at(gates, U + j)));
      const g = tanh(load<f32>(at(gates, 2 * U + j)));
      const o = gate(kind, load<f32>(at(gates, 3 * U + j)));
      store<f32>(at(gates, j), i);
      store<f32>(at(gates, U + j), f);
      store<f32>(at(gates, 2 * U + j), g);
      store<f32>(at(gates, 3 * U + j), o);
      const c = f * load<f32>(at(before, j)) + i * g;
      const t = tanh(c);
      store<f32>(at(cell, j), c);
      store<f32>(at(squashed, j), t);
      store<f32>(at(state, j), o * t);
    }
    gates = at(gates, 4 * U);
    before = at(before, U);
    cell = at(cell, U);
    squashed = at(squashed, U);
    state = at(state, U);
  }
}

/** Gates become their errors; `carried`, the cell's error, becomes that of the cell before. */
export function lstmStateGradient(kind: i32, rows: i32, U: i32, gates: usize, before: usize, squashed: usize, error: usize, carried: usize): void {
  for (let b = 0; b < rows; b++) {
    for (let j = 0; j < U; j++) {
      const i = load<f32>(at(gates, j));
      const f = load<f32>(at(gates, U + j));
      const g = load<f32>(at(gates, 2 * U + j));
      const o = load<f32>(at(gates, 3 * U + j));
      const t = load<f32>(at(squashed, j));
      const d = load<f32>(at(error, j));
      const c = load<f32>(at(carried, j)) + d * o * (<f32>1 - t * t);
      store<f32>(at(gates, j), c * g * gateSlope(kind, i));
      store<f32>(at(gates, U + j), c * load<f32>(at(before, j)) * gateSlope(kind, f));
      store<f32>(at(gates, 2 * U + j), c * i * (<f32>1 - g * g));
      store<f32>(at(gates, 3 * U + j), d * t * gateSlope(kind, o));
      store<f32>(at(carried, j), c * f);
    }
    gates = at(gates, 4 * U);
    before = at(before, U);
    squashed = at(squashed, U);
    error = at(error, U);
    carried = at(carried, U);
  }
}
