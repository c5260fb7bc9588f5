/**
 * What lies in Level: `n` row → node, `r` height → roots, `o` height → rows that left the tree at that height,
 * `m` name → side value, `h` → the last committed height. Keys are big-endian, so a range read is in order.
 * Hashes are not stored: they are recomputed at start and must give the stored app hash, which finds a damaged file.
 */
import { readU32be, readU64be, u32be, u64be, utf8, concat } from "#kernel/bytes.js";
import { type Nodes } from "./nodes.js";
import { type Roots } from "./view.js";

export const PREFIX = { node: 0x6e, roots: 0x72, orphans: 0x6f, meta: 0x6d, height: 0x68, format: 0x66 } as const;
export const FORMAT = 1;

const head = (prefix: number): Uint8Array => Uint8Array.of(prefix);

export function nodeKey(id: number): Uint8Array {
  const out = new Uint8Array(5);
  out[0] = PREFIX.node;
  new DataView(out.buffer).setUint32(1, id);
  return out;
}
export const rootsKey = (version: number): Uint8Array => concat(head(PREFIX.roots), u64be(version));
export const orphansKey = (version: number): Uint8Array => concat(head(PREFIX.orphans), u64be(version));
export const metaKey = (name: string): Uint8Array => concat(head(PREFIX.meta), utf8(name));
export const heightKey: Uint8Array = head(PREFIX.height);
export const formatKey: Uint8Array = head(PREFIX.format);

/** height u8, version u64, then of a leaf: key length u32, key, value; of an inner node: size, left, right u32. */
export function encodeNode(n: Nodes, id: number): Uint8Array {
  const height = n.height[id] as number;
  if (height === 0) {
    const key = n.keys[id] as Uint8Array;
    const value = n.values[id] as Uint8Array;
    const out = new Uint8Array(13 + key.length + value.length);
    const view = new DataView(out.buffer);
    view.setBigUint64(1, BigInt(n.version[id] as number));
    view.setUint32(9, key.length);
    out.set(key, 13);
    out.set(value, 13 + key.length);
    return out;
  }
  const out = new Uint8Array(21);
  const view = new DataView(out.buffer);
  out[0] = height;
  view.setBigUint64(1, BigInt(n.version[id] as number));
  view.setUint32(9, n.size[id] as number);
  view.setUint32(13, n.left[id] as number);
  view.setUint32(17, n.right[id] as number);
  return out;
}

export function placeNode(n: Nodes, id: number, bytes: Uint8Array): void {
  n.place(id);
  const height = bytes[0] as number;
  n.height[id] = height;
  n.version[id] = Number(readU64be(bytes, 1));
  if (height === 0) {
    const keyEnd = 13 + readU32be(bytes, 9);
    n.size[id] = 1;
    n.left[id] = 0;
    n.right[id] = 0;
    n.keys[id] = bytes.slice(13, keyEnd);
    n.values[id] = bytes.slice(keyEnd);
  } else {
    n.size[id] = readU32be(bytes, 9);
    n.left[id] = readU32be(bytes, 13);
    n.right[id] = readU32be(bytes, 17);
  }
}

/** app hash (32), then per store: name length u8, name, root u32. */
export function encodeRoots(at: Roots): Uint8Array {
  const parts: Uint8Array[] = [at.appHash];
  for (const [name, root] of at.roots) {
    const key = utf8(name);
    parts.push(Uint8Array.of(key.length), key, u32be(root));
  }
  return concat(...parts);
}

export function decodeRoots(version: number, bytes: Uint8Array): Roots {
  const roots = new Map<string, number>();
  let at = 32;
  while (at < bytes.length) {
    const end = at + 1 + (bytes[at] as number);
    roots.set(new TextDecoder().decode(bytes.subarray(at + 1, end)), readU32be(bytes, end));
    at = end + 4;
  }
  return { version, appHash: bytes.slice(0, 32), roots };
}

export function encodeIds(ids: readonly number[]): Uint8Array {
  const out = new Uint8Array(4 * ids.length);
  const view = new DataView(out.buffer);
  ids.forEach((id, i) => view.setUint32(4 * i, id));
  return out;
}

export function decodeIds(bytes: Uint8Array): number[] {
  return Array.from({ length: bytes.length / 4 }, (_, i) => readU32be(bytes, 4 * i));
}
