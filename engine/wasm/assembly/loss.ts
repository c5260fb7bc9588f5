import { exp, log, sigmoid } from "./math";

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

// @ts-ignore: decorator
@inline
function lossOf(kind: i32, o: f32, t: f32): f32 {
  const d = o - t;
  const a = abs<f32>(d);
  if (kind == 0) return d * d;
  if (kind == 1) return a;
  if (kind == 2) return a <= 1 ? <f32>0.5 * (d * d) : a - <f32>0.5;
  return (o > 0 ? o : <f32>0) - o * t + log(<f32>1 + exp(-abs<f32>(o)));
}

// @ts-ignore: decorator
@inline
function lossSlope(kind: i32, o: f32, t: f32, scale: f32): f32 {
  const d = o - t;
  if (kind == 0) return d * scale;
  if (kind == 1) return d > 0 ? scale : d < 0 ? -scale : d * scale;
  if (kind == 2) return d > 1 ? scale : d < -1 ? -scale : d * scale;
  return (sigmoid(o) - t) * scale;
}

/**
 * Losses of every output by itself, d = o − t: 0 squared d·d; 1 absolute; 2 Huber, |d| ≤ 1 ? 0.5·(d·d) : |d| − 0.5; 3
 * binary cross-entropy of logits, max(o, 0) − o·t + log(1 + exp(−|o|)). The row's loss is (Σ ascending)·invN, the mean
 * the sum of them, rows ascending, times inv. Slopes are multiplied by invN·inv (squared: ·2 as well). A row is right when
 * outputs and targets have their largest entry at the same place; of kind 3, when every output is on its target's side.
 */
export function elementLoss(kind: i32, rows: i32, N: i32, outputs: usize, targets: usize, g: usize, losses: usize, inv: f32, invN: f32, correct: usize): f32 {
  const stride = <usize>N << 2;
  const scale = kind == 0 ? invN * inv * <f32>2 : invN * inv;
  let sum: f32 = 0;
  let right = 0;
  for (let i = 0; i < rows; i++) {
    const o = outputs + <usize>i * stride;
    const t = targets + <usize>i * stride;
    const gr = g + <usize>i * stride;
    let total: f32 = 0;
    let same = true;
    for (let j: usize = 0; j < stride; j += 4) {
      const oj = load<f32>(o + j);
      const tj = load<f32>(t + j);
      total += lossOf(kind, oj, tj);
      store<f32>(gr + j, lossSlope(kind, oj, tj, scale));
      if ((oj > 0) != (tj > 0.5)) same = false;
    }
    const loss = total * invN;
    store<f32>(losses + (<usize>i << 2), loss);
    sum += loss;
    if (kind == 3 ? same : argmax(N, o) == argmax(N, t)) right++;
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
