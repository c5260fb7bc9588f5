import { sigmoid, tanh } from "./math";

/** Codes shared with engine/core: 1 relu, 2 tanh, 3 sigmoid. Relu is x < 0 ? +0 : x. */
export function activate(kind: i32, n: i32, x: usize, out: usize): void {
  for (let i: usize = 0, e = <usize>n << 2; i < e; i += 4) {
    const v = load<f32>(x + i);
    store<f32>(out + i, kind == 1 ? (v < 0 ? <f32>0 : v) : kind == 2 ? tanh(v) : sigmoid(v));
  }
}

/** g becomes the gradient before the activation, from its output h: relu h > 0; tanh g·(1 − h·h); sigmoid g·(h·(1 − h)). */
export function activationGradient(kind: i32, n: i32, h: usize, g: usize): void {
  const whole = <usize>(n & ~3) << 2;
  const end = <usize>n << 2;
  const one = f32x4.splat(1);
  let i: usize = 0;
  for (; i < whole; i += 16) {
    const hv = v128.load(h + i);
    const gv = v128.load(g + i);
    if (kind == 1) v128.store(g + i, v128.and(gv, f32x4.gt(hv, f32x4.splat(0))));
    else if (kind == 2) v128.store(g + i, f32x4.mul(gv, f32x4.sub(one, f32x4.mul(hv, hv))));
    else v128.store(g + i, f32x4.mul(gv, f32x4.mul(hv, f32x4.sub(one, hv))));
  }
  for (; i < end; i += 4) {
    const hv = load<f32>(h + i);
    const gv = load<f32>(g + i);
    if (kind == 1) store<f32>(g + i, hv > 0 ? gv : 0);
    else if (kind == 2) store<f32>(g + i, gv * (<f32>1 - hv * hv));
    else store<f32>(g + i, gv * (hv * (<f32>1 - hv)));
  }
}
