/** Views of the authenticated state: ordered byte keys and values, and typed collections over them. */
import { type Codec } from "#proto/wire.js";
import { type Environment } from "./environment.js";
import { compareBytes, concat } from "./bytes.js";

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

/** State as modules see it, wherever it stands: in a block, a transaction, a query. */
export interface View extends Environment {
  store(name: string): KVStore;
}

/** A typed map below a prefix of one store. Keys are encoded so that byte order is the wanted order. */
export interface Collection<K extends readonly unknown[], V> {
  get(ctx: View, ...key: K): V | undefined;
  has(ctx: View, ...key: K): boolean;
  set(ctx: View, value: V, ...key: K): void;
  delete(ctx: View, ...key: K): void;
  /** Values in ascending key order; `prefix` is the leading part of the key, already encoded. Collected before it returns. */
  list(ctx: View, prefix?: Uint8Array, limit?: number, startAfter?: Uint8Array): V[];
  /** Encoded keys (without the collection's prefix) and values, collected before it returns. */
  entries(ctx: View, prefix?: Uint8Array, limit?: number, startAfter?: Uint8Array): [Uint8Array, V][];
  last(ctx: View, prefix?: Uint8Array): V | undefined;
  key(environment: Environment, ...key: K): Uint8Array;
}

export interface ValueCodec<V> {
  encode(value: V): Uint8Array;
  decode(bytes: Uint8Array): V;
}

/** `prefix` is one byte, unique within the store: every module lists its prefixes in its store.ts, lexical order. */
export function collection<K extends readonly unknown[], V>(
  store: string,
  prefix: number,
  encodeKey: (environment: Environment, ...key: K) => Uint8Array,
  value: Codec<V> | ValueCodec<V>,
): Collection<K, V> {
  const head = Uint8Array.of(prefix);
  const full = (environment: Environment, ...key: K) => concat(head, encodeKey(environment, ...key));
  const entries = (ctx: View, part: Uint8Array = new Uint8Array(0), limit = Number.MAX_SAFE_INTEGER, startAfter?: Uint8Array) => {
    const out: [Uint8Array, V][] = [];
    const base = concat(head, part);
    const start = startAfter ? concat(head, startAfter, Uint8Array.of(0)) : base;
    const from = compareBytes(start, base) < 0 ? base : start;
    for (const [k, v] of ctx.store(store).iterate(from, prefixEnd(base))) {
      if (out.length >= limit) break;
      out.push([k.subarray(1), value.decode(v)]);
    }
    return out;
  };
  return {
    key: encodeKey,
    get(ctx, ...key) {
      const v = ctx.store(store).get(full(ctx, ...key));
      return v && value.decode(v);
    },
    has: (ctx, ...key) => ctx.store(store).has(full(ctx, ...key)),
    set: (ctx, v, ...key) => ctx.store(store).set(full(ctx, ...key), value.encode(v)),
    delete: (ctx, ...key) => ctx.store(store).delete(full(ctx, ...key)),
    entries,
    list: (ctx, part, limit, startAfter) => entries(ctx, part, limit, startAfter).map(([, v]) => v),
    last(ctx, part = new Uint8Array(0)) {
      const base = concat(head, part);
      for (const [, v] of ctx.store(store).reverse(base, prefixEnd(base))) return value.decode(v);
      return undefined;
    },
  };
}
