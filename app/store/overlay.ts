/**
 * Writes kept beside a parent view: reads see them, the parent does not until commit(). The node stacks these: block over
 * committed state, transaction over block, message over transaction.
 */
import { type KVStore } from "#kernel/store.js";
import { type Change, type Stores } from "./types.js";

/** Keys as strings of code units 0 to 255: their `<` is the byte order, and a Map takes them. */
const text = (key: Uint8Array): string => Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1");
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

class OverlayStore implements KVStore {
  readonly #name: string;
  readonly #parent: KVStore;
  readonly #entries = new Map<string, Change>();
  /** sorted keys of #entries, except those in #unsorted */
  #sorted: string[] = [];
  #unsorted: string[] = [];

  constructor(name: string, parent: KVStore) {
    this.#name = name;
    this.#parent = parent;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    if (this.#entries.size > 0) {
      const entry = this.#entries.get(text(key));
      if (entry) return entry.value?.slice();
    }
    return this.#parent.get(key);
  }

  has(key: Uint8Array): boolean {
    if (this.#entries.size > 0) {
      const entry = this.#entries.get(text(key));
      if (entry) return entry.value !== undefined;
    }
    return this.#parent.has(key);
  }

  set(key: Uint8Array, value: Uint8Array): void {
    if (!(value instanceof Uint8Array)) throw new TypeError(`store ${this.#name}: a value must be bytes, got ${typeof value}`);
    this.#put(key, value instanceof Buffer ? new Uint8Array(value) : value); // a Buffer's slice() would share memory
  }

  delete(key: Uint8Array): void {
    this.#put(key, undefined);
  }

  #put(key: Uint8Array, value: Uint8Array | undefined): void {
    if (key.length === 0 || key.length > 65_535) throw new RangeError(`store ${this.#name}: a key of ${key.length} bytes, want 1 to 65535`);
    const id = text(key);
    const entry = this.#entries.get(id);
    if (entry) entry.value = value;
    else {
      this.#entries.set(id, { key: Uint8Array.from(key), value });
      this.#unsorted.push(id);
    }
  }

  #keys(): readonly string[] {
    const fresh = this.#unsorted;
    if (fresh.length === 0) return this.#sorted;
    // PERF: a write between two walks inserts one key; only a burst pays for a sort.
    if (fresh.length <= 4) for (const key of fresh) this.#sorted.splice(lowerBound(this.#sorted, key), 0, key);
    else this.#sorted = [...this.#sorted, ...fresh.sort(order)].sort(order);
    this.#unsorted = [];
    return this.#sorted;
  }

  /** Own entries with start ≤ key < end, ascending, as of now. */
  #range(start: Uint8Array | undefined, end: Uint8Array | undefined): Change[] {
    if (this.#entries.size === 0) return [];
    const keys = this.#keys();
    const from = start ? lowerBound(keys, text(start)) : 0;
    const to = end ? lowerBound(keys, text(end)) : keys.length;
    const out: Change[] = [];
    for (let i = from; i < to; i++) {
      const { key, value } = this.#entries.get(keys[i] as string) as Change;
      out.push({ key, value });
    }
    return out;
  }

  iterate(start?: Uint8Array, end?: Uint8Array): Iterable<[Uint8Array, Uint8Array]> {
    const own = this.#range(start, end);
    const below = this.#parent.iterate(start, end);
    return own.length === 0 ? below : merged(own, below, 1);
  }

  reverse(start?: Uint8Array, end?: Uint8Array): Iterable<[Uint8Array, Uint8Array]> {
    const own = this.#range(start, end).reverse();
    const below = this.#parent.reverse(start, end);
    return own.length === 0 ? below : merged(own, below, -1);
  }

  changes(): Change[] {
    return this.#range(undefined, undefined);
  }

  clear(): void {
    this.#entries.clear();
    this.#sorted = [];
    this.#unsorted = [];
  }
}

/** First position whose key is not below the wanted one. */
function lowerBound(keys: readonly string[], wanted: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Own entries over the parent's, both in the same direction. */
function* merged(own: Change[], below: Iterable<[Uint8Array, Uint8Array]>, direction: 1 | -1): Generator<[Uint8Array, Uint8Array]> {
  let at = 0;
  for (const pair of below) {
    let hidden = false;
    while (at < own.length) {
      const { key, value } = own[at] as Change;
      const c = Buffer.compare(key, pair[0]) * direction;
      if (c > 0) break;
      at++;
      if (value !== undefined) yield [key, value.slice()];
      if (c === 0) {
        hidden = true;
        break;
      }
    }
    if (!hidden) yield pair;
  }
  for (; at < own.length; at++) {
    const { key, value } = own[at] as Change;
    if (value !== undefined) yield [key, value.slice()];
  }
}

export class Overlay implements Stores {
  readonly #parent: Stores;
  readonly #stores = new Map<string, OverlayStore>();

  constructor(parent: Stores) {
    this.#parent = parent;
  }

  store(name: string): KVStore {
    let store = this.#stores.get(name);
    if (!store) {
      store = new OverlayStore(name, this.#parent.store(name));
      this.#stores.set(name, store);
    }
    return store;
  }

  branch(): Overlay {
    return new Overlay(this);
  }

  /** Moves the writes into the parent overlay; this one is then empty and goes on over it. */
  commit(): void {
    if (!(this.#parent instanceof Overlay)) throw new Error("an Overlay over committed state has nothing to commit into: hand its changes() to prepare()");
    for (const [name, store] of this.#stores) {
      const changes = store.changes();
      if (changes.length === 0) continue;
      const into = this.#parent.store(name);
      for (const { key, value } of changes) {
        if (value === undefined) into.delete(key);
        else into.set(key, value);
      }
      store.clear();
    }
  }

  /** Writes since the start or the last commit: per store, ascending by key. Stores without any are left out. */
  changes(): Map<string, Change[]> {
    const out = new Map<string, Change[]>();
    for (const [name, store] of this.#stores) {
      const changes = store.changes();
      if (changes.length > 0) out.set(name, changes);
    }
    return out;
  }
}
