/**
 * A window that slides over an image, as a table of integers: 0 rows, 1 columns, 2 channels of the image; 3, 4 the
 * window; 5, 6 its strides; 7, 8 zeros before the first row and column; 9, 10 rows and columns with all zeros;
 * 11, 12 positions; 13 filters.
 */

// @ts-ignore: decorator
@inline
export function entry(table: usize, index: i32): i32 {
  return load<i32>(table + (<usize>index << 2));
}

export function isPadded(t: usize): bool {
  return entry(t, 9) != entry(t, 0) || entry(t, 10) != entry(t, 1);
}

/** Bytes of the image with its zeros, rounded up so that what stands behind it is aligned. */
export function paddedBytes(t: usize): usize {
  return ((<usize>entry(t, 9) * <usize>entry(t, 10) * <usize>entry(t, 2) << 2) + 64 + 63) & ~63;
}

/** The image in the middle of its zeros. */
export function padImage(t: usize, x: usize, out: usize): void {
  const pixel = <usize>entry(t, 2) << 2;
  const row = <usize>entry(t, 1) * pixel;
  const paddedRow = <usize>entry(t, 10) * pixel;
  memory.fill(out, 0, <usize>entry(t, 9) * paddedRow);
  let o = out + <usize>entry(t, 7) * paddedRow + <usize>entry(t, 8) * pixel;
  for (let y = 0; y < entry(t, 0); y++) {
    memory.copy(o, x, row);
    x += row;
    o += paddedRow;
  }
}

/** The image without its zeros. */
export function cropImage(t: usize, padded: usize, out: usize): void {
  const pixel = <usize>entry(t, 2) << 2;
  const row = <usize>entry(t, 1) * pixel;
  const paddedRow = <usize>entry(t, 10) * pixel;
  let p = padded + <usize>entry(t, 7) * paddedRow + <usize>entry(t, 8) * pixel;
  for (let y = 0; y < entry(t, 0); y++) {
    memory.copy(out, p, row);
    out += row;
    p += paddedRow;
  }
}

/** One row a position: the window's values, its rows one after another. Writes up to two vectors behind the last. */
export function unfold(t: usize, image: usize, out: usize): void {
  const pixel = <usize>entry(t, 2) << 2;
  const row = <usize>entry(t, 10) * pixel;
  const n = <usize>entry(t, 4) * pixel;
  const kh = entry(t, 3);
  const down = <usize>entry(t, 5) * row;
  const right = <usize>entry(t, 6) * pixel;
  const ow = entry(t, 12);
  let o = out;
  for (let y = 0; y < entry(t, 11); y++) {
    let p = image + <usize>y * down;
    for (let z = 0; z < ow; z++) {
      let s = p;
      // Whole vectors: what is too much is overwritten by the next row of the window. Two of them without a loop: V8 pays
      // more for the loop than for the copy.
      if (n <= 32) {
        for (let i = 0; i < kh; i++) {
          v128.store(o, v128.load(s));
          v128.store(o, v128.load(s, 16), 16);
          o += n;
          s += row;
        }
      } else {
        for (let i = 0; i < kh; i++) {
          let b: usize = 0;
          for (; b + 48 < n; b += 64) {
            v128.store(o + b, v128.load(s + b));
            v128.store(o + b, v128.load(s + b, 16), 16);
            v128.store(o + b, v128.load(s + b, 32), 32);
            v128.store(o + b, v128.load(s + b, 48), 48);
          }
          for (; b < n; b += 16) v128.store(o + b, v128.load(s + b));
          o += n;
          s += row;
        }
      }
      p += right;
    }
  }
}

/** out starts at +0 and adds the windows' values, positions ascending. */
export function fold(t: usize, columns: usize, out: usize): void {
  const pixel = <usize>entry(t, 2) << 2;
  const row = <usize>entry(t, 10) * pixel;
  memory.fill(out, 0, <usize>entry(t, 9) * row);
  const n = <usize>entry(t, 4) * pixel;
  const whole = n & ~15;
  const kh = entry(t, 3);
  const down = <usize>entry(t, 5) * row;
  const right = <usize>entry(t, 6) * pixel;
  const ow = entry(t, 12);
  let o = columns;
  for (let y = 0; y < entry(t, 11); y++) {
    let p = out + <usize>y * down;
    for (let z = 0; z < ow; z++) {
      let s = p;
      for (let i = 0; i < kh; i++) {
        let b: usize = 0;
        for (; b < whole; b += 16) v128.store(s + b, f32x4.add(v128.load(s + b), v128.load(o + b)));
        for (; b < n; b += 4) store<f32>(s + b, load<f32>(s + b) + load<f32>(o + b));
        o += n;
        s += row;
      }
      p += right;
    }
  }
}
