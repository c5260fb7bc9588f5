/** From a gradient to the step that is taken off the residual. */
import { at, scale } from "./elements";
import { sumOf } from "./normal";

/** Scales g so that its length, √ of the sum of squares in sixteen chains, is at most `most`. */
export function clipNorm(n: i32, g: usize, most: f32): void {
  const length = sqrt<f32>(sumOf(n, g, g));
  if (length > most) scale(n, most / length, g);
}

/** clamp(g, ±most) in g's place; answers 0, and g may be half done, when any is not finite. */
export function limit(n: i32, g: usize, most: f32): i32 {
  const magnitude = i32x4.splat(0x7fffffff);
  const within = i32x4.splat(reinterpret<i32>(most));
  const infinite = i32x4.splat(0x7f800000);
  const whole = n & ~15;
  let i = 0;
  for (; i < whole; i += 16) {
    const p = at(g, i);
    const largest = i32x4.max_s(
      i32x4.max_s(v128.and(v128.load(p), magnitude), v128.and(v128.load(p, 16), magnitude)),
      i32x4.max_s(v128.and(v128.load(p, 32), magnitude), v128.and(v128.load(p, 48), magnitude)),
    );
    if (!v128.any_true(i32x4.gt_s(largest, within))) continue;
    if (v128.any_true(i32x4.ge_s(largest, infinite))) return 0;
    for (let j = i; j < i + 16; j++) limitOne(at(g, j), most);
  }
  for (; i < n; i++) {
    if ((reinterpret<i32>(load<f32>(at(g, i))) & 0x7fffffff) >= 0x7f800000) return 0;
    limitOne(at(g, i), most);
  }
  return 1;
}

function limitOne(p: usize, most: f32): void {
  const v = load<f32>(p);
  store<f32>(p, within(v, most));
}

// @ts-ignore: decorator
@inline
function within(v: f32, most: f32): f32 {
  return v > most ? most : v < -most ? -most : v;
}

/** moment' = clamp(mu·moment + g, ±most); step lr·moment', or lr·(g + mu·moment') by Nesterov, in g's place. */
export function momentumStep(n: i32, g: usize, moment: usize, next: usize, mu: f32, lr: f32, nesterov: bool, most: f32): void {
  for (let i = 0; i < n; i++) {
    const v = load<f32>(at(g, i));
    const m = within(mu * load<f32>(at(moment, i)) + v, most);
    store<f32>(at(next, i), m);
    store<f32>(at(g, i), lr * (nesterov ? v + mu * m : m));
  }
}

/**
 * v' = min(β2·v + (1 − β2)·(g·g), 2^20); m' = clamp(β1·m + (1 − β1)·g, ±(factor·√v' + 2^-30)); step (lr·m')/(√v' + ε), lr
 * with the corrections of both moments in it.
 */
export function adamStep(n: i32, g: usize, first: usize, second: usize, nextFirst: usize, nextSecond: usize, beta1: f32, beta2: f32, lr: f32, epsilon: f32, factor: f32): void {
  const rest1 = <f32>1 - beta1;
  const rest2 = <f32>1 - beta2;
  const tiny = reinterpret<f32>(0x30800000);
  for (let i = 0; i < n; i++) {
    const x = load<f32>(at(g, i));
    const sum = beta2 * load<f32>(at(second, i)) + rest2 * (x * x);
    const v = sum > <f32>1048576 ? <f32>1048576 : sum;
    const root = sqrt<f32>(v);
    const m = within(beta1 * load<f32>(at(first, i)) + rest1 * x, factor * root + tiny);
    store<f32>(at(nextFirst, i), m);
    store<f32>(at(nextSecond, i), v);
    store<f32>(at(g, i), (lr * m) / (root + epsilon));
  }
}

/** step + part·w */
export function decay(n: i32, w: usize, part: f32, step: usize): void {
  for (let i = 0; i < n; i++) store<f32>(at(step, i), load<f32>(at(step, i)) + part * load<f32>(at(w, i)));
}
