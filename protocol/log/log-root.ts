/**
 * RFC 6962 Merkle tree over a slot's header hashes: leaf seq−1 holds the 32-byte hash of header seq.
 *
 * Three ways to have it: LogTree keeps every node, LogFrontier only what the next root needs (log n hashes), and a proof in a
 * log that lies on disk is made from a few kept nodes, which are asked for by name (proofRuns, then proofFrom).
 */
import { concat, equalBytes } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";
import { raw } from "../hash.js";
import { HashColumn } from "./hash-column.js";

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
  readonly #levels: HashColumn[] = [new HashColumn()];
  readonly #hash: Hash;

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  get size(): number {
    return (this.#levels[0] as HashColumn).length;
  }

  append(headerHash: Uint8Array): void {
    let root = leafHash(this.#hash, raw(headerHash, 32, "header hash"));
    for (let h = 0; ; h++) {
      const level = (this.#levels[h] ??= new HashColumn());
      level.push(root);
      if (level.length % 2 !== 0) return;
      root = nodeHash(this.#hash, level.at(level.length - 2) as Uint8Array, root);
    }
  }

  /** Drops leaves until `size` are left. */
  truncate(size: number): void {
    this.#levels.forEach((level, h) => level.cut(Math.floor(size / 2 ** h)));
  }

  /** Root over the first `size` leaves; all of them by default. */
  root(size: number = this.size): Uint8Array {
    this.#within(size);
    return size === 0 ? emptyRoot(this.#hash) : this.#subtree(0, size);
  }

  /** Inclusion proof of a leaf in the tree of the first `size` leaves, from the bottom up. */
  proof(leaf: number | bigint, size: number = this.size): Uint8Array[] {
    this.#within(size);
    return siblings(Number(leaf), size).map(({ first, count }) => this.#subtree(first, count));
  }

  #within(size: number): void {
    if (!Number.isInteger(size) || size < 0 || size > this.size) throw new RangeError(`log: size ${size} of a tree of ${this.size}`);
  }

  #subtree(first: number, count: number): Uint8Array {
    // Every subtree that RFC 6962 splits off begins at a multiple of its size when that is a power of two.
    if ((count & (count - 1)) === 0) return (this.#levels[31 - Math.clz32(count)] as HashColumn).at(first / count) as Uint8Array;
    const k = split(count);
    return nodeHash(this.#hash, this.#subtree(first, k), this.#subtree(first + k, count - k));
  }
}

/** A run of neighbouring nodes of a level that is kept. Level 0: the header hashes themselves. */
export interface NodeRun {
  readonly level: number;
  readonly first: number;
  readonly count: number;
}

/** Levels that are multiples of this are kept: a sixteenth of the leaves and less, and eight reads make any node. */
const KEPT_EVERY = 4;

/** Root of a complete subtree, given to whoever keeps nodes. */
export type KeepNode = (level: number, index: number, root: Uint8Array) => void;

/** The roots of the complete subtrees of n leaves, the largest first: all that the next roots depend on. */
export class LogFrontier {
  readonly #hash: Hash;
  readonly #peaks: Uint8Array[];
  #size: number;

  constructor(hash: Hash, size = 0, peaks: readonly Uint8Array[] = []) {
    if (!Number.isSafeInteger(size) || size < 0 || subtrees(0, size).length !== peaks.length) throw new RangeError(`log: ${peaks.length} peaks of a tree of ${size}`);
    this.#hash = hash;
    this.#size = size;
    this.#peaks = peaks.map((p) => raw(p, 32, "peak"));
  }

  get size(): number {
    return this.#size;
  }

  /** `keep` is given the nodes of kept levels that this leaf completes. */
  append(headerHash: Uint8Array, keep?: KeepNode): void {
    let root = leafHash(this.#hash, raw(headerHash, 32, "header hash"));
    let index = this.#size;
    for (let level = 0; ; level++) {
      if (level > 0 && level % KEPT_EVERY === 0) keep?.(level, index, root);
      if (index % 2 === 0) break;
      root = nodeHash(this.#hash, this.#peaks.pop() as Uint8Array, root);
      index = (index - 1) / 2;
    }
    this.#peaks.push(root);
    this.#size++;
  }

  root(): Uint8Array {
    if (this.#size === 0) return emptyRoot(this.#hash);
    return this.#peaks.reduceRight((right, left) => nodeHash(this.#hash, left, right));
  }

  copy(): LogFrontier {
    return new LogFrontier(this.#hash, this.#size, this.#peaks);
  }

  /** u64 size, then the peaks. */
  encode(): Uint8Array {
    const out = new Uint8Array(8 + 32 * this.#peaks.length);
    new DataView(out.buffer).setBigUint64(0, BigInt(this.#size));
    this.#peaks.forEach((p, i) => out.set(p, 8 + 32 * i));
    return out;
  }

  static decode(hash: Hash, bytes: Uint8Array): LogFrontier {
    if (bytes.length < 8 || bytes.length % 32 !== 8) throw new RangeError(`log: a frontier of ${bytes.length} bytes`);
    const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0);
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`log: a frontier of ${size} leaves`);
    const peaks = Array.from({ length: (bytes.length - 8) / 32 }, (_, i) => bytes.slice(8 + 32 * i, 40 + 32 * i));
    return new LogFrontier(hash, Number(size), peaks);
  }

  /** What the frontier of `size` leaves is made from; from() takes them in this order. */
  static runs(size: number): NodeRun[] {
    return subtrees(0, size).map(runOf);
  }

  static from(hash: Hash, size: number, nodes: readonly (readonly Uint8Array[])[]): LogFrontier {
    const peaks = LogFrontier.runs(size).map((run, i) => rootOfRun(hash, run, nodes[i] ?? []));
    return new LogFrontier(hash, size, peaks);
  }
}

/** What the proof of a leaf in the tree of `size` leaves is made from; proofFrom takes them in this order. */
export function proofRuns(leaf: number | bigint, size: number): NodeRun[] {
  return siblings(Number(leaf), size).flatMap(({ first, count }) => subtrees(first, count).map(runOf));
}

/** The inclusion proof of a leaf, from the bottom up, from the nodes of proofRuns. */
export function proofFrom(hash: Hash, leaf: number | bigint, size: number, nodes: readonly (readonly Uint8Array[])[]): Uint8Array[] {
  let at = 0;
  return siblings(Number(leaf), size).map(({ first, count }) => {
    const roots = subtrees(first, count).map((s) => rootOfRun(hash, runOf(s), nodes[at++] ?? []));
    return roots.reduceRight((right, left) => nodeHash(hash, left, right));
  });
}

interface Leaves {
  readonly first: number;
  readonly count: number;
}

/** The leaves beside a leaf's path, from the bottom up. */
function siblings(leaf: number, size: number): Leaves[] {
  if (!Number.isSafeInteger(leaf) || leaf < 0 || leaf >= size) throw new RangeError(`log: leaf ${leaf} of a tree of ${size}`);
  const out: Leaves[] = [];
  let first = 0;
  let count = size;
  while (count > 1) {
    const k = split(count);
    if (leaf < first + k) {
      out.push({ first: first + k, count: count - k });
      count = k;
    } else {
      out.push({ first, count: k });
      first += k;
      count -= k;
    }
  }
  return out.reverse();
}

/** Complete subtrees that make up neighbouring leaves as RFC 6962 splits them: the largest first. */
function subtrees(first: number, count: number): { level: number; index: number }[] {
  const out: { level: number; index: number }[] = [];
  let at = first;
  for (let left = count; left > 0; ) {
    let level = 0;
    while (2 ** (level + 1) <= left) level++;
    out.push({ level, index: at / 2 ** level });
    at += 2 ** level;
    left -= 2 ** level;
  }
  return out;
}

function runOf({ level, index }: { level: number; index: number }): NodeRun {
  const up = level % KEPT_EVERY;
  return { level: level - up, first: index * 2 ** up, count: 2 ** up };
}

function rootOfRun(hash: Hash, run: NodeRun, nodes: readonly Uint8Array[]): Uint8Array {
  if (nodes.length !== run.count) throw new RangeError(`log: ${nodes.length} nodes of level ${run.level} from ${run.first}, want ${run.count}`);
  let row = run.level === 0 ? nodes.map((n) => leafHash(hash, raw(n, 32, "header hash"))) : nodes;
  while (row.length > 1) row = Array.from({ length: row.length / 2 }, (_, i) => nodeHash(hash, row[2 * i] as Uint8Array, row[2 * i + 1] as Uint8Array));
  return row[0] as Uint8Array;
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
