import { exp, log } from "./math";

/** Index of the largest entry; ties go to the lowest. */
// @ts-ignore: decorator
@inline
function argmax(N: i32, row: usize): i32 {
  let best = 0;
  let top = load<f32>(row);
  for (let j = 1; j < N; j++) {
    const v = load<f32>(row + (<usize>j << 2));
    if (v > top) {
      top = v;
      best = j;
    }
  }
  return best;
}

/** e_j = exp(z_j − m) into out; answers s = Σ e_j ascending. */
// @ts-ignore: decorator
@inline
function exponentials(N: i32, row: usize, m: f32, out: usize): f32 {
  let s: f32 = 0;
  for (let j: usize = 0, e = <usize>N << 2; j < e; j += 4) {
    const v = exp(load<f32>(row + j) - m);
    store<f32>(out + j, v);
    s += v;
  }
  return s;
}

// @ts-ignore: decorator
@inline
function largest(N: i32, row: usize): f32 {
  return load<f32>(row + (<usize>argmax(N, row) << 2));
}

/**
 * Of logits: row losses log s − (z_y − m) and the gradient (e/s − onehot)·inv into g, the count of
 * right rows at `correct`; answers the sum of the losses, rows ascending, times inv = fround(1/rows).
 */
export function softmaxCrossEntropy(rows: i32, N: i32, logits: usize, labels: usize, g: usize, losses: usize, inv: f32, correct: usize): f32 {
  const stride = <usize>N << 2;
  let sum: f32 = 0;
  let right = 0;
  for (let i = 0; i < rows; i++) {
    const z = logits + <usize>i * stride;
    const gr = g + <usize>i * stride;
    const y = load<i32>(labels + (<usize>i << 2));
    const best = argmax(N, z);
    if (best == y) right++;
    const m = load<f32>(z + (<usize>best << 2));
    const s = exponentials(N, z, m, gr);
    const loss = log(s) - (load<f32>(z + (<usize>y << 2)) - m);
    store<f32>(losses + (<usize>i << 2), loss);
    sum += loss;
    for (let j = 0; j < N; j++) {
      const q = gr + (<usize>j << 2);
      store<f32>(q, (load<f32>(q) / s - (j == y ? <f32>1 : <f32>0)) * inv);
    }
  }
  store<i32>(correct, right);
  return sum * inv;
}

/**
 * d = o − t; row loss (Σ d·d ascending)·invN; the mean is the sum of them, rows ascending, times
 * inv; gradient d·(invN·inv·2), multiplied in that order. A row is right when outputs and targets
 * have their largest entry at the same place.
 */
export function meanSquaredError(rows: i32, N: i32, outputs: usize, targets: usize, g: usize, losses: usize, inv: f32, invN: f32, correct: usize): f32 {
  const stride = <usize>N << 2;
  const scale = invN * inv * <f32>2;
  let sum: f32 = 0;
  let right = 0;
  for (let i = 0; i < rows; i++) {
    const o = outputs + <usize>i * stride;
    const t = targets + <usize>i * stride;
    const gr = g + <usize>i * stride;
    let squares: f32 = 0;
    for (let j: usize = 0; j < stride; j += 4) {
      const d = load<f32>(o + j) - load<f32>(t + j);
      squares += d * d;
      store<f32>(gr + j, d * scale);
    }
    const loss = squares * invN;
    store<f32>(losses + (<usize>i << 2), loss);
    sum += loss;
    if (argmax(N, o) == argmax(N, t)) right++;
  }
  store<i32>(correct, right);
  return sum * inv;
}

export function softmax(rows: i32, N: i32, logits: usize, out: usize): void {
  const stride = <usize>N << 2;
  for (let i = 0; i < rows; i++) {
    const z = logits + <usize>i * stride;
    const o = out + <usize>i * stride;
    const s = exponentials(N, z, largest(N, z), o);
    for (let j: usize = 0; j < stride; j += 4) store<f32>(o + j, load<f32>(o + j) / s);
  }
}
