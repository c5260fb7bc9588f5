/** Of every row and head: softmax(q·kᵀ·factor)·v. Heads stand side by side in a position's row. */
import { pack, product } from "./dense";
import { at } from "./elements";
import { exp } from "./math";
import { sumOf } from "./normal";

/** The weights of a causal head are +0 behind the position. */
export function attention(rows: i32, T: i32, heads: i32, kd: i32, vd: i32, q: usize, k: usize, v: usize, factor: f32, causal: bool, packed: usize, weights: usize, out: usize): void {
  const K = heads * kd;
  const V = heads * vd;
  for (let b = 0; b < rows; b++) {
    for (let h = 0; h < heads; h++) {
      pack(kd, T, at(k, h * kd), 1, K, packed);
      product(T, T, kd, at(q, h * kd), K, 1, packed, weights, T, 0, false, false);
      for (let i = 0; i < T; i++) {
        const s = at(weights, i * T);
        const seen = causal ? i + 1 : T;
        for (let j = 0; j < seen; j++) store<f32>(at(s, j), load<f32>(at(s, j)) * factor);
        let m = load<f32>(s);
        for (let j = 1; j < seen; j++) {
          const x = load<f32>(at(s, j));
          if (x > m) m = x;
        }
        for (let j = 0; j < seen; j++) store<f32>(at(s, j), exp(load<f32>(at(s, j)) - m));
        const sum = sumOf(seen, s, 0);
        for (let j = 0; j < seen; j++) store<f32>(at(s, j), load<f32>(at(s, j)) / sum);
        memory.fill(at(s, seen), 0, <usize>(T - seen) << 2);
      }
      pack(T, vd, at(v, h * vd), V, 1, packed);
      product(T, vd, T, weights, T, 1, packed, at(out, h * vd), V, 0, false, false);
      weights = at(weights, T * T);
    }
    q = at(q, T * K);
    k = at(k, T * K);
    v = at(v, T * V);
    out = at(out, T * V);
  }
}

export function attentionGradient(rows: i32, T: i32, heads: i32, kd: i32, vd: i32, q: usize, k: usize, v: usize, factor: f32, packed: usize, scores: usize, weights: usize, error: usize, dq: usize, dk: usize, dv: usize): void {
  const K = heads * kd;
  const V = heads * vd;
  for (let b = 0; b < rows; b++) {
    for (let h = 0; h < heads; h++) {
      pack(T, vd, at(error, h * vd), V, 1, packed);
      product(T, vd, T, weights, 1, T, packed, at(dv, h * vd), V, 0, false, false);
      pack(vd, T, at(v, h * vd), 1, V, packed);
      product(T, T, vd, at(error, h * vd), V, 1, packed, scores, T, 0, false, false);
      for (let i = 0; i < T; i++) {
        const s = at(scores, i * T);
        const w = at(weights, i * T);
        const sum = sumOf(T, s, w);
        for (let j = 0; j < T; j++) store<f32>(at(s, j), load<f32>(at(w, j)) * (load<f32>(at(s, j)) - sum) * factor);
      }
      pack(T, kd, at(k, h * kd), K, 1, packed);
      product(T, kd, T, scores, T, 1, packed, at(dq, h * kd), K, 0, false, false);
      pack(T, kd, at(q, h * kd), K, 1, packed);
      product(T, kd, T, scores, 1, T, packed, at(dk, h * kd), K, 0, false, false);
      weights = at(weights, T * T);
    }
    q = at(q, T * K);
    k = at(k, T * K);
    v = at(v, T * V);
    error = at(error, T * V);
    dq = at(dq, T * K);
    dk = at(dk, T * K);
    dv = at(dv, T * V);
  }
}
