/** Threshold quantisation in plain TypeScript: the reference that every engine is compared with. */
import { firstMomentBound, GRADIENT_BOUND, type Group, momentumBound, SECOND_MOMENT_BOUND } from "#engine/quanta.js";

export interface Quantised {
  /** Something was not finite: no entries, the residual as it was. */
  isNull: boolean;
  k: Int32Array;
  residual: Float32Array;
  /** Entries with |a| > levels·q. */
  overdrive: number;
}

/** ±most; what is no number stays none. */
export const clamp = (v: number, most: number): number => (v > most ? most : v < -most ? -most : v);

/**
 * a = fround(r − u); k = clamp(trunc(a/q), ±levels); r' = clamp(fround(a − q·k), ±B). q is a power of two, so quotient and
 * product are exact; `update` is u = fround(lr·g), or an optimizer's.
 */
export function quantise(residual: Float32Array, update: Float32Array, { q, levels, bound }: Pick<Group, "q" | "levels" | "bound">): Quantised {
  const n = residual.length;
  const k = new Int32Array(n);
  const next = new Float32Array(n);
  let overdrive = 0;
  for (let i = 0; i < n; i++) {
    const a = Math.fround((residual[i] as number) - (update[i] as number));
    if (!Number.isFinite(update[i])) return { isNull: true, k: new Int32Array(n), residual: residual.slice(), overdrive: 0 };
    if (Math.abs(a) > levels * q) overdrive++;
    k[i] = Math.max(-levels, Math.min(levels, Math.trunc(a / q)));
    // k is read back from the Int32Array, where −0 cannot be: −0 − q·(−0) would lose the sign of a.
    next[i] = clamp(Math.fround(a - q * (k[i] as number)), bound);
  }
  return { isNull: false, k, residual: next, overdrive };
}

/** u = fround(lr·clamp(g, ±2^10)), of a gradient without moving averages. */
export function sgdUpdate(gradient: Float32Array, lr: number): Float32Array {
  return gradient.map((g) => Math.fround(lr * clamp(g, GRADIENT_BOUND)));
}

/** m ← clamp(m, ±fround(2B / lr_max)), in place. */
export function boundMomentum(m: Float32Array, bound: number, lrMax: number): void {
  const most = momentumBound(bound, lrMax);
  m.forEach((v, i) => (m[i] = clamp(v, most)));
}

/** v ← clamp(v, 0, 2^20), then m ← clamp(m, ±fround(fround(C·√v) + 2^-30)), in place. */
export function boundAdam(m: Float32Array, v: Float32Array, factor: number): void {
  for (let i = 0; i < m.length; i++) {
    v[i] = Math.max(0, Math.min(SECOND_MOMENT_BOUND, v[i] as number));
    m[i] = clamp(m[i] as number, firstMomentBound(factor, v[i] as number));
  }
}

/** w = fround(w0 + q·K); q·K is exact and the sum of two binary32 rounds the same through binary64. */
export function weightsAt(w0: Float32Array, K: Int32Array, q: number): Float32Array {
  return w0.map((w, i) => Math.fround(w + q * (K[i] as number)));
}
