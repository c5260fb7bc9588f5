/** From a gradient to the step that is taken off the residual. */
import { at, scale } from "./elements";
import { sumOf } from "./normal";

/** Scales g so that its length, √ of the sum of squares in sixteen chains, is at most `most`. */
export function clipNorm(n: i32, g: usize, most: f32): void {
  const length = sqrt<f32>(sumOf(n, g, g));
  if (length > most) scale(n, most / length, g);
}

/** moment' = mu·moment + g; step lr·moment', or lr·(g + mu·moment') by Nesterov, in g's place. */
export function momentumStep(n: i32, g: usize, moment: usize, next: usize, mu: f32, lr: f32, nesterov: bool): void {
  for (let i = 0; i < n; i++) {
    const v = load<f32>(at(g, i));
    const m = mu * load<f32>(at(moment, i)) + v;
    store<f32>(at(next, i), m);
    store<f32>(at(g, i), lr * (nesterov ? v + mu * m : m));
  }
}

/** m' = β1·m + (1 − β1)·g; v' = β2·v + (1 − β2)·(g·g); step (lr·m')/(√v' + ε), lr with the corrections of both moments in it. */
export function adamStep(n: i32, g: usize, first: usize, second: usize, nextFirst: usize, nextSecond: usize, beta1: f32, beta2: f32, lr: f32, epsilon: f32): void {
  const rest1 = <f32>1 - beta1;
  const rest2 = <f32>1 - beta2;
  for (let i = 0; i < n; i++) {
    const x = load<f32>(at(g, i));
    const m = beta1 * load<f32>(at(first, i)) + rest1 * x;
    const v = beta2 * load<f32>(at(second, i)) + rest2 * (x * x);
    store<f32>(at(nextFirst, i), m);
    store<f32>(at(nextSecond, i), v);
    store<f32>(at(g, i), (lr * m) / (sqrt<f32>(v) + epsilon));
  }
}

/** step + part·w */
export function decay(n: i32, w: usize, part: f32, step: usize): void {
  for (let i = 0; i < n; i++) store<f32>(at(step, i), load<f32>(at(step, i)) + part * load<f32>(at(w, i)));
}
