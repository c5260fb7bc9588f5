/** RFC 6962 Merkle tree over a slot's header hashes: leaf seq−1 holds the 32-byte hash of header seq. */
import { concat, equalBytes } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";
import { raw } from "../hash.js";

const LEAF = Uint8Array.of(0);

const leafHash = (hash: Hash, value: Uint8Array): Uint8Array => hash.sha256(concat(LEAF, value));

/** 1 ‖ left ‖ right. PERF: used again and again, since an array above 64 bytes is not made on JavaScript's own heap. */
const node = Uint8Array.of(1, ...new Uint8Array(64));
function nodeHash(hash: Hash, left: Uint8Array, right: Uint8Array): Uint8Array {
  node.set(raw(left, 32, "node"), 1);
  node.set(raw(right, 32, "node"), 33);
  return hash.sha256(node);
}

/** Root of the empty tree: sha256 of nothing. */
export const emptyRoot = (hash: Hash): Uint8Array => hash.sha256(new Uint8Array(0));

export class LogTree {
  /** levels[h][i]: root of the complete subtree of 2^h leaves that begins at leaf i·2^h. */
  readonly #levels: Uint8Array[][] = [[]];
  readonly #hash: Hash;

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  get size(): number {
    return (this.#levels[0] as Uint8Array[]).length;
  }

  append(headerHash: Uint8Array): void {
    let root = leafHash(this.#hash, raw(headerHash, 32, "header hash"));
    for (let h = 0; ; h++) {
      const level = (this.#levels[h] ??= []);
      level.push(root);
      if (level.length % 2 !== 0) return;
      root = nodeHash(this.#hash, level[level.length - 2] as Uint8Array, root);
    }
  }

  /** Drops leaves until `size` are left. */
  truncate(size: number): void {
    for (let h = 0; h < this.#levels.length; h++) {
      const level = this.#levels[h] as Uint8Array[];
      const keep = Math.floor(size / 2 ** h);
      if (level.length > keep) level.length = keep;
    }
  }

  /** Root over the first `size` leaves; all of them by default. */
  root(size: number = this.size): Uint8Array {
    this.#within(size);
    return size === 0 ? emptyRoot(this.#hash) : this.#subtree(0, size);
  }

  /** Inclusion proof of a leaf in the tree of the first `size` leaves, from the bottom up. */
  proof(leaf: number | bigint, size: number = this.size): Uint8Array[] {
    const index = Number(leaf);
    this.#within(size);
    if (!Number.isInteger(index) || index < 0 || index >= size) throw new RangeError(`log: leaf ${leaf} of a tree of ${size}`);
    const path: Uint8Array[] = [];
    let first = 0;
    let count = size;
    while (count > 1) {
      const k = split(count);
      if (index < first + k) {
        path.push(this.#subtree(first + k, count - k));
        count = k;
      } else {
        path.push(this.#subtree(first, k));
        first += k;
        count -= k;
      }
    }
    return path.reverse();
  }

  #within(size: number): void {
    if (!Number.isInteger(size) || size < 0 || size > this.size) throw new RangeError(`log: size ${size} of a tree of ${this.size}`);
  }

  #subtree(first: number, count: number): Uint8Array {
    // Every subtree that RFC 6962 splits off begins at a multiple of its size when that is a power of two.
    if ((count & (count - 1)) === 0) return (this.#levels[31 - Math.clz32(count)] as Uint8Array[])[first / count] as Uint8Array;
    const k = split(count);
    return nodeHash(this.#hash, this.#subtree(first, k), this.#subtree(first + k, count - k));
  }
}

/** Largest power of two below n, n > 1. */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** Whether `headerHash` is leaf `leaf` of the tree of `size` leaves that has this root (RFC 9162, section 2.1.3.2). */
export function verifyInclusion(hash: Hash, root: Uint8Array, size: number | bigint, leaf: number | bigint, headerHash: Uint8Array, proof: readonly Uint8Array[]): boolean {
  let fn = BigInt(leaf);
  let sn = BigInt(size) - 1n;
  if (fn < 0n || fn > sn || headerHash.length !== 32) return false;
  let got = leafHash(hash, headerHash);
  for (const sibling of proof) {
    if (sn === 0n || sibling.length !== 32) return false;
    if ((fn & 1n) === 1n || fn === sn) {
      got = nodeHash(hash, sibling, got);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      got = nodeHash(hash, got, sibling);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n && equalBytes(got, root);
}
