/** Protocol section 3: from a gradient to an integer map, and from maps to weights. */

/** w = round(w0 + q·K); q·K is exact, since q is a power of two and |K| < 2^24. */
export function makeWeights(n: i32, w0: usize, K: usize, q: f32, w: usize): void {
  const qs = f32x4.splat(q);
  const whole = <usize>(n & ~3) << 2;
  const end = <usize>n << 2;
  let i: usize = 0;
  for (; i < whole; i += 16) v128.store(w + i, f32x4.add(v128.load(w0 + i), f32x4.mul(qs, f32x4.convert_i32x4_s(v128.load(K + i)))));
  for (; i < end; i += 4) store<f32>(w + i, load<f32>(w0 + i) + q * <f32>load<i32>(K + i));
}

// @ts-ignore: decorator
@inline
function putVarint(p: usize, value: u32): usize {
  while (value > 127) {
    store<u8>(p++, (value & 127) | 128);
    value >>= 7;
  }
  store<u8>(p, value);
  return p + 1;
}

let out: usize = 0;
let count: u32 = 0;
let last: i32 = 0;

// @ts-ignore: decorator
@inline
function putEntry(i: i32, k: i32, levels: i32, signs: usize): void {
  out = putVarint(out, <u32>(i - last - 1));
  last = i;
  if (levels == 1) {
    const p = signs + (count >> 3);
    const bit = <u32>(k < 0) << (count & 7);
    store<u8>(p, count & 7 ? <u32>load<u8>(p) | bit : bit);
  } else out = putVarint(out, (<u32>k << 1) ^ <u32>(k >> 31));
  count++;
}

let overdrive: i32 = 0;

/** One entry whose |a| is a quantum or more: a/q is exact, since q is a power of two. */
// @ts-ignore: decorator
@inline
function fire(at: usize, i: i32, q: f32, inverse: f32, levels: i32, signs: usize): void {
  const v = load<f32>(at);
  const t = v * inverse;
  const size = abs<f32>(t);
  if (size > <f32>levels) overdrive++;
  const k = size >= <f32>levels ? (t < 0 ? -levels : levels) : <i32>t;
  store<f32>(at, v - q * <f32>k);
  putEntry(i, k, levels, signs);
}

/**
 * a = r − lr·g; if any a is not finite answers 0 and leaves r; else k = clamp(trunc(a/q)),
 * r = a − q·k, and the canonical encoding of the non-zero k, whose address is answered (within
 * `room`, from its eighth byte on or a little before). info: [length of the encoding, overdrive].
 * The gradient is overwritten. inverse = 1/q.
 */
export function quantise(n: i32, r: usize, g: usize, lr: f32, q: f32, inverse: f32, levels: i32, room: usize, signs: usize, info: usize): usize {
  const whole = n & ~3;
  const lrs = f32x4.splat(lr);
  const qs = f32x4.splat(q);
  const magnitude = i32x4.splat(0x7fffffff);
  const body = room + 8;
  out = body;
  count = 0;
  last = -1;
  overdrive = 0;
  // The new residual is made in the gradient's place: what is null must not have touched r.
  let top = i32x4.splat(0);
  let p: usize = 0;
  for (let i = 0; i < whole; i += 4) {
    const a = f32x4.sub(v128.load(r + p), f32x4.mul(lrs, v128.load(g + p)));
    const size = v128.and(a, magnitude);
    v128.store(g + p, a);
    top = i32x4.max_s(top, size);
    for (let fired = i32x4.bitmask(f32x4.ge(size, qs)); fired; fired &= fired - 1) {
      const lane = ctz(fired);
      fire(g + p + (<usize>lane << 2), i + lane, q, inverse, levels, signs);
    }
    p += 16;
  }
  let worst = max(max(i32x4.extract_lane(top, 0), i32x4.extract_lane(top, 1)), max(i32x4.extract_lane(top, 2), i32x4.extract_lane(top, 3)));
  for (let i = whole; i < n; i++) {
    const a = load<f32>(r + p) - lr * load<f32>(g + p);
    store<f32>(g + p, a);
    worst = max(worst, reinterpret<i32>(a) & 0x7fffffff);
    if (abs<f32>(a) >= q) fire(g + p, i, q, inverse, levels, signs);
    p += 4;
  }
  if (worst >= 0x7f800000) return 0;
  memory.copy(r, g, <usize>n << 2);
  if (levels == 1) {
    const bytes = (count + 7) >> 3;
    memory.copy(out, signs, bytes);
    out += bytes;
  }
  let start = body - 1;
  for (let c = count >> 7; c; c >>= 7) start--;
  putVarint(start, count);
  store<i32>(info, <i32>(out - start));
  store<i32>(info, overdrive, 4);
  return start;
}

let pos: usize = 0;
let stop: usize = 0;
let broken: bool = false;

/** Of at most five bytes, in its shortest form. */
function takeVarint(): u32 {
  let value: u64 = 0;
  for (let shift: u64 = 0; shift < 35; shift += 7) {
    if (pos >= stop) break;
    const byte = load<u8>(pos++);
    value |= <u64>(byte & 127) << shift;
    if (byte < 128) {
      if ((byte == 0 && shift > 0) || value > 0xffffffff) break;
      return <u32>value;
    }
  }
  broken = true;
  return 0;
}

/**
 * K += sign·map and w = round(w0 + q·K) where touched. The map is checked whole before anything
 * changes: answers 1 when its bytes are not the canonical encoding of a map of n entries, else 0.
 */
export function addMap(n: i32, w0: usize, K: usize, w: usize, q: f32, levels: i32, sign: i32, map: usize, length: i32): i32 {
  pos = map;
  stop = map + length;
  broken = false;
  const entries = takeVarint();
  if (broken || entries > <u32>n) return 1;
  const first = pos;
  let index: i64 = -1;
  for (let i: u32 = 0; i < entries; i++) {
    index += <i64>takeVarint() + 1;
    if (broken || index >= <i64>n) return 1;
    if (levels > 1) {
      const z = takeVarint();
      if (broken || z == 0 || ((z + 1) >> 1) > <u32>levels) return 1;
    }
  }
  const signs = pos;
  if (levels == 1) {
    const bytes = (entries + 7) >> 3;
    if (stop - pos != <usize>bytes) return 1;
    if (entries & 7 && load<u8>(stop - 1) >> (entries & 7)) return 1;
  } else if (pos != stop) return 1;

  pos = first;
  let at = -1;
  for (let i: u32 = 0; i < entries; i++) {
    at += <i32>takeVarint() + 1;
    let k: i32;
    if (levels == 1) k = (load<u8>(signs + (i >> 3)) >> (i & 7)) & 1 ? -1 : 1;
    else {
      const z = takeVarint();
      k = <i32>(z >> 1) ^ -(<i32>(z & 1));
    }
    const o = <usize>at << 2;
    const sum = load<i32>(K + o) + (sign < 0 ? -k : k);
    store<i32>(K + o, sum);
    store<f32>(w + o, load<f32>(w0 + o) + q * <f32>sum);
  }
  return 0;
}
