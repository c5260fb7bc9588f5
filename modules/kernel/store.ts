/**
 * Views of the authenticated state: ordered byte keys and values, and typed records over them.
 *
 * A module declares its store in its store.ts: every prefix with what stands below it, those of former versions too, since a
 * byte that was used once is never used for anything else.
 */
import { type Codec } from "#proto/wire.js";
import { asciiText, concat, EMPTY, fromBigInt, readU64be, toBigInt, u64be, utf8 } from "./bytes.js";
import type { Environment } from "./environment.js";
import { type Key, type Leading } from "./keys.js";

/** One named store's view in one block or transaction. Keys are 1 to 65,535 bytes; values are never undefined, may be empty. */
export interface KVStore {
  get(key: Uint8Array): Uint8Array | undefined;
  has(key: Uint8Array): boolean;
  set(key: Uint8Array, value: Uint8Array): void;
  delete(key: Uint8Array): void;
  /** Ascending over start ≤ key < end (undefined: no bound). The store may not be written while it is walked. */
  iterate(start?: Uint8Array, end?: Uint8Array): Iterable<[Uint8Array, Uint8Array]>;
  reverse(start?: Uint8Array, end?: Uint8Array): Iterable<[Uint8Array, Uint8Array]>;
}

/** State as it can be read: its stores, and what a program knows before any state. */
export interface View extends Environment {
  store(name: string): KVStore;
}

/** The smallest key above every key that begins with `prefix`; undefined when there is none. */
export function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  const end = Uint8Array.from(prefix);
  for (let i = end.length - 1; i >= 0; i--) {
    const b = end[i] as number;
    if (b < 255) {
      end[i] = b + 1;
      return end.subarray(0, i + 1);
    }
  }
  return undefined;
}

/** How a value stands in the store. */
export interface ValueCodec<V> {
  encode(value: V): Uint8Array;
  decode(bytes: Uint8Array): V;
}

export const rawValue: ValueCodec<Uint8Array> = { encode: (v) => v, decode: (b) => b };
export const u64Value: ValueCodec<bigint> = { encode: (v) => u64be(v), decode: (b) => readU64be(b) };
/** 32 bytes, big-endian */
export const u256Value: ValueCodec<bigint> = { encode: (v) => fromBigInt(v, 32), decode: (b) => toBigInt(b) };
/** ASCII */
export const textValue: ValueCodec<string> = { encode: (v) => utf8(v), decode: asciiText };
/** a decimal number, as the Cosmos SDK keeps amounts */
export const decimalValue: ValueCodec<bigint> = { encode: (v) => utf8(`${v}`), decode: (b) => BigInt(asciiText(b)) };
const noValue: ValueCodec<true> = { encode: () => EMPTY, decode: () => true };

/** A protobuf record whose domain type is another than its wire type. */
export const record = <W, D>(codec: Codec<W>, parse: (wire: W) => D, wire: (domain: D) => W): ValueCodec<D> => ({
  encode: (v) => codec.encode(wire(v)),
  decode: (b) => parse(codec.decode(b)),
});

/** Which records of a map, ascending unless `reverse`. Bounds combine. */
export interface Range<K extends readonly unknown[]> {
  /** those whose key begins with these parts */
  readonly prefix?: Leading<K>;
  /** from the first key with these leading parts on */
  readonly from?: Leading<K>;
  /** those behind this key, which need not exist */
  readonly after?: K;
  /** those before every key with these leading parts */
  readonly below?: Leading<K>;
  readonly limit?: number;
  readonly reverse?: boolean;
}

export interface Entry<K, V> {
  readonly key: K;
  readonly value: V;
}

/** Where entries stand and how: for pages (kernel/pagination.ts), which begin at the bytes of a key. */
export interface Layout<K extends readonly unknown[], V> {
  readonly store: string;
  /** the prefix's byte */
  readonly head: Uint8Array;
  readonly key: Key<K>;
  readonly value: Pick<ValueCodec<V>, "decode">;
}

/** A typed map below a prefix of one store, in the order of its keys' bytes. What walks it collects before it returns. */
export interface StoreMap<K extends readonly unknown[], V> {
  readonly layout: Layout<K, V>;
  get(view: View, ...key: K): V | undefined;
  has(view: View, ...key: K): boolean;
  set(view: View, value: V, ...key: K): void;
  delete(view: View, ...key: K): void;
  entries(view: View, range?: Range<K>): Entry<K, V>[];
  /** Without decoding the values. */
  keys(view: View, range?: Range<K>): K[];
  list(view: View, range?: Range<K>): V[];
  first(view: View, range?: Range<K>): Entry<K, V> | undefined;
  last(view: View, range?: Range<K>): Entry<K, V> | undefined;
}

/** A map without values: an index. */
export interface StoreSet<K extends readonly unknown[]> {
  readonly layout: Layout<K, true>;
  has(view: View, ...key: K): boolean;
  add(view: View, ...key: K): void;
  delete(view: View, ...key: K): void;
  keys(view: View, range?: Range<K>): K[];
  first(view: View, range?: Range<K>): K | undefined;
}

/** One value. */
export interface StoreItem<V> {
  get(view: View): V | undefined;
  set(view: View, value: V): void;
  delete(view: View): void;
}

/** One line of the table of prefixes. */
export interface PrefixInfo {
  readonly prefix: number;
  readonly kind: "map" | "set" | "item" | "retired";
  /** names of the key's parts */
  readonly key: readonly string[];
  readonly what: string;
}

/** A store and all that it may hold. */
export interface StoreDefinition {
  readonly name: string;
  readonly prefixes: readonly PrefixInfo[];
  map<K extends readonly unknown[], V>(prefix: number, what: string, key: Key<K>, value: ValueCodec<V> | Codec<V>): StoreMap<K, V>;
  set<K extends readonly unknown[]>(prefix: number, what: string, key: Key<K>): StoreSet<K>;
  item<V>(prefix: number, what: string, value: ValueCodec<V> | Codec<V>): StoreItem<V>;
  /** A prefix that a former version used. */
  retired(prefix: number, what: string): void;
}

/** Declares a store. `prefix` is one byte, once in a store. Throws when it is named twice. */
export function defineStore(name: string): StoreDefinition {
  const prefixes: PrefixInfo[] = [];
  const declare = (info: PrefixInfo): Uint8Array => {
    if (prefixes.some((p) => p.prefix === info.prefix)) throw new Error(`store ${name}: prefix ${info.prefix} is declared twice`);
    prefixes.push(info);
    return Uint8Array.of(info.prefix);
  };
  return {
    name,
    prefixes,
    map: (prefix, what, key, value) => makeMap(name, declare({ prefix, kind: "map", key: key.parts, what }), key, value),
    set(prefix, what, key) {
      const map = makeMap(name, declare({ prefix, kind: "set", key: key.parts, what }), key, noValue);
      return { layout: map.layout, has: map.has, add: (view, ...k) => map.set(view, true, ...k), delete: map.delete, keys: map.keys, first: (view, range) => map.keys(view, { ...range, limit: 1 })[0] };
    },
    item(prefix, what, value) {
      const at = declare({ prefix, kind: "item", key: [], what });
      return {
        get(view) {
          const bytes = view.store(name).get(at);
          return bytes && value.decode(bytes);
        },
        set: (view, v) => view.store(name).set(at, value.encode(v)),
        delete: (view) => view.store(name).delete(at),
      };
    },
    retired: (prefix, what) => void declare({ prefix, kind: "retired", key: [], what }),
  };
}

function makeMap<K extends readonly unknown[], V>(store: string, head: Uint8Array, key: Key<K>, value: ValueCodec<V> | Codec<V>): StoreMap<K, V> {
  const full = (view: View, k: K): Uint8Array => concat(head, key.encode(view, k));
  const walk = (view: View, range: Range<K>): Iterable<[Uint8Array, Uint8Array]> => {
    const at = (leading: Leading<K> | undefined): Uint8Array => concat(head, key.prefix(view, leading ?? ([] as never)));
    const base = at(range.prefix);
    let start = base;
    let end = prefixEnd(base);
    if (range.from) start = later(start, at(range.from));
    if (range.after) start = later(start, concat(full(view, range.after), Uint8Array.of(0)));
    if (range.below) end = earlier(end, at(range.below));
    if (end && compare(start, end) >= 0) return [];
    const s = view.store(store);
    return range.reverse ? s.reverse(start, end) : s.iterate(start, end);
  };
  const collect = <T>(view: View, range: Range<K>, take: (k: Uint8Array, v: Uint8Array) => T): T[] => {
    const { limit = Number.MAX_SAFE_INTEGER } = range;
    const out: T[] = [];
    if (limit <= 0) return out;
    for (const [k, v] of walk(view, range)) {
      out.push(take(k, v));
      if (out.length >= limit) break;
    }
    return out;
  };
  const keyOf = (view: View, k: Uint8Array): K => key.decode(view, k.subarray(1));
  const map: StoreMap<K, V> = {
    layout: { store, head, key, value },
    get(view, ...k) {
      const v = view.store(store).get(full(view, k));
      return v && value.decode(v);
    },
    has: (view, ...k) => view.store(store).has(full(view, k)),
    set: (view, v, ...k) => view.store(store).set(full(view, k), value.encode(v)),
    delete: (view, ...k) => view.store(store).delete(full(view, k)),
    entries: (view, range = {}) => collect(view, range, (k, v) => ({ key: keyOf(view, k), value: value.decode(v) })),
    keys: (view, range = {}) => collect(view, range, (k) => keyOf(view, k)),
    list: (view, range = {}) => collect(view, range, (_, v) => value.decode(v)),
    first: (view, range = {}) => map.entries(view, { ...range, limit: 1 })[0],
    last: (view, range = {}) => map.entries(view, { ...range, reverse: !range.reverse, limit: 1 })[0],
  };
  return map;
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
  return a.length - b.length;
}
const later = (a: Uint8Array, b: Uint8Array): Uint8Array => (compare(a, b) < 0 ? b : a);
const earlier = (a: Uint8Array | undefined, b: Uint8Array): Uint8Array => (a && compare(a, b) < 0 ? a : b);
