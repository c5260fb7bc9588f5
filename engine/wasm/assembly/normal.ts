/** Layers that normalise, and sums of a long row. */
import { at } from "./elements";

const chains: usize = memory.data(64, 16);

/** Sixteen chains, element i to chain i mod 16, folded in halves: s[l] + s[l+8], then + [l+4], + [l+2], + [l+1]. */
function folded(): f32 {
  for (let half = 8; half > 0; half >>= 1) for (let l = 0; l < half; l++) store<f32>(at(chains, l), load<f32>(at(chains, l)) + load<f32>(at(chains, l + half)));
  return load<f32>(chains);
}

// @ts-ignore: decorator
@inline
function chain(i: i32, v: f32): void {
  const c = at(chains, i & 15);
  store<f32>(c, load<f32>(c) + v);
}

/** The sum of a[i]·b[i], or of a[i] alone when b is 0. */
export function sumOf(n: i32, a: usize, b: usize): f32 {
  memory.fill(chains, 0, 64);
  const whole = n & ~15;
  if (whole > 0) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let i: usize = 0, e = <usize>whole << 2; i < e; i += 64) {
      let x0 = v128.load(a + i), x1 = v128.load(a + i, 16), x2 = v128.load(a + i, 32), x3 = v128.load(a + i, 48);
      if (b) {
        x0 = f32x4.mul(x0, v128.load(b + i));
        x1 = f32x4.mul(x1, v128.load(b + i, 16));
        x2 = f32x4.mul(x2, v128.load(b + i, 32));
        x3 = f32x4.mul(x3, v128.load(b + i, 48));
      }
      s0 = f32x4.add(s0, x0);
      s1 = f32x4.add(s1, x1);
      s2 = f32x4.add(s2, x2);
      s3 = f32x4.add(s3, x3);
    }
    v128.store(chains, s0);
    v128.store(chains, s1, 16);
    v128.store(chains, s2, 32);
    v128.store(chains, s3, 48);
  }
  for (let i = whole; i < n; i++) chain(i, b ? load<f32>(at(a, i)) * load<f32>(at(b, i)) : load<f32>(at(a, i)));
  return folded();
}

function sumOfDeviations(n: i32, x: usize, mean: f32): f32 {
  memory.fill(chains, 0, 64);
  for (let i = 0; i < n; i++) {
    const d = load<f32>(at(x, i)) - mean;
    chain(i, d * d);
  }
  return folded();
}

/** gamma and beta may be 0. Stats: mean and 1/√(variance + ε) of every row. */
export function layerNorm(rows: i32, N: i32, x: usize, gamma: usize, beta: usize, epsilon: f32, stats: usize, out: usize): void {
  const share = <f32>1 / <f32>N;
  for (let r = 0; r < rows; r++) {
    const mean = sumOf(N, x, 0) * share;
    const inverse = <f32>1 / sqrt<f32>(sumOfDeviations(N, x, mean) * share + epsilon);
    store<f32>(stats, mean);
    store<f32>(stats, inverse, 4);
    for (let j = 0; j < N; j++) {
      let y = (load<f32>(at(x, j)) - mean) * inverse;
      if (gamma) y = y * load<f32>(at(gamma, j));
      if (beta) y = y + load<f32>(at(beta, j));
      store<f32>(at(out, j), y);
    }
    x = at(x, N);
    out = at(out, N);
    stats += 8;
  }
}

/** `room` is two rows. dx may be 0, as may gamma's and beta's gradients. dx = inverse·((d − mean d) − n·mean(d·n)), d = error·gamma. */
export function layerNormGradient(rows: i32, N: i32, x: usize, gamma: usize, stats: usize, error: usize, room: usize, dgamma: usize, dbeta: usize, dx: usize): void {
  const share = <f32>1 / <f32>N;
  const normal = room;
  const d = at(room, N);
  if (dgamma) memory.fill(dgamma, 0, <usize>N << 2);
  if (dbeta) memory.fill(dbeta, 0, <usize>N << 2);
  for (let r = 0; r < rows; r++) {
    const mean = load<f32>(stats);
    const inverse = load<f32>(stats, 4);
    for (let j = 0; j < N; j++) {
      const e = load<f32>(at(error, j));
      const v = (load<f32>(at(x, j)) - mean) * inverse;
      store<f32>(at(normal, j), v);
      if (dgamma) store<f32>(at(dgamma, j), load<f32>(at(dgamma, j)) + e * v);
      if (dbeta) store<f32>(at(dbeta, j), load<f32>(at(dbeta, j)) + e);
      store<f32>(at(d, j), gamma ? e * load<f32>(at(gamma, j)) : e);
    }
    if (dx) {
      const a = sumOf(N, d, 0) * share;
      const b = sumOf(N, d, normal) * share;
      for (let j = 0; j < N; j++) store<f32>(at(dx, j), inverse * ((load<f32>(at(d, j)) - a) - load<f32>(at(normal, j)) * b));
      dx = at(dx, N);
    }
    x = at(x, N);
    error = at(error, N);
    stats += 8;
  }
}

function normalised(rows: i32, N: i32, x: usize, gamma: usize, beta: usize, mean: usize, inverse: usize, out: usize): void {
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < N; j++) {
      let y = (load<f32>(at(x, j)) - load<f32>(at(mean, j))) * load<f32>(at(inverse, j));
      if (gamma) y = y * load<f32>(at(gamma, j));
      if (beta) y = y + load<f32>(at(beta, j));
      store<f32>(at(out, j), y);
    }
    x = at(x, N);
    out = at(out, N);
  }
}

/** Stats: mean, 1/√(variance + ε) and variance of every column; sums run over the rows, ascending. */
export function batchNorm(rows: i32, N: i32, x: usize, gamma: usize, beta: usize, epsilon: f32, stats: usize, out: usize): void {
  const share = <f32>1 / <f32>rows;
  const mean = stats;
  const inverse = at(stats, N);
  const variance = at(stats, 2 * N);
  memory.fill(mean, 0, <usize>N << 2);
  memory.fill(variance, 0, <usize>N << 2);
  let p = x;
  for (let r = 0; r < rows; r++, p = at(p, N)) for (let j = 0; j < N; j++) store<f32>(at(mean, j), load<f32>(at(mean, j)) + load<f32>(at(p, j)));
  for (let j = 0; j < N; j++) store<f32>(at(mean, j), load<f32>(at(mean, j)) * share);
  p = x;
  for (let r = 0; r < rows; r++, p = at(p, N)) {
    for (let j = 0; j < N; j++) {
      const d = load<f32>(at(p, j)) - load<f32>(at(mean, j));
      store<f32>(at(variance, j), load<f32>(at(variance, j)) + d * d);
    }
  }
  for (let j = 0; j < N; j++) {
    const v = load<f32>(at(variance, j)) * share;
    store<f32>(at(variance, j), v);
    store<f32>(at(inverse, j), <f32>1 / sqrt<f32>(v + epsilon));
  }
  normalised(rows, N, x, gamma, beta, mean, inverse, out);
}

/** With what moved along the batches, in place of the batch's own. */
export function batchNormFixed(rows: i32, N: i32, x: usize, gamma: usize, beta: usize, mean: usize, variance: usize, epsilon: f32, stats: usize, out: usize): void {
  const inverse = at(stats, N);
  for (let j = 0; j < N; j++) store<f32>(at(inverse, j), <f32>1 / sqrt<f32>(load<f32>(at(variance, j)) + epsilon));
  normalised(rows, N, x, gamma, beta, mean, inverse, out);
}

/** dx = slope·((error − mean error) − n·mean(error·n)), slope = inverse·gamma, n what was normalised. `room` is two rows. */
export function batchNormGradient(rows: i32, N: i32, x: usize, gamma: usize, stats: usize, room: usize, error: usize, dgamma: usize, dbeta: usize, dx: usize): void {
  const mean = stats;
  const inverse = at(stats, N);
  const share = <f32>1 / <f32>rows;
  const sums = room;
  const products = at(room, N);
  const row = <usize>N << 2;
  memory.fill(sums, 0, row);
  memory.fill(products, 0, row);
  let p = x;
  let q = error;
  for (let r = 0; r < rows; r++, p += row, q += row) {
    for (let j = 0; j < N; j++) {
      const e = load<f32>(at(q, j));
      store<f32>(at(sums, j), load<f32>(at(sums, j)) + e);
      store<f32>(at(products, j), load<f32>(at(products, j)) + e * ((load<f32>(at(p, j)) - load<f32>(at(mean, j))) * load<f32>(at(inverse, j))));
    }
  }
  if (dgamma) memory.copy(dgamma, products, row);
  if (dbeta) memory.copy(dbeta, sums, row);
  if (!dx) return;
  for (let j = 0; j < N; j++) {
    store<f32>(at(sums, j), load<f32>(at(sums, j)) * share);
    store<f32>(at(products, j), load<f32>(at(products, j)) * share);
  }
  p = x;
  q = error;
  for (let r = 0; r < rows; r++, p += row, q += row, dx += row) {
    for (let j = 0; j < N; j++) {
      const i = load<f32>(at(inverse, j));
      const slope = gamma ? i * load<f32>(at(gamma, j)) : i;
      store<f32>(at(dx, j), slope * ((load<f32>(at(q, j)) - load<f32>(at(sums, j))) - ((load<f32>(at(p, j)) - load<f32>(at(mean, j))) * i) * load<f32>(at(products, j))));
    }
  }
}

/** How far a moving average is from the batch, times what it goes of that way. */
export function movingGradient(n: i32, moving: usize, batch: usize, part: f32, g: usize): void {
  for (let i = 0; i < n; i++) store<f32>(at(g, i), (load<f32>(at(moving, i)) - load<f32>(at(batch, i))) * part);
}
