/**
 * What a copy of the store needs of it: the rows of a commit as they went to Level, and which rows and heights are gone. All
 * that is there goes the same way, in parts. Bytes lie in one buffer, which another thread takes over without copying.
 */
import { decodeRoots, encodeNode, encodeRoots, placeNode } from "./disk.js";
import { Nodes } from "./nodes.js";
import { type Batch, type ReadStore } from "./types.js";
import { type Roots, viewOf } from "./view.js";

export function packRows(nodes: Nodes, ids: Iterable<number>): Uint8Array {
  const encoded = [...ids].map((id) => ({ id, bytes: encodeNode(nodes, id) }));
  const out = new Uint8Array(encoded.reduce((n, r) => n + 8 + r.bytes.length, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const { id, bytes } of encoded) {
    view.setUint32(at, id);
    view.setUint32(at + 4, bytes.length);
    out.set(bytes, at + 8);
    at += 8 + bytes.length;
  }
  return out;
}

export const packRoots = (at: Roots): Batch["roots"][number] => ({ version: at.version, bytes: encodeRoots(at) });

/** Rows of one part of all that is there: some milliseconds of work. */
const PART = 4_000;

/**
 * All that is there, in parts. Commits between two parts are told to the copy after the last one, in order: whatever a row was
 * when it was read here, the last word on it is theirs.
 */
export function* parts(nodes: Nodes, versions: ReadonlyMap<number, Roots>): Generator<Batch> {
  const end = nodes.end;
  for (let from = 1; from < end; from += PART) {
    const ids = Array.from({ length: Math.min(PART, end - from) }, (_, i) => from + i).filter((id) => nodes.isUsed(id));
    yield { rows: packRows(nodes, ids), gone: new Uint32Array(0), roots: [], pruned: [] };
  }
  yield { rows: new Uint8Array(0), gone: new Uint32Array(0), roots: [...versions.values()].map(packRoots), pruned: [] };
}

/** The state of another thread's store, to read: its newest height and those that are kept. */
export class StoreCopy implements ReadStore {
  readonly #nodes = new Nodes();
  readonly #versions = new Map<number, Roots>();
  readonly #names: readonly string[];
  #last: Roots;
  /** Inner rows whose key, which is not on disk, is not known yet. */
  #keyless: number[] = [];

  /** `names`: every store of this program. */
  constructor(names: readonly string[]) {
    this.#names = [...names].sort();
    this.#last = { version: 0, appHash: new Uint8Array(0), roots: new Map() };
  }

  /** `whole`: every row that the batches so far speak of is there. */
  apply(batch: Batch, whole: boolean): void {
    const nodes = this.#nodes;
    for (const id of batch.gone) nodes.drop(id);
    const view = new DataView(batch.rows.buffer, batch.rows.byteOffset, batch.rows.length);
    for (let at = 0; at < batch.rows.length; ) {
      const id = view.getUint32(at);
      const length = view.getUint32(at + 4);
      placeNode(nodes, id, batch.rows.subarray(at + 8, at + 8 + length));
      if (nodes.height[id] !== 0) this.#keyless.push(id);
      at += 8 + length;
    }
    for (const { version, bytes } of batch.roots) {
      this.#last = decodeRoots(version, bytes);
      this.#versions.set(version, this.#last);
    }
    for (const v of batch.pruned) this.#versions.delete(v);
    if (whole) this.#findKeys();
  }

  /** An inner row's key is the smallest of its right subtree. */
  #findKeys(): void {
    const nodes = this.#nodes;
    const height = (id: number): number => nodes.height[id] ?? 0;
    for (const id of this.#keyless) {
      if (height(id) === 0) continue; // gone, or a leaf by now
      // A row that no kept height reaches may point to rows that are others' by now: heights fall on any true path.
      let above = id;
      let row = nodes.right[id] as number;
      while (height(row) > 0 && height(row) < height(above)) [above, row] = [row, nodes.left[row] as number];
      nodes.keys[id] = nodes.keys[row];
    }
    this.#keyless = [];
  }

  get version(): bigint {
    return BigInt(this.#last.version);
  }
  get appHash(): Uint8Array {
    return this.#last.appHash;
  }
  get oldest(): bigint {
    return BigInt(this.#oldest());
  }
  latest() {
    return this.#view(this.#last);
  }
  at(height: bigint) {
    const at = this.#versions.get(Number(height));
    return at && this.#view(at);
  }

  readonly #oldest = (): number => this.#versions.keys().next().value ?? 0;

  /** A store that this program has and the newest height has not is there, empty. */
  #view(at: Roots) {
    const known = at !== this.#last || this.#names.every((name) => at.roots.has(name));
    return viewOf(this.#nodes, known ? at : { ...at, roots: new Map(this.#names.map((name) => [name, at.roots.get(name) ?? 0])) }, this.#oldest);
  }
}
