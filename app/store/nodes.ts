/**
 * All tree nodes of all stores and all kept heights, as columns of typed arrays; a node is its row number.
 *
 * Rows are never changed once their version is committed: a later block copies the path from the root to a changed leaf,
 * so every kept height is a root row and shares the rest. Row 0 is "no node". A row whose height is 0 is a leaf.
 */
import { nodeCrypto } from "#platform/crypto.js";

const HASH = 32;
const scratch = new Uint8Array(128);

export class Nodes {
  height = new Uint8Array(1024);
  /** leaves below (1 for a leaf) */
  size = new Uint32Array(1024);
  /** the block height that made the row */
  version = new Float64Array(1024);
  left = new Uint32Array(1024);
  right = new Uint32Array(1024);
  /** a leaf's key; of an inner node the smallest key of its right subtree */
  keys: (Uint8Array | undefined)[] = [undefined];
  values: (Uint8Array | undefined)[] = [undefined];
  #hash = new Uint8Array(1024 * HASH);
  #hashed = new Uint8Array(1024);
  #end = 1;
  #free: number[] = [];

  /** Rows in use. */
  get count(): number {
    return this.#end - 1 - this.#free.length;
  }

  take(): number {
    const id = this.#free.pop() ?? this.#end++;
    if (id >= this.height.length) this.#grow(id + 1);
    this.#hashed[id] = 0;
    return id;
  }

  release(id: number): void {
    this.keys[id] = undefined;
    this.values[id] = undefined;
    this.#free.push(id);
  }

  /** One more than the highest row that was ever in use. */
  get end(): number {
    return this.#end;
  }

  /** Leaves have a value, inner rows a key. */
  isUsed(id: number): boolean {
    return this.keys[id] !== undefined;
  }

  /** Forgets a row that was placed, without giving its number away. */
  drop(id: number): void {
    this.keys[id] = undefined;
    this.values[id] = undefined;
    this.height[id] = 0;
  }

  /** Puts a row read from disk at its own number; `seal` follows when all are there. */
  place(id: number): void {
    if (id >= this.height.length) this.#grow(id + 1);
    while (this.keys.length <= id) {
      this.keys.push(undefined);
      this.values.push(undefined);
    }
    this.#end = Math.max(this.#end, id + 1);
    this.#hashed[id] = 0;
  }

  /** After the rows of the disk are placed: the gaps between them are free. */
  seal(used: ReadonlySet<number>): void {
    this.#free = [];
    for (let id = this.#end - 1; id >= 1; id--) if (!used.has(id)) this.#free.push(id);
  }

  isHashed(id: number): boolean {
    return this.#hashed[id] === 1;
  }

  unhash(id: number): void {
    this.#hashed[id] = 0;
  }

  /** A view, valid until the columns grow: copy what is kept. */
  hashOf(id: number): Uint8Array {
    return this.#hash.subarray(id * HASH, id * HASH + HASH);
  }

  /** Height, size and version as cosmos/iavl writes them: signed (zigzag) varints. */
  header(id: number, out: Uint8Array): number {
    let at = writeZigzag(out, 0, this.height[id] as number);
    at = writeZigzag(out, at, this.size[id] as number);
    return writeZigzag(out, at, this.version[id] as number);
  }

  /** Hashes what is not hashed yet below a row, children first. */
  hashTree(id: number): void {
    if (id === 0 || this.#hashed[id] === 1) return;
    if (this.height[id] === 0) {
      this.#hashLeaf(id);
    } else {
      const left = this.left[id] as number;
      const right = this.right[id] as number;
      this.hashTree(left);
      this.hashTree(right);
      let at = this.header(id, scratch);
      scratch[at++] = HASH;
      scratch.set(this.hashOf(left), at);
      at += HASH;
      scratch[at++] = HASH;
      scratch.set(this.hashOf(right), at);
      at += HASH;
      this.#hash.set(nodeCrypto.sha256(scratch.subarray(0, at)), id * HASH);
    }
    this.#hashed[id] = 1;
  }

  #hashLeaf(id: number): void {
    const key = this.keys[id] as Uint8Array;
    const need = 64 + key.length;
    const buffer = need <= scratch.length ? scratch : new Uint8Array(need);
    let at = this.header(id, buffer);
    at = writeUvarint(buffer, at, key.length);
    buffer.set(key, at);
    at += key.length;
    buffer[at++] = HASH;
    buffer.set(nodeCrypto.sha256(this.values[id] as Uint8Array), at);
    at += HASH;
    this.#hash.set(nodeCrypto.sha256(buffer.subarray(0, at)), id * HASH);
  }

  #grow(wanted: number): void {
    let capacity = this.height.length;
    while (capacity < wanted) capacity *= 2;
    const grown = <T extends Uint8Array | Uint32Array | Float64Array>(next: T, old: T): T => {
      next.set(old);
      return next;
    };
    this.height = grown(new Uint8Array(capacity), this.height);
    this.size = grown(new Uint32Array(capacity), this.size);
    this.version = grown(new Float64Array(capacity), this.version);
    this.left = grown(new Uint32Array(capacity), this.left);
    this.right = grown(new Uint32Array(capacity), this.right);
    this.#hash = grown(new Uint8Array(capacity * HASH), this.#hash);
    this.#hashed = grown(new Uint8Array(capacity), this.#hashed);
  }
}

/** Unsigned LEB128; numbers below 2^53. Answers the position after it. */
export function writeUvarint(out: Uint8Array, at: number, value: number): number {
  while (value >= 128) {
    out[at++] = (value % 128) | 128;
    value = Math.floor(value / 128);
  }
  out[at++] = value;
  return at;
}

/** Go's signed varint of a non-negative number. */
export const writeZigzag = (out: Uint8Array, at: number, value: number): number => writeUvarint(out, at, value * 2);

export function uvarint(value: number): Uint8Array {
  const out = new Uint8Array(8);
  return out.slice(0, writeUvarint(out, 0, value));
}
