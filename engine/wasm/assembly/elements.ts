/** Element by element, and rows that are moved. */

// @ts-ignore: decorator
@inline
export function at(base: usize, elements: i32): usize {
  return base + (<usize>elements << 2);
}

export function add(n: i32, a: usize, b: usize, out: usize): void {
  const end = <usize>n << 2;
  const whole = <usize>(n & ~3) << 2;
  let i: usize = 0;
  for (; i < whole; i += 16) v128.store(out + i, f32x4.add(v128.load(a + i), v128.load(b + i)));
  for (; i < end; i += 4) store<f32>(out + i, load<f32>(a + i) + load<f32>(b + i));
}

export function multiply(n: i32, a: usize, b: usize, out: usize): void {
  const end = <usize>n << 2;
  const whole = <usize>(n & ~3) << 2;
  let i: usize = 0;
  for (; i < whole; i += 16) v128.store(out + i, f32x4.mul(v128.load(a + i), v128.load(b + i)));
  for (; i < end; i += 4) store<f32>(out + i, load<f32>(a + i) * load<f32>(b + i));
}

export function scale(n: i32, factor: f32, x: usize): void {
  for (let i: usize = 0, e = <usize>n << 2; i < e; i += 4) store<f32>(x + i, load<f32>(x + i) * factor);
}

/** `rows` rows of `width` floats; the strides count floats. */
export function copyRows(rows: i32, width: i32, from: usize, fromStride: i32, to: usize, toStride: i32): void {
  const bytes = <usize>width << 2;
  for (let i = 0; i < rows; i++) {
    memory.copy(to, from, bytes);
    from += <usize>fromStride << 2;
    to += <usize>toStride << 2;
  }
}

export function zero(n: i32, out: usize): void {
  memory.fill(out, 0, <usize>n << 2);
}

/** Rows of a table at the indices, which stand as floats. */
export function embed(count: i32, width: i32, indices: usize, table: usize, out: usize): void {
  const bytes = <usize>width << 2;
  for (let i = 0; i < count; i++) {
    memory.copy(out, table + <usize>(<i32>load<f32>(at(indices, i))) * bytes, bytes);
    out += bytes;
  }
}

/** From +0 every row adds the errors of its positions, ascending. */
export function embedGradient(count: i32, vocabulary: i32, width: i32, indices: usize, error: usize, g: usize): void {
  const bytes = <usize>width << 2;
  memory.fill(g, 0, <usize>vocabulary * bytes);
  for (let i = 0; i < count; i++) {
    const row = g + <usize>(<i32>load<f32>(at(indices, i))) * bytes;
    add(width, row, error, row);
    error += bytes;
  }
}
