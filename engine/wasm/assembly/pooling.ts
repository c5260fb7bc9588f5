/** Pooling: windows look only at the image, never at the zeros around it. */
import { entry } from "./window";

/** First row or column of the image in a window, and the one behind the last. */
// @ts-ignore: decorator
@inline
function first(position: i32, stride: i32, before: i32): i32 {
  return max(0, position * stride - before);
}

// @ts-ignore: decorator
@inline
function behind(position: i32, stride: i32, before: i32, size: i32, n: i32): i32 {
  return min(n, position * stride - before + size);
}

/** Of one window and the channel at `corner`; indexes count the image's values. */
function largestOf(x: usize, corner: i32, row: i32, c: i32, high: i32, wide: i32, out: usize, largest: usize): void {
  let at = corner;
  let best = load<f32>(x + (<usize>corner << 2));
  for (let i = 0; i < high; i++) {
    for (let j = 0; j < wide; j++) {
      const here = corner + i * row + j * c;
      const v = load<f32>(x + (<usize>here << 2));
      if (v > best || (v != v && best == best)) {
        best = v;
        at = here;
      }
    }
  }
  store<f32>(out, best);
  store<i32>(largest, at);
}

/** As largestOf, of four channels side by side: every lane's chain of comparisons is its own. */
// @ts-ignore: decorator
@inline
function largestOfFour(x: usize, corner: i32, row: i32, c: i32, high: i32, wide: i32, out: usize, largest: usize): void {
  const lanes = i32x4(0, 1, 2, 3);
  let at = i32x4.add(lanes, i32x4.splat(corner));
  let best = v128.load(x + (<usize>corner << 2));
  for (let i = 0; i < high; i++) {
    let here = corner + i * row;
    for (let j = 0; j < wide; j++) {
      const v = v128.load(x + (<usize>here << 2));
      const take = v128.or(f32x4.gt(v, best), v128.and(f32x4.ne(v, v), f32x4.eq(best, best)));
      best = v128.bitselect(v, best, take);
      at = v128.bitselect(i32x4.add(lanes, i32x4.splat(here)), at, take);
      here += c;
    }
  }
  v128.store(out, best);
  v128.store(largest, at);
}

/** The largest value, ties to the first by rows then columns, NaN above all; where it stood (an index into the image's values) to `largest`. */
export function maxPool2d(rows: i32, t: usize, x: usize, out: usize, largest: usize): void {
  const h = entry(t, 0), w = entry(t, 1), c = entry(t, 2);
  let o: usize = 0;
  for (let b = 0; b < rows; b++) {
    for (let y = 0; y < entry(t, 11); y++) {
      const y0 = first(y, entry(t, 5), entry(t, 7)), high = behind(y, entry(t, 5), entry(t, 7), entry(t, 3), h) - y0;
      for (let z = 0; z < entry(t, 12); z++) {
        const x0 = first(z, entry(t, 6), entry(t, 8)), wide = behind(z, entry(t, 6), entry(t, 8), entry(t, 4), w) - x0;
        const corner = (y0 * w + x0) * c;
        if (c < 4) {
          for (let k = 0; k < c; k++) largestOf(x, corner + k, w * c, c, high, wide, out + o + (<usize>k << 2), largest + o + (<usize>k << 2));
        } else {
          // The last four overlap those before: computed twice, the same twice.
          for (let k = 0; k < c; k += 4) {
            const from = min(k, c - 4);
            largestOfFour(x, corner + from, w * c, c, high, wide, out + o + (<usize>from << 2), largest + o + (<usize>from << 2));
          }
        }
        o += <usize>c << 2;
      }
    }
    x += <usize>(h * w * c) << 2;
  }
}

/** Every input starts at +0 and adds the errors of the windows that it was the largest of, positions ascending. */
export function maxPool2dGradient(rows: i32, t: usize, largest: usize, error: usize, out: usize): void {
  const image = <usize>(entry(t, 0) * entry(t, 1) * entry(t, 2)) << 2;
  const n = <usize>(entry(t, 11) * entry(t, 12) * entry(t, 2)) << 2;
  memory.fill(out, 0, <usize>rows * image);
  for (let b = 0; b < rows; b++) {
    for (let i: usize = 0; i < n; i += 4) {
      const p = out + (<usize>load<i32>(largest + i) << 2);
      store<f32>(p, load<f32>(p) + load<f32>(error + i));
    }
    largest += n;
    error += n;
    out += image;
  }
}

/** (Σ of the window's values from +0, rows then columns ascending) · round(1 / how many). */
export function averagePool2d(rows: i32, t: usize, x: usize, out: usize): void {
  const h = entry(t, 0), w = entry(t, 1), c = entry(t, 2);
  for (let b = 0; b < rows; b++) {
    for (let y = 0; y < entry(t, 11); y++) {
      const y0 = first(y, entry(t, 5), entry(t, 7)), y1 = behind(y, entry(t, 5), entry(t, 7), entry(t, 3), h);
      for (let z = 0; z < entry(t, 12); z++) {
        const x0 = first(z, entry(t, 6), entry(t, 8)), x1 = behind(z, entry(t, 6), entry(t, 8), entry(t, 4), w);
        const share = <f32>1 / <f32>((y1 - y0) * (x1 - x0));
        for (let k = 0; k < c; k++) {
          let sum: f32 = 0;
          for (let i = y0; i < y1; i++) for (let j = x0; j < x1; j++) sum += load<f32>(x + (<usize>((i * w + j) * c + k) << 2));
          store<f32>(out, sum * share);
          out += 4;
        }
      }
    }
    x += <usize>(h * w * c) << 2;
  }
}

/** Every input starts at +0 and adds error · round(1 / how many) of its windows, positions ascending. */
export function averagePool2dGradient(rows: i32, t: usize, error: usize, out: usize): void {
  const h = entry(t, 0), w = entry(t, 1), c = entry(t, 2);
  const image = <usize>(h * w * c) << 2;
  memory.fill(out, 0, <usize>rows * image);
  for (let b = 0; b < rows; b++) {
    for (let y = 0; y < entry(t, 11); y++) {
      const y0 = first(y, entry(t, 5), entry(t, 7)), y1 = behind(y, entry(t, 5), entry(t, 7), entry(t, 3), h);
      for (let z = 0; z < entry(t, 12); z++) {
        const x0 = first(z, entry(t, 6), entry(t, 8)), x1 = behind(z, entry(t, 6), entry(t, 8), entry(t, 4), w);
        const share = <f32>1 / <f32>((y1 - y0) * (x1 - x0));
        for (let k = 0; k < c; k++) {
          const e = load<f32>(error) * share;
          for (let i = y0; i < y1; i++) {
            for (let j = x0; j < x1; j++) {
              const p = out + (<usize>((i * w + j) * c + k) << 2);
              store<f32>(p, load<f32>(p) + e);
            }
          }
          error += 4;
        }
      }
    }
    out += image;
  }
}
