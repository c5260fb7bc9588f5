/**
 * The integer map: the only thing that ever changes a model. It is the encodings of its quantum groups one after the other,
 * each over the group's own entries; the empty map is 0x00 once for each group.
 *
 * Of a group: varint(count), then for every entry, indices ascending, varint(gap to the previous index − 1), the first gap counted
 * from −1. levels > 1: zigzag varint(k) after each gap. levels = 1: the signs follow all gaps as a bit string, least
 * significant bit first, 1 = negative, padding 0. One map has one encoding; everything else is refused.
 */
import type { Group } from "#engine/quanta.js";
import { concat } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";

export interface MapEntry {
  index: number;
  /** Quanta, never 0, |k| ≤ levels. */
  k: number;
}

/** What a map is read by: entries and levels of each group. */
export type MapGroups = readonly Pick<Group, "size" | "levels">[];

export const emptyMap = (groups: MapGroups): Uint8Array => new Uint8Array(groups.length);

/** Whether canonical bytes are the map without an entry. */
export const isEmptyMap = (groups: MapGroups, bytes: Uint8Array): boolean => bytes.length === groups.length;

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
  readMap([{ size: n, levels }], bytes, (_, index, k) => entries.push({ index, k }));
  return entries;
}

/** The map of K's entries, group by group. */
export function encodeGroups(groups: readonly Pick<Group, "size" | "levels" | "runs">[], K: Int32Array): Uint8Array {
  const parts = groups.map(({ size, levels, runs }) => {
    const entries: MapEntry[] = [];
    let base = 0;
    for (const run of runs) {
      for (let i = 0; i < run.size; i++) {
        const k = K[run.offset + i] as number;
        if (k !== 0) entries.push({ index: base + i, k });
      }
      base += run.size;
    }
    return encodeMap(size, levels, entries);
  });
  return concat(...parts);
}

export function checkMap(groups: MapGroups, bytes: Uint8Array): void {
  readMap(groups, bytes, () => undefined);
}

/** The map that undoes this one. */
export function negatedMap(groups: MapGroups, bytes: Uint8Array): Uint8Array {
  const entries: MapEntry[][] = groups.map(() => []);
  readMap(groups, bytes, (group, index, k) => (entries[group] as MapEntry[]).push({ index, k: -k }));
  return concat(...groups.map(({ size, levels }, g) => encodeMap(size, levels, entries[g] as MapEntry[])));
}

/** K += sign·map in place: for those without an engine. The bytes are checked before K changes. */
export function addMapTo(K: Int32Array, groups: readonly Group[], bytes: Uint8Array, sign: 1 | -1): void {
  checkMap(groups, bytes);
  const places = groups.map(({ runs }) => placesOf(runs));
  readMap(groups, bytes, (group, index, k) => {
    const at = (places[group] as (index: number) => number)(index);
    K[at] = (K[at] as number) + sign * k;
  });
}

/** Where the entries of a group lie in the parameter vector; asked for ascending. */
function placesOf(runs: Group["runs"]): (index: number) => number {
  let [run, base] = [0, 0];
  return (index) => {
    for (let at = runs[run]; at && index >= base + at.size; at = runs[run]) {
      base += at.size;
      run++;
    }
    return (runs[run] as Group["runs"][number]).offset + index - base;
  };
}

/** Calls `entry` for every entry, groups in their order, indices within a group ascending. */
function readMap(groups: MapGroups, bytes: Uint8Array, entry: (group: number, index: number, k: number) => void): void {
  const reader = new VarintReader(bytes);
  groups.forEach(({ size, levels }, g) => readGroup(reader, size, levels, (index, k) => entry(g, index, k)));
  if (reader.at !== bytes.length) throw new RangeError(`map: ${bytes.length - reader.at} trailing bytes`);
}

function readGroup(reader: VarintReader, n: number, levels: number, entry: (index: number, k: number) => void): void {
  const { bytes } = reader;
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
  if (!indices) return;
  const { at } = reader;
  const length = (count + 7) >> 3;
  if (bytes.length - at < length) throw new RangeError(`map: truncated in its signs`);
  if (count % 8 !== 0 && (bytes[at + length - 1] as number) >> (count % 8) !== 0) throw new RangeError("map: padding bit set");
  for (let i = 0; i < count; i++) entry(indices[i] as number, ((bytes[at + (i >> 3)] as number) >> (i & 7)) & 1 ? -1 : 1);
  reader.at += length;
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
