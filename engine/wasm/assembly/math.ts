/**
 * exp, log, tanh and sigmoid from + − × ÷ and integer operations alone, so that every machine gives
 * the same bits (libraries differ in the last). Polynomials: Cephes single precision. NaN stays NaN.
 */

// @ts-ignore: decorator
@inline
export function exp(x0: f32): f32 {
  if (x0 != x0) return x0;
  const x: f32 = x0 > 88 ? 88 : x0 < -87 ? -87 : x0;
  const n = nearest<f32>(x * 1.44269504088896341);
  const r = (x - n * 0.693359375) - n * -2.12194440e-4;
  let p: f32 = 1.9875691500e-4;
  p = p * r + 1.3981999507e-3;
  p = p * r + 8.3334519073e-3;
  p = p * r + 4.1665795894e-2;
  p = p * r + 1.6666665459e-1;
  p = p * r + 5.0000001201e-1;
  return (p * (r * r) + r + 1.0) * reinterpret<f32>((<i32>n + 127) << 23);
}

/** Of a normal positive number: here always a sum of exponentials, 1 or more. */
// @ts-ignore: decorator
@inline
export function log(x: f32): f32 {
  if (!(x < Infinity)) return x;
  const bits = reinterpret<i32>(x);
  let e = (bits >> 23) - 127;
  let m = reinterpret<f32>((bits & 0x7fffff) | 0x3f800000);
  if (m > 1.41421356) {
    m *= 0.5;
    e++;
  }
  const t = m - 1.0;
  const z = t * t;
  let p: f32 = 7.0376836292e-2;
  p = p * t - 1.1514610310e-1;
  p = p * t + 1.1676998740e-1;
  p = p * t - 1.2420140846e-1;
  p = p * t + 1.4249322787e-1;
  p = p * t - 1.6668057665e-1;
  p = p * t + 2.0000714765e-1;
  p = p * t - 2.4999993993e-1;
  p = p * t + 3.3333331174e-1;
  return t + (p * t * z - 0.5 * z) + <f32>e * 0.6931471806;
}

// @ts-ignore: decorator
@inline
export function sigmoid(x: f32): f32 {
  return <f32>1.0 / (<f32>1.0 + exp(-x));
}

// @ts-ignore: decorator
@inline
export function tanh(x: f32): f32 {
  const a = abs<f32>(x);
  if (a < 0.625) {
    const z = x * x;
    let p: f32 = -5.70498872745e-3;
    p = p * z + 2.06390887954e-2;
    p = p * z - 5.37397155531e-2;
    p = p * z + 1.33314422036e-1;
    p = p * z - 3.33332819422e-1;
    return p * z * x + x;
  }
  const y: f32 = a > 9 ? 1 : <f32>1.0 - <f32>2.0 / (exp(a + a) + <f32>1.0);
  return x < 0 ? -y : a != a ? x : y;
}
