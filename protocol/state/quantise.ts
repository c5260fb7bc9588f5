/** Threshold quantisation in plain TypeScript: the reference that every engine is compared with. */

export interface Quantised {
  /** Something was not finite: no entries, the residual as it was. */
  isNull: boolean;
  k: Int32Array;
  residual: Float32Array;
  /** Entries with |a| > levels·q. */
  overdrive: number;
}

/**
 * a = fround(r − u); k = clamp(trunc(a/q), ±levels); r' = fround(a − q·k). q is a power of two, so quotient and product
 * are exact; `update` is u = fround(lr·g), or an optimizer's.
 */
export function quantise(residual: Float32Array, update: Float32Array, q: number, levels: number): Quantised {
  const n = residual.length;
  const k = new Int32Array(n);
  const next = new Float32Array(n);
  let overdrive = 0;
  for (let i = 0; i < n; i++) {
    const a = Math.fround((residual[i] as number) - (update[i] as number));
    if (!Number.isFinite(a)) return { isNull: true, k: new Int32Array(n), residual: residual.slice(), overdrive: 0 };
    if (Math.abs(a) > levels * q) overdrive++;
    k[i] = Math.max(-levels, Math.min(levels, Math.trunc(a / q)));
    // k is read back from the Int32Array, where −0 cannot be: −0 − q·(−0) would lose the sign of a.
    next[i] = Math.fround(a - q * (k[i] as number));
  }
  return { isNull: false, k, residual: next, overdrive };
}

/** u = fround(lr·g). */
export function sgdUpdate(gradient: Float32Array, lr: number): Float32Array {
  return gradient.map((g) => Math.fround(lr * g));
}

/** w = fround(w0 + q·K); q·K is exact and the sum of two binary32 rounds the same through binary64. */
export function weightsAt(w0: Float32Array, K: Int32Array, q: number): Float32Array {
  return w0.map((w, i) => Math.fround(w + q * (K[i] as number)));
}

/** 2^log2, −40 … 0. */
export const quantum = (log2: number): number => 2 ** log2;
