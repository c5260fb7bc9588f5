/** State in memory, of every height, in plain JavaScript: it works in a browser too. */
import type { KVStore } from "#kernel/store.js";

/** Keys as strings of code units 0 to 255: their order is the order of the bytes. */
const text = (key: Uint8Array): string => {
  // PERF: half of what a test chain does is this; short keys in one call, without an iterator.
  if (key.length <= 4096) return String.fromCharCode.apply(null, key as unknown as number[]);
  let s = "";
  for (let i = 0; i < key.length; i += 4096) s += text(key.subarray(i, i + 4096));
  return s;
};
function bytes(key: string): Uint8Array {
  const all = new Uint8Array(key.length);
  for (let i = 0; i < key.length; i++) all[i] = key.charCodeAt(i);
  return all;
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

interface Committed {
  readonly values: ReadonlyMap<string, Uint8Array>;
  /** ascending */
  readonly keys: readonly string[];
}
const NOTHING: Committed = { values: new Map(), keys: [] };

const readOnly = (): never => {
  throw new Error("committed state is read only");
};

function storeOf({ values, keys }: Committed): KVStore {
  const range = (start?: Uint8Array, end?: Uint8Array): string[] => keys.slice(start ? lowerBound(keys, text(start)) : 0, end ? lowerBound(keys, text(end)) : keys.length);
  const pairs = (list: readonly string[]): [Uint8Array, Uint8Array][] => list.map((k) => [bytes(k), (values.get(k) as Uint8Array).slice()]);
  return {
    get: (key) => values.get(text(key))?.slice(),
    has: (key) => values.has(text(key)),
    set: readOnly,
    delete: readOnly,
    iterate: (start, end) => pairs(range(start, end)),
    reverse: (start, end) => pairs(range(start, end).reverse()),
  };
}

export interface Stores {
  store(name: string): KVStore;
}

/** Committed heights; each keeps only the stores that changed in it. */
export class Heights {
  readonly #at = new Map<bigint, ReadonlyMap<string, Committed>>();
  #newest = 0n;

  constructor(readonly kept = 200n) {}

  get newest(): bigint {
    return this.#newest;
  }

  /** Undefined: pruned, or not there yet. */
  at(height: bigint): Stores | undefined {
    const stores = this.#at.get(height);
    return stores && { store: (name) => storeOf(stores.get(name) ?? NOTHING) };
  }

  latest(): Stores {
    return this.at(this.#newest) ?? { store: () => storeOf(NOTHING) };
  }

  commit(height: bigint, branch: Branch): void {
    const next = new Map(this.#at.get(this.#newest) ?? []);
    for (const [name, changes] of branch.changes()) {
      if (changes.size === 0) continue;
      const before = next.get(name) ?? NOTHING;
      const values = new Map(before.values);
      let moved = false;
      for (const [k, v] of changes) {
        moved ||= values.has(k) === (v === undefined);
        if (v === undefined) values.delete(k);
        else values.set(k, v);
      }
      next.set(name, { values, keys: moved ? [...values.keys()].sort((a, b) => (a < b ? -1 : 1)) : before.keys });
    }
    this.#at.set(height, next);
    this.#at.delete(height - this.kept);
    this.#newest = height;
  }
}

/** Writes kept beside a parent until they are committed to it. */
export class Branch implements Stores {
  readonly #changes = new Map<string, Map<string, Uint8Array | undefined>>();
  readonly #stores = new Map<string, KVStore>();

  constructor(private readonly parent: Stores) {}

  changes(): ReadonlyMap<string, ReadonlyMap<string, Uint8Array | undefined>> {
    return this.#changes;
  }

  /** Hands the writes to the parent, which is a branch too. */
  commit(): void {
    for (const [name, changes] of this.#changes) {
      const store = this.parent.store(name);
      for (const [k, v] of changes) {
        if (v === undefined) store.delete(bytes(k));
        else store.set(bytes(k), v);
      }
    }
    this.#changes.clear();
    this.#stores.clear();
  }

  store(name: string): KVStore {
    let store = this.#stores.get(name);
    if (!store) {
      const changes = this.#changes.get(name) ?? new Map<string, Uint8Array | undefined>();
      this.#changes.set(name, changes);
      this.#stores.set(name, (store = this.over(this.parent.store(name), changes)));
    }
    return store;
  }

  private over(below: KVStore, changes: Map<string, Uint8Array | undefined>): KVStore {
    const put = (key: Uint8Array, value: Uint8Array | undefined): void => {
      if (key.length === 0 || key.length > 65_535) throw new RangeError(`a key of ${key.length} bytes, want 1 to 65535`);
      changes.set(text(key), value && Uint8Array.from(value));
    };
    const walk = (start: Uint8Array | undefined, end: Uint8Array | undefined, sign: 1 | -1): Iterable<[Uint8Array, Uint8Array]> => {
      const from = start && text(start);
      const to = end && text(end);
      if (changes.size === 0) return sign === 1 ? below.iterate(start, end) : below.reverse(start, end);
      const all = new Map<string, Uint8Array>();
      for (const [k, v] of below.iterate(start, end)) all.set(text(k), v);
      for (const [k, v] of changes) {
        if ((from !== undefined && k < from) || (to !== undefined && k >= to)) continue;
        if (v === undefined) all.delete(k);
        else all.set(k, v.slice());
      }
      return [...all].sort(([a], [b]) => (a < b ? -sign : sign)).map(([k, v]) => [bytes(k), v]);
    };
    return {
      get(key) {
        const k = text(key);
        return changes.has(k) ? changes.get(k)?.slice() : below.get(key);
      },
      has(key) {
        const k = text(key);
        return changes.has(k) ? changes.get(k) !== undefined : below.has(key);
      },
      set: (key, value) => put(key, value),
      delete: (key) => put(key, undefined),
      iterate: (start, end) => walk(start, end, 1),
      reverse: (start, end) => walk(start, end, -1),
    };
  }
}
