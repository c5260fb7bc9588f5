/** Every channel by itself through its own windows; `filters` of the table is the multiplier m, output c·m + l. */
import { at } from "./elements";
import { cropImage, entry, isPadded, padImage } from "./window";

/** Chains begin at the bias, or +0, and go over the window's rows, then columns. */
export function depthwise(rows: i32, t: usize, x: usize, kernel: usize, columns: usize, out: usize, bias: usize): void {
  const c = entry(t, 2), m = entry(t, 13), wide = c * m;
  const padded = isPadded(t);
  for (let b = 0; b < rows; b++) {
    if (padded) padImage(t, x, columns);
    const image = padded ? columns : x;
    for (let y = 0; y < entry(t, 11); y++) {
      for (let z = 0; z < entry(t, 12); z++) {
        for (let k = 0; k < wide; k++) store<f32>(at(out, k), bias ? load<f32>(at(bias, k)) : 0);
        for (let i = 0; i < entry(t, 3); i++) {
          for (let j = 0; j < entry(t, 4); j++) {
            const p = at(image, ((y * entry(t, 5) + i) * entry(t, 10) + z * entry(t, 6) + j) * c);
            const w = at(kernel, (i * entry(t, 4) + j) * wide);
            for (let k = 0; k < wide; k++) store<f32>(at(out, k), load<f32>(at(out, k)) + load<f32>(at(p, m == 1 ? k : k / m)) * load<f32>(at(w, k)));
          }
        }
        out = at(out, wide);
      }
    }
    x = at(x, entry(t, 0) * entry(t, 1) * c);
  }
}

/** Chains from +0 over images, then positions. */
export function depthwiseKernelGradient(rows: i32, t: usize, x: usize, error: usize, columns: usize, g: usize): void {
  const c = entry(t, 2), m = entry(t, 13), wide = c * m;
  const padded = isPadded(t);
  memory.fill(g, 0, <usize>(entry(t, 3) * entry(t, 4) * wide) << 2);
  for (let b = 0; b < rows; b++) {
    if (padded) padImage(t, x, columns);
    const image = padded ? columns : x;
    for (let y = 0; y < entry(t, 11); y++) {
      for (let z = 0; z < entry(t, 12); z++) {
        for (let i = 0; i < entry(t, 3); i++) {
          for (let j = 0; j < entry(t, 4); j++) {
            const p = at(image, ((y * entry(t, 5) + i) * entry(t, 10) + z * entry(t, 6) + j) * c);
            const w = at(g, (i * entry(t, 4) + j) * wide);
            for (let k = 0; k < wide; k++) store<f32>(at(w, k), load<f32>(at(w, k)) + load<f32>(at(p, m == 1 ? k : k / m)) * load<f32>(at(error, k)));
          }
        }
        error = at(error, wide);
      }
    }
    x = at(x, entry(t, 0) * entry(t, 1) * c);
  }
}

/** Every input begins at +0 and adds its shares, positions ascending; a share is Σ error·kernel over l from +0. */
export function depthwiseInputGradient(rows: i32, t: usize, error: usize, kernel: usize, columns: usize, out: usize): void {
  const c = entry(t, 2), m = entry(t, 13), wide = c * m;
  const padded = isPadded(t);
  for (let b = 0; b < rows; b++) {
    const to = padded ? columns : out;
    memory.fill(to, 0, <usize>(entry(t, 9) * entry(t, 10) * c) << 2);
    for (let y = 0; y < entry(t, 11); y++) {
      for (let z = 0; z < entry(t, 12); z++) {
        for (let i = 0; i < entry(t, 3); i++) {
          for (let j = 0; j < entry(t, 4); j++) {
            const p = at(to, ((y * entry(t, 5) + i) * entry(t, 10) + z * entry(t, 6) + j) * c);
            const w = at(kernel, (i * entry(t, 4) + j) * wide);
            for (let k = 0; k < c; k++) {
              let share: f32 = 0;
              for (let l = 0; l < m; l++) share += load<f32>(at(error, k * m + l)) * load<f32>(at(w, k * m + l));
              store<f32>(at(p, k), load<f32>(at(p, k)) + share);
            }
          }
        }
        error = at(error, wide);
      }
    }
    if (padded) cropImage(t, columns, out);
    out = at(out, entry(t, 0) * entry(t, 1) * c);
  }
}
