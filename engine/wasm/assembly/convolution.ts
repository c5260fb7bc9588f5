/**
 * Convolutions as products of the matrix of windows (one row a position, values by window row, window column, channel)
 * with the kernel (as many rows, one column a filter). The zeros around an image are multiplied like any other value.
 */
import { pack, product } from "./dense";
import { cropImage, entry, fold, isPadded, padImage, paddedBytes, unfold } from "./window";

// @ts-ignore: decorator
@inline
function imageBytes(t: usize): usize {
  return <usize>entry(t, 0) * <usize>entry(t, 1) * <usize>entry(t, 2) << 2;
}

/** The matrix of windows of the image at x; answers its address. */
function windowsOf(t: usize, x: usize, columns: usize): usize {
  // Windows of one pixel in every place are the image itself.
  if (entry(t, 3) == 1 && entry(t, 4) == 1 && entry(t, 5) == 1 && entry(t, 6) == 1) return x;
  let image = x;
  if (isPadded(t)) {
    padImage(t, x, columns);
    image = columns;
  }
  const out = columns + paddedBytes(t);
  unfold(t, image, out);
  return out;
}

/**
 * Every output starts at the bias and adds window value times kernel value, window rows, columns and channels ascending.
 * The kernel comes as it stands among the weights and packed; hosts differ in which of them they read.
 */
export function conv2d(rows: i32, t: usize, x: usize, _kernel: usize, packed: usize, columns: usize, out: usize, bias: usize, relu: bool): void {
  const positions = entry(t, 11) * entry(t, 12);
  const window = entry(t, 3) * entry(t, 4) * entry(t, 2);
  const filters = entry(t, 13);
  const image = imageBytes(t);
  const result = <usize>positions * <usize>filters << 2;
  for (let b = 0; b < rows; b++) {
    product(positions, filters, window, windowsOf(t, x, columns), window, 1, packed, out, filters, bias, relu, false);
    x += image;
    out += result;
  }
}

/** Every entry starts at +0 and adds window value times error over images, then positions ascending: one chain. */
export function conv2dKernelGradient(rows: i32, t: usize, x: usize, error: usize, packed: usize, columns: usize, g: usize): void {
  const positions = entry(t, 11) * entry(t, 12);
  const window = entry(t, 3) * entry(t, 4) * entry(t, 2);
  const filters = entry(t, 13);
  const image = imageBytes(t);
  const result = <usize>positions * <usize>filters << 2;
  for (let b = 0; b < rows; b++) {
    pack(positions, filters, error, filters, 1, packed);
    product(window, filters, positions, windowsOf(t, x, columns), 1, window, packed, g, filters, 0, false, b > 0);
    x += image;
    error += result;
  }
}

/**
 * Error times the transposed kernel (filters ascending, from +0) gives every window's share; every input starts at +0
 * and adds its shares, positions ascending.
 */
export function conv2dInputGradient(rows: i32, t: usize, error: usize, packed: usize, columns: usize, out: usize): void {
  const positions = entry(t, 11) * entry(t, 12);
  const window = entry(t, 3) * entry(t, 4) * entry(t, 2);
  const filters = entry(t, 13);
  const image = imageBytes(t);
  const result = <usize>positions * <usize>filters << 2;
  const padded = isPadded(t);
  const shares = columns + paddedBytes(t);
  for (let b = 0; b < rows; b++) {
    product(positions, window, filters, error, filters, 1, packed, shares, window, 0, false, false);
    fold(t, shares, padded ? columns : out);
    if (padded) cropImage(t, columns, out);
    error += result;
    out += image;
  }
}
