/** Tensors as bytes (little-endian) and reals as integers. */

const LITTLE = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Little-endian bytes of 32-bit elements. On a little-endian machine this is a view, not a copy: do not write into it. */
export function f32Bytes(values: Float32Array | Int32Array): Uint8Array {
  const view = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return LITTLE ? view : swapped(view);
}

/** A copy, aligned, of little-endian binary32. */
export function f32From(bytes: Uint8Array): Float32Array {
  return new Float32Array(words(bytes));
}

/** A copy, aligned, of little-endian int32. */
export function i32From(bytes: Uint8Array): Int32Array {
  return new Int32Array(words(bytes));
}

function words(bytes: Uint8Array): ArrayBuffer {
  if (bytes.length % 4 !== 0) throw new RangeError(`got ${bytes.length} bytes, want a multiple of 4`);
  const copy = LITTLE ? bytes.slice() : swapped(bytes);
  return copy.buffer as ArrayBuffer;
}

function swapped(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i += 4) {
    out[i] = bytes[i + 3] as number;
    out[i + 1] = bytes[i + 2] as number;
    out[i + 2] = bytes[i + 1] as number;
    out[i + 3] = bytes[i] as number;
  }
  return out;
}

const cell = new DataView(new ArrayBuffer(4));

export function bitsOf(value: number): number {
  cell.setFloat32(0, value);
  return cell.getUint32(0);
}

export function fromBits(bits: number): number {
  cell.setUint32(0, bits);
  return cell.getFloat32(0);
}

/** The learning rate's rule: sign 0, exponent neither all zeros nor all ones. */
export function isPositiveNormal(bits: number): boolean {
  return Number.isInteger(bits) && bits >= 0x00800000 && bits < 0x7f800000;
}

/** "Not finite" in a field of millionths. */
export const NOT_FINITE = 0xffffffff;

/** ⌊10^6·x⌋ with the product in binary64, clamped to 0 … 2^32−2; 2^32−1 when x is not finite. */
export function millionths(x: number): number {
  if (!Number.isFinite(x)) return NOT_FINITE;
  const v = Math.floor(1e6 * x);
  return v <= 0 ? 0 : Math.min(v, 0xfffffffe);
}
