/** Protocol section 3: from a gradient to an integer map, and from maps to weights. */

/**
 * The quanta of a model, a table of words that engine/exact.ts writes: how many groups, then of each eight words (runs,
 * entries, levels, q, 1/q, B, overdrive of the last iteration, unused) and its runs, offset and size of each.
 */
const GROUP: usize = 32;

/** w = round(w0 + q·K); q·K is exact, since q is a power of two and |K| < 2^24. */
export function makeWeights(table: usize, w0: usize, K: usize, w: usize): void {
  let group = table + 4;
  for (let left = load<i32>(table); left > 0; left--) {
    const q = load<f32>(group, 12);
    let run = group + GROUP;
    for (let runs = load<i32>(group); runs > 0; runs--) {
      const o = <usize>load<i32>(run) << 2;
      weightsOfRun(load<i32>(run, 4), w0 + o, K + o, q, w + o);
      run += 8;
    }
    group = run;
  }
}

function weightsOfRun(n: i32, w0: usize, K: usize, q: f32, w: usize): void {
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
/** Largest |g| so far, as bits: at 0x7f800000 something was not finite. */
let worst: i32 = 0;

/** One entry, where it stands in the gradient's place; a/q is exact, since q is a power of two. */
// @ts-ignore: decorator
@inline
function fire(at: usize, i: i32, q: f32, inverse: f32, bound: f32, levels: i32, signs: usize): void {
  const v = load<f32>(at);
  const t = v * inverse;
  const size = abs<f32>(t);
  if (size > <f32>levels) overdrive++;
  const k = size >= <f32>levels ? (t < 0 ? -levels : levels) : <i32>t;
  const left = v - q * <f32>k;
  store<f32>(at, left > bound ? bound : left < -bound ? -bound : left);
  putEntry(i, k, levels, signs);
}

/** Entries of a list that is encoded at once. */
const BLOCK: i32 = 1024;
const LIST: usize = memory.data(4 * 1024, 16);
const STEPS: usize = memory.data(4 * 1024, 16);

/** Byte shuffles that bring the lanes of a mask to the front, 16 masks; lanes behind them are never used. */
// prettier-ignore
const SQUEEZE: usize = memory.data<u8>([
  0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  4, 5, 6, 7, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 0, 1, 2, 3,
  8, 9, 10, 11, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 0, 1, 2, 3,
  4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3,
  12, 13, 14, 15, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 12, 13, 14, 15, 0, 1, 2, 3, 0, 1, 2, 3,
  4, 5, 6, 7, 12, 13, 14, 15, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 0, 1, 2, 3,
  8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3,
  4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
]);
/** By mask · 16 + signs: the sign bits of the mask's lanes, the first lane's lowest. */
// prettier-ignore
const SIGNS: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1,
  0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1,
  0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1,
  0, 1, 0, 1, 2, 3, 2, 3, 0, 1, 0, 1, 2, 3, 2, 3,
  0, 0, 1, 1, 2, 2, 3, 3, 0, 0, 1, 1, 2, 2, 3, 3,
  0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7,
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,
  0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 2, 3,
  0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3,
  0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7,
  0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3,
  0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7,
  0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
]);

/** Encodes what is listed. */
function putList(listed: i32, levels: i32): void {
  let o = out;
  let before = last;
  for (let e: usize = 0, end = <usize>listed << 2; e < end; e += 4) {
    const i = load<i32>(LIST + e);
    const gap = <u32>(i - before - 1);
    before = i;
    if (gap < 128) store<u8>(o++, gap);
    else o = putVarint(o, gap);
    if (levels > 1) {
      const k = load<i32>(STEPS + e);
      o = putVarint(o, (<u32>k << 1) ^ <u32>(k >> 31));
    }
  }
  out = o;
  last = before;
  count += listed;
}

/**
 * a = r − lr·clamp(g, ±most); if any g is not finite answers 0 and leaves r; else k = clamp(trunc(a/q)),
 * r = clamp(a − q·k, ±B), and the canonical encoding of the non-zero k, group by group, whose address is answered (within
 * `room`, from its eighth byte on or a little before). info: [length of the encoding, overdrive].
 * The gradient is overwritten. The caller has made sure that of |g| > most an |a| ≥ q follows: so where nothing fires
 * nothing is clamped.
 */
export function quantise(table: usize, n: i32, r: usize, g: usize, lr: f32, most: f32, room: usize, signs: usize, info: usize): usize {
  const body = room + 8;
  let start = body;
  out = body;
  worst = 0;
  let total = 0;
  let group = table + 4;
  const groups = load<i32>(table);
  for (let left = groups; left > 0; left--) {
    const first = left == groups;
    // The count comes before what is counted: it is written right before the first group's, the others move up to theirs.
    const begun = out;
    if (!first) out += 5;
    const content = out;
    const levels = load<i32>(group, 8);
    count = 0;
    last = -1;
    overdrive = 0;
    let base = 0;
    let run = group + GROUP;
    for (let runs = load<i32>(group); runs > 0; runs--) {
      const o = <usize>load<i32>(run) << 2;
      const size = load<i32>(run, 4);
      quantiseRun(size, base, r + o, g + o, lr, most, load<f32>(group, 12), load<f32>(group, 16), load<f32>(group, 20), levels, signs);
      base += size;
      run += 8;
    }
    if (levels == 1) {
      const bytes = (count + 7) >> 3;
      memory.copy(out, signs, bytes);
      out += bytes;
    }
    if (first) {
      start = body - 1;
      for (let c = count >> 7; c; c >>= 7) start--;
      putVarint(start, count);
    } else {
      const to = putVarint(begun, count);
      memory.copy(to, content, out - content);
      out -= content - to;
    }
    store<i32>(group, overdrive, 24);
    total += overdrive;
    group = run;
  }
  if (worst >= 0x7f800000) return 0;
  // The new residual was made in the gradient's place: what is null must not have touched r.
  memory.copy(r, g, <usize>n << 2);
  store<i32>(info, <i32>(out - start));
  store<i32>(info, total, 4);
  return start;
}

/** n entries side by side, whose first is entry `base` of its group. */
function quantiseRun(n: i32, base: i32, r: usize, g: usize, lr: f32, most: f32, q: f32, inverse: f32, bound: f32, levels: i32, signs: usize): void {
  const whole = n & ~3;
  const lrs = f32x4.splat(lr);
  const qs = f32x4.splat(q);
  const magnitude = i32x4.splat(0x7fffffff);
  const qBits = i32x4.splat(reinterpret<i32>(q));
  let top = i32x4.splat(0);
  let over = i32x4.splat(0);
  let p: usize = 0;
  const inverses = f32x4.splat(inverse);
  const mostLevels = f32x4.splat(<f32>levels);
  const leastLevels = f32x4.splat(-<f32>levels);
  const mostSteps = f32x4.splat(most);
  const leastSteps = f32x4.splat(-most);
  const mostLeft = f32x4.splat(bound);
  const leastLeft = f32x4.splat(-bound);
  const lanes = i32x4(0, 1, 2, 3);
  // Which lanes fire is a coin's toss to the branch predictor, so what fires is first squeezed into a list, without a branch.
  let listed = 0;
  let sign = signs + (count >> 3);
  let holding: u64 = count & 7;
  let held: u64 = holding ? <u64>load<u8>(sign) : 0;
  for (let i = 0; i < whole; i += 4) {
    // PERF: as a model learns few fire: where none of sixteen does, there is nothing to squeeze (3.7 times as fast when one in a hundred does).
    if ((i & 15) == 0 && i + 16 <= whole) {
      const a0 = f32x4.sub(v128.load(r + p), f32x4.mul(lrs, v128.load(g + p)));
      const a1 = f32x4.sub(v128.load(r + p, 16), f32x4.mul(lrs, v128.load(g + p, 16)));
      const a2 = f32x4.sub(v128.load(r + p, 32), f32x4.mul(lrs, v128.load(g + p, 32)));
      const a3 = f32x4.sub(v128.load(r + p, 48), f32x4.mul(lrs, v128.load(g + p, 48)));
      // Not finite is at least q, as bits.
      const largest = i32x4.max_s(i32x4.max_s(v128.and(a0, magnitude), v128.and(a1, magnitude)), i32x4.max_s(v128.and(a2, magnitude), v128.and(a3, magnitude)));
      if (!v128.any_true(i32x4.ge_s(largest, qBits))) {
        v128.store(g + p, a0);
        v128.store(g + p, a1, 16);
        v128.store(g + p, a2, 32);
        v128.store(g + p, a3, 48);
        p += 64;
        i += 12;
        continue;
      }
    }
    const given = v128.load(g + p);
    top = i32x4.max_s(top, v128.and(given, magnitude));
    const a = f32x4.sub(v128.load(r + p), f32x4.mul(lrs, f32x4.pmax(f32x4.pmin(given, mostSteps), leastSteps)));
    const firing = f32x4.ge(v128.and(a, magnitude), qs);
    const fired = i32x4.bitmask(firing);
    const t = f32x4.mul(a, inverses);
    const k = v128.and(f32x4.trunc(f32x4.pmin(f32x4.pmax(t, leastLevels), mostLevels)), firing);
    v128.store(g + p, f32x4.pmax(f32x4.pmin(f32x4.sub(a, f32x4.mul(qs, k)), mostLeft), leastLeft));
    over = i32x4.sub(over, v128.and(f32x4.gt(f32x4.abs(t), mostLevels), firing));
    const squeeze = v128.load(SQUEEZE + (<usize>fired << 4));
    v128.store(LIST + (<usize>listed << 2), i8x16.swizzle(i32x4.add(lanes, i32x4.splat(base + i)), squeeze));
    const more = popcnt(fired);
    if (levels == 1) {
      held |= <u64>load<u8>(SIGNS + <usize>(fired << 4 | i32x4.bitmask(a))) << holding;
      holding += <u64>more;
      if (holding >= 32) {
        store<u32>(sign, <u32>held);
        sign += 4;
        held >>= 32;
        holding -= 32;
      }
    } else v128.store(STEPS + (<usize>listed << 2), i8x16.swizzle(i32x4.trunc_sat_f32x4_s(k), squeeze));
    listed += more;
    p += 16;
    if (listed > BLOCK - 4) {
      putList(listed, levels);
      listed = 0;
    }
  }
  putList(listed, levels);
  store<u64>(sign, held);
  overdrive += i32x4.extract_lane(over, 0) + i32x4.extract_lane(over, 1) + i32x4.extract_lane(over, 2) + i32x4.extract_lane(over, 3);
  worst = max(worst, max(max(i32x4.extract_lane(top, 0), i32x4.extract_lane(top, 1)), max(i32x4.extract_lane(top, 2), i32x4.extract_lane(top, 3))));
  for (let i = whole; i < n; i++) {
    const given = load<f32>(g + p);
    worst = max(worst, reinterpret<i32>(given) & 0x7fffffff);
    const a = load<f32>(r + p) - lr * (given > most ? most : given < -most ? -most : given);
    store<f32>(g + p, a);
    if (abs<f32>(a) >= q) fire(g + p, base + i, q, inverse, bound, levels, signs);
    p += 4;
  }
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

let signsAt: usize = 0;

/** Whether a map of one group stands at `pos`, which is then behind it; where its signs begin comes to `signsAt`. */
function checkGroup(n: i32, levels: i32): bool {
  const entries = takeVarint();
  if (broken || entries > <u32>n) return false;
  let index: i64 = -1;
  for (let i: u32 = 0; i < entries; i++) {
    index += <i64>takeVarint() + 1;
    if (broken || index >= <i64>n) return false;
    if (levels > 1) {
      const z = takeVarint();
      if (broken || z == 0 || ((z + 1) >> 1) > <u32>levels) return false;
    }
  }
  signsAt = pos;
  if (levels > 1) return true;
  const bytes = (entries + 7) >> 3;
  if (stop - pos < <usize>bytes) return false;
  if (entries & 7 && load<u8>(pos + bytes - 1) >> (entries & 7)) return false;
  pos += bytes;
  return true;
}

/**
 * K += sign·map and w = round(w0 + q·K) where touched. The map is checked whole before anything
 * changes: answers 1 when its bytes are not the canonical encoding of a map of these groups, else 0.
 */
export function addMap(table: usize, w0: usize, K: usize, w: usize, sign: i32, map: usize, length: i32): i32 {
  const groups = load<i32>(table);
  pos = map;
  stop = map + length;
  broken = false;
  let group = table + 4;
  for (let left = groups; left > 0; left--) {
    if (!checkGroup(load<i32>(group, 4), load<i32>(group, 8))) return 1;
    group += GROUP + (<usize>load<i32>(group) << 3);
  }
  if (pos != stop) return 1;

  pos = map;
  group = table + 4;
  for (let left = groups; left > 0; left--) {
    const runs = load<i32>(group);
    const levels = load<i32>(group, 8);
    let signs: usize = 0;
    if (levels == 1) {
      // PERF: where the signs of the only group begin is known from the check.
      const first = pos;
      if (groups > 1) {
        checkGroup(load<i32>(group, 4), levels);
        pos = first;
      }
      signs = signsAt;
    }
    const entries = takeVarint();
    addEntries(entries, group, levels, w0, K, w, sign, signs);
    if (levels == 1) pos = signs + ((entries + 7) >> 3);
    group += GROUP + (<usize>runs << 3);
  }
  return 0;
}

function addEntries(entries: u32, group: usize, levels: i32, w0: usize, K: usize, w: usize, sign: i32, signs: usize): void {
  const q = load<f32>(group, 12);
  let run = group + GROUP;
  // The addresses are those of the group's entry 0, if it lay as the run does.
  let begun = <usize>load<i32>(run) << 2;
  let end = load<i32>(run, 4);
  let at = -1;
  if (load<i32>(group) == 1) {
    // PERF: one run is the usual: a comparison an entry more takes 12 % of the whole.
    for (let i: u32 = 0; i < entries; i++) {
      at += <i32>takeVarint() + 1;
      addEntry(begun + (<usize>at << 2), i, q, levels, w0, K, w, sign, signs);
    }
    return;
  }
  for (let i: u32 = 0; i < entries; i++) {
    at += <i32>takeVarint() + 1;
    while (at >= end) {
      run += 8;
      begun = <usize>(load<i32>(run) - end) << 2;
      end += load<i32>(run, 4);
    }
    addEntry(begun + (<usize>at << 2), i, q, levels, w0, K, w, sign, signs);
  }
}

/** Entry i of a map; `o` is its place in bytes. */
// @ts-ignore: decorator
@inline
function addEntry(o: usize, i: u32, q: f32, levels: i32, w0: usize, K: usize, w: usize, sign: i32, signs: usize): void {
  let k: i32;
  if (levels == 1) k = (load<u8>(signs + (i >> 3)) >> (i & 7)) & 1 ? -1 : 1;
  else {
    const z = takeVarint();
    k = <i32>(z >> 1) ^ -(<i32>(z & 1));
  }
  const sum = load<i32>(K + o) + (sign < 0 ? -k : k);
  store<i32>(K + o, sum);
  store<f32>(w + o, load<f32>(w0 + o) + q * <f32>sum);
}
