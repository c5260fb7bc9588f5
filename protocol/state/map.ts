/**
 * The integer map: the only thing that ever changes a model.
 *
 * varint(count), then for every entry, indices ascending, varint(gap to the previous index − 1), the first gap counted
 * from −1. levels > 1: zigzag varint(k) after each gap. levels = 1: the signs follow all gaps as a bit string, least
 * significant bit first, 1 = negative, padding 0. One map has one encoding; everything else is refused.
 */
import type { Hash } from "#kernel/crypto.js";

export interface MapEntry {
  index: number;
  /** Quanta, never 0, |k| ≤ levels. */
  k: number;
}

export const EMPTY_MAP: Uint8Array = Uint8Array.of(0);

export const mapHash = (hash: Hash, bytes: Uint8Array): Uint8Array => hash.sha256(bytes);

/** Longest encoding of a map of n entries. */
export const maxMapBytes = (n: number, levels: number): number => 5 + 5 * n + (levels > 1 ? 5 * n : (n + 7) >> 3);

export function encodeMap(n: number, levels: number, entries: readonly MapEntry[]): Uint8Array {
  const out: number[] = [];
  varint(out, entries.length);
  let previous = -1;
  for (const { index, k } of entries) {
    if (!Number.isInteger(index) || index <= previous || index >= n) throw new RangeError(`map: index ${index} after ${previous}, want ascending and below ${n}`);
    if (!Number.isInteger(k) || k === 0 || k > levels || k < -levels) throw new RangeError(`map: entry ${k} at ${index}, want 1 … ${levels} or its negative`);
    varint(out, index - previous - 1);
    if (levels > 1) varint(out, k > 0 ? 2 * k : -2 * k - 1);
    previous = index;
  }
  if (levels === 1) {
    for (let at = 0; at < entries.length; at += 8) {
      let byte = 0;
      for (let j = 0; j < 8 && at + j < entries.length; j++) if ((entries[at + j] as MapEntry).k < 0) byte |= 1 << j;
      out.push(byte);
    }
  }
  return Uint8Array.from(out);
}

/** Throws on every encoding but the canonical one. */
export function decodeMap(n: number, levels: number, bytes: Uint8Array): MapEntry[] {
  const entries: MapEntry[] = [];
  readMap(n, levels, bytes, (index, k) => entries.push({ index, k }));
  return entries;
}

export function checkMap(n: number, levels: number, bytes: Uint8Array): void {
  readMap(n, levels, bytes, () => undefined);
}

/** How many entries canonical bytes have. */
export function mapCount(bytes: Uint8Array): number {
  return new VarintReader(bytes).next();
}

/** The map that undoes this one. */
export const negatedMap = (n: number, levels: number, bytes: Uint8Array): Uint8Array =>
  encodeMap(n, levels, decodeMap(n, levels, bytes).map(({ index, k }) => ({ index, k: -k })));

/** K += sign·map in place: for those without an engine. The bytes are checked before K changes. */
export function addMapTo(K: Int32Array, levels: number, bytes: Uint8Array, sign: 1 | -1): void {
  for (const { index, k } of decodeMap(K.length, levels, bytes)) K[index] = (K[index] as number) + sign * k;
}

function readMap(n: number, levels: number, bytes: Uint8Array, entry: (index: number, k: number) => void): void {
  const reader = new VarintReader(bytes);
  const count = reader.next();
  if (count > n) throw new RangeError(`map: ${count} entries of ${n} parameters`);
  const indices = levels === 1 ? new Uint32Array(count) : undefined;
  let previous = -1;
  for (let i = 0; i < count; i++) {
    const index = previous + 1 + reader.next();
    if (index >= n) throw new RangeError(`map: index ${index}, want below ${n}`);
    previous = index;
    if (indices) {
      indices[i] = index;
      continue;
    }
    const z = reader.next();
    const k = z % 2 === 0 ? z / 2 : -(z + 1) / 2;
    if (k === 0) throw new RangeError(`map: entry 0 at index ${index}`);
    if (k > levels || k < -levels) throw new RangeError(`map: entry ${k} at index ${index}, want at most ${levels}`);
    entry(index, k);
  }
  let at = reader.at;
  if (indices) {
    const length = (count + 7) >> 3;
    if (bytes.length - at < length) throw new RangeError(`map: truncated in its signs`);
    if (count % 8 !== 0 && (bytes[at + length - 1] as number) >> (count % 8) !== 0) throw new RangeError("map: padding bit set");
    for (let i = 0; i < count; i++) entry(indices[i] as number, ((bytes[at + (i >> 3)] as number) >> (i & 7)) & 1 ? -1 : 1);
    at += length;
  }
  if (at !== bytes.length) throw new RangeError(`map: ${bytes.length - at} trailing bytes`);
}

function varint(out: number[], value: number): void {
  let v = value;
  while (v >= 0x80) {
    out.push((v % 0x80) | 0x80);
    v = Math.floor(v / 0x80);
  }
  out.push(v);
}

/** Minimal varints of up to 32 bits: no index, gap or zigzag value of a task needs more. */
class VarintReader {
  at = 0;
  constructor(readonly bytes: Uint8Array) {}

  next(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 5; i++) {
      const b = this.bytes[this.at++];
      if (b === undefined) throw new RangeError("map: truncated");
      value += (b & 0x7f) * scale;
      if (b < 0x80) {
        if (b === 0 && i > 0) throw new RangeError("map: varint not minimal");
        if (value > 0xffffffff) throw new RangeError("map: varint above 32 bits");
        return value;
      }
      scale *= 0x80;
    }
    throw new RangeError("map: varint longer than 5 bytes");
  }
}
