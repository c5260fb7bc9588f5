/**
 * The IAVL algorithms over rows of `Nodes`: the same insertions, removals and rotations as cosmos/iavl v1, because the
 * tree's shape is part of the app hash. A key's sequence of writes within one version must be the caller's sorted one.
 */
import { compareBytes } from "#kernel/bytes.js";
import { type Nodes } from "./nodes.js";

/** The changes of one version, in every store. Rows of this version are changed in place, older ones are copied. */
export class TreeWriter {
  readonly #n: Nodes;
  readonly #version: number;
  /** every row this version took, dropped ones included */
  readonly #taken: number[] = [];
  readonly #dropped = new Set<number>();
  /** rows of earlier versions that are no longer part of the tree */
  readonly orphans: number[] = [];
  // results of the recursion besides the node itself
  #updated = false;
  #removed = false;
  #newKey: Uint8Array | undefined;

  constructor(nodes: Nodes, version: number) {
    this.#n = nodes;
    this.#version = version;
  }

  /** Sets a key below `root` (0: empty) and answers the new root. Key and value are kept: hand over copies. */
  set(root: number, key: Uint8Array, value: Uint8Array): number {
    if (root === 0) return this.#leaf(key, value);
    this.#updated = false;
    return this.#set(root, key, value);
  }

  /** Removes a key if it is there; 0 when nothing is left. */
  remove(root: number, key: Uint8Array): number {
    if (root === 0) return 0;
    this.#removed = false;
    this.#newKey = undefined;
    const next = this.#remove(root, key);
    return this.#removed ? next : root;
  }

  /** Rows of this version that are part of a tree. */
  created(): number[] {
    return this.#dropped.size === 0 ? this.#taken : this.#taken.filter((id) => !this.#dropped.has(id));
  }

  /** Gives back the rows that were taken and dropped again within this version. Once, before the version is committed. */
  releaseDropped(): void {
    for (const id of this.#dropped) this.#n.release(id);
  }

  /** Gives back everything: the version is not going to be committed. */
  abandon(): void {
    for (const id of this.#taken) this.#n.release(id);
  }

  #take(height: number, size: number, key: Uint8Array): number {
    const n = this.#n;
    const id = n.take();
    n.height[id] = height;
    n.size[id] = size;
    n.version[id] = this.#version;
    n.left[id] = 0;
    n.right[id] = 0;
    n.keys[id] = key;
    n.values[id] = undefined;
    this.#taken.push(id);
    return id;
  }

  #leaf(key: Uint8Array, value: Uint8Array): number {
    const id = this.#take(0, 1, key);
    this.#n.values[id] = value;
    return id;
  }

  /** Two leaves under a new node; the key of the right one parts them. */
  #pair(left: number, right: number): number {
    const n = this.#n;
    const id = this.#take(1, 2, n.keys[right] as Uint8Array);
    n.left[id] = left;
    n.right[id] = right;
    return id;
  }

  #drop(id: number): void {
    if (this.#n.version[id] === this.#version) this.#dropped.add(id);
    else this.orphans.push(id);
  }

  #own(id: number): number {
    const n = this.#n;
    if (n.version[id] === this.#version) return id;
    const copy = this.#take(n.height[id] as number, n.size[id] as number, n.keys[id] as Uint8Array);
    n.left[copy] = n.left[id] as number;
    n.right[copy] = n.right[id] as number;
    this.orphans.push(id);
    return copy;
  }

  #set(id: number, key: Uint8Array, value: Uint8Array): number {
    const n = this.#n;
    const order = compareBytes(key, n.keys[id] as Uint8Array);
    if (n.height[id] === 0) {
      if (order === 0) {
        this.#updated = true;
        this.#drop(id);
        return this.#leaf(n.keys[id] as Uint8Array, value);
      }
      const leaf = this.#leaf(key, value);
      return order < 0 ? this.#pair(leaf, id) : this.#pair(id, leaf);
    }
    const own = this.#own(id);
    if (order < 0) {
      const child = this.#set(n.left[own] as number, key, value);
      n.left[own] = child;
    } else {
      const child = this.#set(n.right[own] as number, key, value);
      n.right[own] = child;
    }
    if (this.#updated) return own;
    this.#measure(own);
    return this.#balance(own);
  }

  /** Answers the node that takes this one's place (0: none) and, in #newKey, the new smallest key when that changed. */
  #remove(id: number, key: Uint8Array): number {
    const n = this.#n;
    const order = compareBytes(key, n.keys[id] as Uint8Array);
    if (n.height[id] === 0) {
      if (order !== 0) return id;
      this.#removed = true;
      this.#drop(id);
      return 0;
    }
    if (order < 0) {
      const child = this.#remove(n.left[id] as number, key);
      if (!this.#removed) return id;
      if (child === 0) {
        this.#newKey = n.keys[id];
        this.#drop(id);
        return n.right[id] as number;
      }
      const own = this.#own(id);
      n.left[own] = child;
      this.#measure(own);
      return this.#balance(own);
    }
    const child = this.#remove(n.right[id] as number, key);
    if (!this.#removed) return id;
    if (child === 0) {
      this.#drop(id);
      return n.left[id] as number;
    }
    const own = this.#own(id);
    n.right[own] = child;
    if (this.#newKey) {
      n.keys[own] = this.#newKey;
      this.#newKey = undefined;
    }
    this.#measure(own);
    return this.#balance(own);
  }

  #measure(id: number): void {
    const n = this.#n;
    const l = n.left[id] as number;
    const r = n.right[id] as number;
    n.height[id] = Math.max(n.height[l] as number, n.height[r] as number) + 1;
    n.size[id] = (n.size[l] as number) + (n.size[r] as number);
  }

  #lean(id: number): number {
    const n = this.#n;
    return (n.height[n.left[id] as number] as number) - (n.height[n.right[id] as number] as number);
  }

  #balance(id: number): number {
    const n = this.#n;
    const lean = this.#lean(id);
    if (lean > 1) {
      const left = n.left[id] as number;
      if (this.#lean(left) < 0) {
        const turned = this.#rotateLeft(left);
        n.left[id] = turned;
      }
      return this.#rotateRight(id);
    }
    if (lean < -1) {
      const right = n.right[id] as number;
      if (this.#lean(right) > 0) {
        const turned = this.#rotateRight(right);
        n.right[id] = turned;
      }
      return this.#rotateLeft(id);
    }
    return id;
  }

  #rotateRight(node: number): number {
    const n = this.#n;
    const down = this.#own(node);
    const up = this.#own(n.left[down] as number);
    n.left[down] = n.right[up] as number;
    n.right[up] = down;
    this.#measure(down);
    this.#measure(up);
    return up;
  }

  #rotateLeft(node: number): number {
    const n = this.#n;
    const down = this.#own(node);
    const up = this.#own(n.right[down] as number);
    n.right[down] = n.left[up] as number;
    n.left[up] = down;
    this.#measure(down);
    this.#measure(up);
    return up;
  }
}

/** The leaf row that holds a key; 0 when there is none. */
export function find(n: Nodes, root: number, key: Uint8Array): number {
  let id = root;
  if (id === 0) return 0;
  while (n.height[id] !== 0) {
    id = (compareBytes(key, n.keys[id] as Uint8Array) < 0 ? n.left[id] : n.right[id]) as number;
  }
  return compareBytes(key, n.keys[id] as Uint8Array) === 0 ? id : 0;
}

/** Leaf rows with start ≤ key < end, ascending. */
export function* ascend(n: Nodes, root: number, start?: Uint8Array, end?: Uint8Array): Generator<number> {
  if (root === 0) return;
  const later: number[] = [];
  let from = start;
  let id = root;
  for (;;) {
    while (n.height[id] !== 0) {
      if (from === undefined || compareBytes(from, n.keys[id] as Uint8Array) < 0) {
        later.push(n.right[id] as number);
        id = n.left[id] as number;
      } else {
        id = n.right[id] as number;
      }
    }
    const key = n.keys[id] as Uint8Array;
    if (end !== undefined && compareBytes(key, end) >= 0) return;
    if (from === undefined || compareBytes(key, from) >= 0) yield id;
    from = undefined; // every later leaf is above it
    const next = later.pop();
    if (next === undefined) return;
    id = next;
  }
}

/** Leaf rows with start ≤ key < end, descending. */
export function* descend(n: Nodes, root: number, start?: Uint8Array, end?: Uint8Array): Generator<number> {
  if (root === 0) return;
  const later: number[] = [];
  let below = end;
  let id = root;
  for (;;) {
    while (n.height[id] !== 0) {
      if (below === undefined || compareBytes(below, n.keys[id] as Uint8Array) > 0) {
        later.push(n.left[id] as number);
        id = n.right[id] as number;
      } else {
        id = n.left[id] as number;
      }
    }
    const key = n.keys[id] as Uint8Array;
    if (start !== undefined && compareBytes(key, start) < 0) return;
    if (below === undefined || compareBytes(key, below) < 0) yield id;
    below = undefined;
    const next = later.pop();
    if (next === undefined) return;
    id = next;
  }
}

/** The leaf at a rank (0 is the smallest key). */
export function leafAt(n: Nodes, root: number, rank: number): number {
  let id = root;
  while (n.height[id] !== 0) {
    const left = n.left[id] as number;
    const below = n.size[left] as number;
    if (rank < below) id = left;
    else {
      rank -= below;
      id = n.right[id] as number;
    }
  }
  return id;
}

/** How many keys are below `key`. */
export function rankOf(n: Nodes, root: number, key: Uint8Array): number {
  if (root === 0) return 0;
  let rank = 0;
  let id = root;
  while (n.height[id] !== 0) {
    const left = n.left[id] as number;
    if (compareBytes(key, n.keys[id] as Uint8Array) < 0) id = left;
    else {
      rank += n.size[left] as number;
      id = n.right[id] as number;
    }
  }
  return compareBytes(n.keys[id] as Uint8Array, key) < 0 ? rank + 1 : rank;
}
