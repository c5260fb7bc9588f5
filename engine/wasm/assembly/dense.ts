/**
 * Matrix products. C(i,j) starts at the bias (or +0) and adds round(A(i,k)·B(k,j)) for ascending k;
 * the blocking below moves work between registers and never changes that chain.
 */

import { at } from "./elements";

/** Columns of a packed panel: two vectors. */
const PANEL: i32 = 8;
const scratch: usize = memory.data(32, 16);


/** B(k,j) = b[k·rs + j·cs] into panels of 8 columns, [k][8], zeros beyond column N. One of rs, cs is 1. */
export function pack(K: i32, N: i32, b: usize, rs: i32, cs: i32, out: usize): void {
  let o = out;
  const full = N & ~7;
  if (cs == 1) {
    const row = <usize>rs << 2;
    for (let j = 0; j < full; j += 8) {
      let p = at(b, j);
      for (let k = 0; k < K; k++) {
        v128.store(o, v128.load(p));
        v128.store(o, v128.load(p, 16), 16);
        p += row;
        o += 32;
      }
    }
    if (full < N) {
      const w = N - full;
      const lane = i32x4(0, 1, 2, 3);
      const m0 = i32x4.lt_s(lane, i32x4.splat(w));
      const m1 = i32x4.lt_s(lane, i32x4.splat(w - 4));
      let p = at(b, full);
      for (let k = 0; k < K; k++) {
        v128.store(o, v128.and(v128.load(p), m0));
        v128.store(o, v128.and(v128.load(p, 16), m1), 16);
        p += row;
        o += 32;
      }
    }
    return;
  }
  // A transposed source: 4×4 blocks through registers.
  const col = <usize>cs << 2;
  const K4 = K & ~3;
  for (let j = 0; j < full; j += 8) {
    let p = b + <usize>j * col;
    for (let k = 0; k < K4; k += 4) {
      transpose4(p, col, o);
      transpose4(p + (col << 2), col, o + 16);
      p += 16;
      o += 128;
    }
    for (let k = K4; k < K; k++) {
      for (let c = 0; c < 8; c++) store<f32>(at(o, c), load<f32>(p + <usize>c * col));
      p += 4;
      o += 32;
    }
  }
  if (full < N) {
    const w = N - full;
    let p = b + <usize>full * col;
    for (let k = 0; k < K; k++) {
      for (let c = 0; c < 8; c++) store<f32>(at(o, c), c < w ? load<f32>(p + <usize>c * col) : 0);
      p += 4;
      o += 32;
    }
  }
}

/** Four rows of a source, four k of each, to four packed half-rows. */
// @ts-ignore: decorator
@inline
function transpose4(p: usize, row: usize, o: usize): void {
  const r0 = v128.load(p);
  const r1 = v128.load(p + row);
  const r2 = v128.load(p + 2 * row);
  const r3 = v128.load(p + 3 * row);
  const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const t1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const t2 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(o, v128.shuffle<f32>(t0, t2, 0, 1, 4, 5));
  v128.store(o, v128.shuffle<f32>(t0, t2, 2, 3, 6, 7), 32);
  v128.store(o, v128.shuffle<f32>(t1, t3, 0, 1, 4, 5), 64);
  v128.store(o, v128.shuffle<f32>(t1, t3, 2, 3, 6, 7), 96);
}

// @ts-ignore: decorator
@inline
function addProduct(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b));
}

/** x < 0 ? +0 : x, so NaN stays to be found. */
// @ts-ignore: decorator
@inline
function rectified(x: v128, on: bool): v128 {
  return on ? f32x4.pmax(x, f32x4.splat(0)) : x;
}

function storeColumns(c: usize, lo: v128, hi: v128, w: i32): void {
  if (w == 8) {
    v128.store(c, lo);
    v128.store(c, hi, 16);
    return;
  }
  v128.store(scratch, lo);
  v128.store(scratch, hi, 16);
  for (let i = 0; i < w; i++) store<f32>(at(c, i), load<f32>(at(scratch, i)));
}

/** Up to eight columns of C, to go on from; the lower or the higher half, zeros beyond. */
function loadColumns(c: usize, w: i32, high: bool): v128 {
  if (w == 8) return high ? v128.load(c, 16) : v128.load(c);
  v128.store(scratch, f32x4.splat(0));
  v128.store(scratch, f32x4.splat(0), 16);
  for (let i = 0; i < w; i++) store<f32>(at(scratch, i), load<f32>(at(c, i)));
  return high ? v128.load(scratch, 16) : v128.load(scratch);
}

/** C[M,N] (rows of N) = bias + A·B; A(i,k) = a[i·ra + k·ca], one of ra, ca is 1; B packed; bias 0: +0. */
export function gemm(M: i32, N: i32, K: i32, a: usize, ra: i32, ca: i32, packed: usize, c: usize, bias: usize, relu: bool): void {
  product(M, N, K, a, ra, ca, packed, c, N, bias, relu, false);
}

/** As gemm, but rows of C are ldc apart, and `more` goes on with the chains that stand in C. */
export function product(M: i32, N: i32, K: i32, a: usize, ra: i32, ca: i32, packed: usize, c: usize, ldc: i32, bias: usize, relu: bool, more: bool): void {
  const rowC = <usize>ldc << 2;
  const A = <usize>ra << 2;
  const S = <usize>ca << 2;
  const M4 = M & ~3;
  for (let j = 0; j < N; j += PANEL) {
    const w = min(PANEL, N - j);
    const panel = packed + ((<usize>j * <usize>K) << 2);
    let cp = at(c, j);
    let ap = a;
    let s0 = f32x4.splat(0);
    let s1 = s0;
    if (bias) {
      v128.store(scratch, s0);
      v128.store(scratch, s1, 16);
      for (let i = 0; i < w; i++) store<f32>(at(scratch, i), load<f32>(at(bias, j + i)));
      s0 = v128.load(scratch);
      s1 = v128.load(scratch, 16);
    }
    for (let i = 0; i < M4; i += 4) {
      let c00 = s0, c01 = s1, c10 = s0, c11 = s1, c20 = s0, c21 = s1, c30 = s0, c31 = s1;
      if (more) {
        c00 = loadColumns(cp, w, false);
        c01 = loadColumns(cp, w, true);
        c10 = loadColumns(cp + rowC, w, false);
        c11 = loadColumns(cp + rowC, w, true);
        c20 = loadColumns(cp + 2 * rowC, w, false);
        c21 = loadColumns(cp + 2 * rowC, w, true);
        c30 = loadColumns(cp + 3 * rowC, w, false);
        c31 = loadColumns(cp + 3 * rowC, w, true);
      }
      let p = panel;
      // One k a turn: V8 spills registers when this is unrolled further.
      if (ca == 1) {
        let a0 = ap, a1 = ap + A, a2 = ap + 2 * A, a3 = ap + 3 * A;
        for (let k = K; k > 0; k--) {
          const b0 = v128.load(p), b1 = v128.load(p, 16);
          let s = v128.load_splat<f32>(a0);
          c00 = addProduct(c00, s, b0);
          c01 = addProduct(c01, s, b1);
          s = v128.load_splat<f32>(a1);
          c10 = addProduct(c10, s, b0);
          c11 = addProduct(c11, s, b1);
          s = v128.load_splat<f32>(a2);
          c20 = addProduct(c20, s, b0);
          c21 = addProduct(c21, s, b1);
          s = v128.load_splat<f32>(a3);
          c30 = addProduct(c30, s, b0);
          c31 = addProduct(c31, s, b1);
          a0 += 4;
          a1 += 4;
          a2 += 4;
          a3 += 4;
          p += 32;
        }
      } else {
        let q = ap;
        for (let k = K; k > 0; k--) {
          const b0 = v128.load(p), b1 = v128.load(p, 16);
          let s = v128.load_splat<f32>(q);
          c00 = addProduct(c00, s, b0);
          c01 = addProduct(c01, s, b1);
          s = v128.load_splat<f32>(q, 4);
          c10 = addProduct(c10, s, b0);
          c11 = addProduct(c11, s, b1);
          s = v128.load_splat<f32>(q, 8);
          c20 = addProduct(c20, s, b0);
          c21 = addProduct(c21, s, b1);
          s = v128.load_splat<f32>(q, 12);
          c30 = addProduct(c30, s, b0);
          c31 = addProduct(c31, s, b1);
          q += S;
          p += 32;
        }
      }
      storeColumns(cp, rectified(c00, relu), rectified(c01, relu), w);
      storeColumns(cp + rowC, rectified(c10, relu), rectified(c11, relu), w);
      storeColumns(cp + 2 * rowC, rectified(c20, relu), rectified(c21, relu), w);
      storeColumns(cp + 3 * rowC, rectified(c30, relu), rectified(c31, relu), w);
      cp += rowC << 2;
      ap += A << 2;
    }
    for (let i = M4; i < M; i++) {
      let c0 = s0, c1 = s1, p = panel, q = ap;
      if (more) {
        c0 = loadColumns(cp, w, false);
        c1 = loadColumns(cp, w, true);
      }
      for (let k = 0; k < K; k++) {
        const s = v128.load_splat<f32>(q);
        c0 = addProduct(c0, s, v128.load(p));
        c1 = addProduct(c1, s, v128.load(p, 16));
        q += S;
        p += 32;
      }
      storeColumns(cp, rectified(c0, relu), rectified(c1, relu), w);
      cp += rowC;
      ap += A;
    }
  }
}

/** out[j] = +0 + x[0,j] + x[1,j] + …, rows ascending. */
export function columnSums(M: i32, N: i32, x: usize, out: usize): void {
  const row = <usize>N << 2;
  const whole = <usize>(N & ~3) << 2;
  memory.fill(out, 0, row);
  let p = x;
  for (let i = 0; i < M; i++) {
    let j: usize = 0;
    for (; j < whole; j += 16) v128.store(out + j, f32x4.add(v128.load(out + j), v128.load(p + j)));
    for (; j < row; j += 4) store<f32>(out + j, load<f32>(out + j) + load<f32>(p + j));
    p += row;
  }
}
