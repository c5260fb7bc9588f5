/**
 * Products whose left side is mostly zeros, as data often are. A product with a zero adds ±0 to a chain that is never −0,
 * which changes nothing while the other factor is finite; so it is left out, and the bits are those of gemm.
 *
 * Lists: rows + 1 begins into the row lists, columns + 1 begins into the column lists, `most` indices of each, and `most`
 * values as the columns have them.
 */
import { at } from "./elements";

/** Rows of the left side that share what is in the nearest cache, and of the right side that are there. */
const GROUP: i32 = 256;
const BLOCK: i32 = 160;
/** How far each row's list is read. */
const cursors: usize = memory.data(1024, 16);

function allFinite(n: i32, x: usize): bool {
  let worst = i32x4.splat(0);
  const mask = i32x4.splat(0x7fffffff);
  const whole = <usize>(n & ~3) << 2;
  let i: usize = 0;
  for (; i < whole; i += 16) worst = i32x4.max_s(worst, v128.and(v128.load(x + i), mask));
  for (; i < <usize>n << 2; i += 4) worst = i32x4.max_s(worst, i32x4.splat(load<i32>(x + i) & 0x7fffffff));
  return !v128.any_true(i32x4.ge_s(worst, i32x4.splat(0x7f800000)));
}

/** A look at the beginning saves the rest where there is nothing to gain. */
function mostlyFull(n: i32, x: usize): bool {
  const looked = min(n, 2048);
  let there = 0;
  for (let i = 0; i < looked; i++) if (load<f32>(at(x, i)) != 0) there++;
  return there * 4 > looked * 3;
}

/** Answers how many are not zero, or −1 when they are more than `most` or not all finite. */
export function sparseLists(M: i32, K: i32, x: usize, lists: usize, most: i32): i32 {
  const columnBegin = at(lists, M + 1);
  const inRow = at(columnBegin, K + 1);
  const inColumn = at(inRow, most);
  const value = at(inColumn, most);
  if (mostlyFull(M * K, x) || !allFinite(M * K, x)) return -1;
  let count = 0;
  const zero = f32x4.splat(0);
  memory.fill(columnBegin, 0, <usize>(K + 1) << 2);
  let p = x;
  for (let i = 0; i < M; i++) {
    store<i32>(at(lists, i), count);
    if (count + K <= most) {
      // Each is written, and kept by moving on: no branch.
      const whole = K & ~7;
      let k = 0;
      for (; k < whole; k += 8, p += 32) {
        const there = i32x4.bitmask(f32x4.ne(v128.load(p), zero)) | (i32x4.bitmask(f32x4.ne(v128.load(p, 16), zero)) << 4);
        // Zeros stand together in most data.
        if (there == 0) continue;
        for (let l = 0; l < 8; l++) {
          store<i32>(at(inRow, count), k + l);
          count += (there >> l) & 1;
        }
      }
      for (; k < K; k++, p += 4) {
        store<i32>(at(inRow, count), k);
        count += i32(load<f32>(p) != 0);
      }
    } else {
      for (let k = 0; k < K; k++, p += 4) {
        if (load<f32>(p) == 0) continue;
        if (count == most) return -1;
        store<i32>(at(inRow, count), k);
        count++;
      }
    }
  }
  store<i32>(at(lists, M), count);
  for (let e = 0; e < count; e++) {
    const c = at(columnBegin, load<i32>(at(inRow, e)) + 1);
    store<i32>(c, load<i32>(c) + 1);
  }
  for (let k = 0; k < K; k++) store<i32>(at(columnBegin, k + 1), load<i32>(at(columnBegin, k + 1)) + load<i32>(at(columnBegin, k)));
  for (let i = 0; i < M; i++) {
    for (let e = load<i32>(at(lists, i)), end = load<i32>(at(lists, i + 1)); e < end; e++) {
      const k = load<i32>(at(inRow, e));
      const c = at(columnBegin, k);
      const to = load<i32>(c);
      store<i32>(at(inColumn, to), i);
      store<f32>(at(value, to), load<f32>(at(x, i * K + k)));
      store<i32>(c, to + 1);
    }
  }
  // The begins have moved to the ends: back by one column.
  memory.copy(at(columnBegin, 1), columnBegin, <usize>K << 2);
  store<i32>(columnBegin, 0);
  return count;
}

/** C = bias + X·W, both whole rows. Answers 0 when a bias is −0, which only gemm may have. */
export function sparseProduct(M: i32, N: i32, K: i32, x: usize, lists: usize, w: usize, bias: usize, c: usize, relu: bool): i32 {
  const inRow = at(lists, M + 1 + K + 1);
  if (bias) for (let j = 0; j < N; j++) if (load<u32>(at(bias, j)) == 0x80000000) return 0;
  const row = <usize>N << 2;
  const zero = f32x4.splat(0);
  const whole = N & ~31;
  for (let top = 0; top < M; top += GROUP) {
    const behind = min(M, top + GROUP);
    for (let j = 0; j < whole; j += 32) {
      const wj = at(w, j);
      memory.copy(cursors, at(lists, top), <usize>(behind - top) << 2);
      for (let k0 = 0; k0 < K; k0 += BLOCK) {
        const stop = k0 + BLOCK;
        const last = stop >= K;
        for (let i = top; i < behind; i++) {
          const xi = at(x, i * K);
          const o = at(c, i * N + j);
          let s0 = zero, s1 = zero, s2 = zero, s3 = zero, s4 = zero, s5 = zero, s6 = zero, s7 = zero;
          const from = k0 > 0 ? o : bias ? at(bias, j) : 0;
          if (from) {
            s0 = v128.load(from);
            s1 = v128.load(from, 16);
            s2 = v128.load(from, 32);
            s3 = v128.load(from, 48);
            s4 = v128.load(from, 64);
            s5 = v128.load(from, 80);
            s6 = v128.load(from, 96);
            s7 = v128.load(from, 112);
          }
          const end = at(inRow, load<i32>(at(lists, i + 1)));
          let e = at(inRow, load<i32>(at(cursors, i - top)));
          for (; e < end; e += 4) {
            const k = load<i32>(e);
            if (k >= stop) break;
            const f = v128.load_splat<f32>(at(xi, k));
            const r = wj + <usize>k * row;
            s0 = f32x4.add(s0, f32x4.mul(f, v128.load(r)));
            s1 = f32x4.add(s1, f32x4.mul(f, v128.load(r, 16)));
            s2 = f32x4.add(s2, f32x4.mul(f, v128.load(r, 32)));
            s3 = f32x4.add(s3, f32x4.mul(f, v128.load(r, 48)));
            s4 = f32x4.add(s4, f32x4.mul(f, v128.load(r, 64)));
            s5 = f32x4.add(s5, f32x4.mul(f, v128.load(r, 80)));
            s6 = f32x4.add(s6, f32x4.mul(f, v128.load(r, 96)));
            s7 = f32x4.add(s7, f32x4.mul(f, v128.load(r, 112)));
          }
          store<i32>(at(cursors, i - top), <i32>((e - inRow) >> 2));
          const on = relu && last;
          v128.store(o, on ? f32x4.pmax(s0, zero) : s0);
          v128.store(o, on ? f32x4.pmax(s1, zero) : s1, 16);
          v128.store(o, on ? f32x4.pmax(s2, zero) : s2, 32);
          v128.store(o, on ? f32x4.pmax(s3, zero) : s3, 48);
          v128.store(o, on ? f32x4.pmax(s4, zero) : s4, 64);
          v128.store(o, on ? f32x4.pmax(s5, zero) : s5, 80);
          v128.store(o, on ? f32x4.pmax(s6, zero) : s6, 96);
          v128.store(o, on ? f32x4.pmax(s7, zero) : s7, 112);
        }
      }
    }
  }
  for (let j = whole; j < N; j++) {
    for (let i = 0; i < M; i++) {
      let s: f32 = bias ? load<f32>(at(bias, j)) : 0;
      for (let e = load<i32>(at(lists, i)), end = load<i32>(at(lists, i + 1)); e < end; e++) {
        const k = load<i32>(at(inRow, e));
        s += load<f32>(at(x, i * K + k)) * load<f32>(at(w, k * N + j));
      }
      store<f32>(at(c, i * N + j), relu && s < 0 ? 0 : s);
    }
  }
  return 1;
}

/** G = Xᵀ·E. Answers 0 when an error is not finite. */
export function sparseGradient(M: i32, N: i32, K: i32, lists: usize, most: i32, error: usize, g: usize): i32 {
  const columnBegin = at(lists, M + 1);
  const inColumn = at(columnBegin, K + 1 + most);
  const value = at(inColumn, most);
  const toValue = value - inColumn;
  if (!allFinite(M * N, error)) return 0;
  const row = <usize>N << 2;
  const whole = N & ~31;
  for (let j = 0; j < whole; j += 32) {
    for (let k = 0; k < K; k++) {
      const end = at(inColumn, load<i32>(at(columnBegin, k + 1)));
      const ej = at(error, j);
      let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
      for (let e = at(inColumn, load<i32>(at(columnBegin, k))); e < end; e += 4) {
        const i = <usize>load<i32>(e);
        const f = v128.load_splat<f32>(e + toValue);
        const r = ej + i * row;
        s0 = f32x4.add(s0, f32x4.mul(f, v128.load(r)));
        s1 = f32x4.add(s1, f32x4.mul(f, v128.load(r, 16)));
        s2 = f32x4.add(s2, f32x4.mul(f, v128.load(r, 32)));
        s3 = f32x4.add(s3, f32x4.mul(f, v128.load(r, 48)));
        s4 = f32x4.add(s4, f32x4.mul(f, v128.load(r, 64)));
        s5 = f32x4.add(s5, f32x4.mul(f, v128.load(r, 80)));
        s6 = f32x4.add(s6, f32x4.mul(f, v128.load(r, 96)));
        s7 = f32x4.add(s7, f32x4.mul(f, v128.load(r, 112)));
      }
      const o = at(g, k * N + j);
      v128.store(o, s0);
      v128.store(o, s1, 16);
      v128.store(o, s2, 32);
      v128.store(o, s3, 48);
      v128.store(o, s4, 64);
      v128.store(o, s5, 80);
      v128.store(o, s6, 96);
      v128.store(o, s7, 112);
    }
  }
  for (let j = whole; j < N; j++) {
    for (let k = 0; k < K; k++) {
      let s: f32 = 0;
      for (let e = load<i32>(at(columnBegin, k)), end = load<i32>(at(columnBegin, k + 1)); e < end; e++) {
        const i = load<i32>(at(inColumn, e));
        s += load<f32>(at(value, e)) * load<f32>(at(error, i * N + j));
      }
      store<f32>(at(g, k * N + j), s);
    }
  }
  return 1;
}
