import { exp, sigmoid, tanh } from "./math";

/** erf by two polynomials of least squares on Chebyshev nodes: x·P(x²) below 1, 1 − exp(−Q(x)) below 4, 1 from there. */
export function erf(x: f32): f32 {
  const a = abs<f32>(x);
  if (a < 1) {
    const z = x * x;
    let p: f32 = 7.8824974e-05;
    p = p * z - 0.0008018855;
    p = p * z + 0.005189312;
    p = p * z - 0.026854329;
    p = p * z + 0.11283597;
    p = p * z - 0.37612626;
    p = p * z + 1.1283791;
    return p * x;
  }
  let far: f32 = 1;
  if (a < 4) {
    let q: f32 = -1.6140616e-06;
    q = q * a + 4.5590623e-05;
    q = q * a - 0.00059276953;
    q = q * a + 0.0047402224;
    q = q * a - 0.026364718;
    q = q * a + 0.10997824;
    q = q * a + 0.6319371;
    q = q * a + 1.1301666;
    q = q * a - 0.000303213;
    far = <f32>1 - exp(-q);
  }
  return x < 0 ? -far : far;
}

function gelu(x: f32): f32 {
  return <f32>0.5 * x * (<f32>1 + erf(x * <f32>0.70710678));
}

function geluSlope(x: f32): f32 {
  return <f32>0.5 * (<f32>1 + erf(x * <f32>0.70710678)) + x * (<f32>0.3989423 * exp(<f32>-0.5 * (x * x)));
}

export function hardSigmoid(x: f32): f32 {
  const y = x * <f32>0.2 + <f32>0.5;
  return y < 0 ? 0 : y > 1 ? 1 : y;
}

/** Codes shared with engine/kernels.ts: 1 relu, 2 tanh, 3 sigmoid, 4 leaky relu, 5 gelu. Relu is x < 0 ? +0 : x. */
export function activate(kind: i32, n: i32, x: usize, out: usize, slope: f32): void {
  for (let i: usize = 0, e = <usize>n << 2; i < e; i += 4) {
    const v = load<f32>(x + i);
    let y: f32;
    if (kind == 1) y = v < 0 ? 0 : v;
    else if (kind == 2) y = tanh(v);
    else if (kind == 3) y = sigmoid(v);
    else if (kind == 4) y = v < 0 ? v * slope : v;
    else y = gelu(v);
    store<f32>(out + i, y);
  }
}

/**
 * The gradient before the activation, from its output h: relu h > 0; tanh g·(1 − h·h); sigmoid g·(h·(1 − h)); leaky relu
 * h > 0 ? g : g·slope; of gelu from its input x. `out` may be g.
 */
export function activationGradient(kind: i32, n: i32, x: usize, h: usize, g: usize, out: usize, slope: f32): void {
  const whole = kind < 4 ? <usize>(n & ~3) << 2 : 0;
  const end = <usize>n << 2;
  const one = f32x4.splat(1);
  let i: usize = 0;
  for (; i < whole; i += 16) {
    const hv = v128.load(h + i);
    const gv = v128.load(g + i);
    if (kind == 1) v128.store(out + i, v128.and(gv, f32x4.gt(hv, f32x4.splat(0))));
    else if (kind == 2) v128.store(out + i, f32x4.mul(gv, f32x4.sub(one, f32x4.mul(hv, hv))));
    else v128.store(out + i, f32x4.mul(gv, f32x4.mul(hv, f32x4.sub(one, hv))));
  }
  for (; i < end; i += 4) {
    const hv = load<f32>(h + i);
    const gv = load<f32>(g + i);
    let y: f32;
    if (kind == 1) y = hv > 0 ? gv : 0;
    else if (kind == 2) y = gv * (<f32>1 - hv * hv);
    else if (kind == 3) y = gv * (hv * (<f32>1 - hv));
    else if (kind == 4) y = hv > 0 ? gv : gv * slope;
    else y = gv * geluSlope(load<f32>(x + i));
    store<f32>(out + i, y);
  }
}
