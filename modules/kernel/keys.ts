/**
 * How the keys of a store are laid out: parts in a fixed order, whose bytes sort as their values do. A key encodes, decodes
 * and makes prefixes, so nobody reads offsets by hand.
 */
import { asciiText, concat, readU32be, readU64be, u32be, u64be, utf8 } from "./bytes.js";
import { parseTimestamp, timestampText } from "#proto/time.js";
import type { Environment } from "./environment.js";
import { instantOf, nanosecondsOf } from "./time.js";

/** One part of a key. */
export interface Part<T> {
  /** as the tables of docs/tables.md name it */
  readonly name: string;
  /** takes all that is left, so it stands last */
  readonly last?: boolean;
  encode(value: T, env: Environment): Uint8Array;
  /** The value that stands at `at`, and where the next part begins. */
  decode(bytes: Uint8Array, at: number, env: Environment): readonly [value: T, next: number];
}

/** Four bytes, big-endian. */
export const u32: Part<number> = { name: "u32", encode: (v) => u32be(v), decode: (b, at) => [readU32be(b, at), at + 4] };
/** Eight bytes, big-endian. */
export const u64: Part<bigint> = { name: "u64", encode: (v) => u64be(v), decode: (b, at) => [readU64be(b, at), at + 8] };
/** Eight bytes, big-endian, with the sign turned so that what is below zero comes first: the Cosmos SDK's Int64Key. */
export const i64: Part<bigint> = {
  name: "i64",
  encode: (v) => u64be(BigInt.asUintN(64, v) ^ SIGN),
  decode: (b, at) => [BigInt.asIntN(64, readU64be(b, at) ^ SIGN), at + 8],
};
const SIGN = 1n << 63n;
/** An instant in nanoseconds since 1970 as the Cosmos SDK sorts it: 29 characters, 2026-01-31T12:00:00.000000000. */
export const instant: Part<bigint> = {
  name: "instant",
  encode(ns) {
    const { seconds, nanos } = instantOf(ns);
    return utf8(`${timestampText({ seconds, nanos: 0 }).slice(0, -1)}.${`${nanos}`.padStart(9, "0")}`);
  },
  decode: (b, at) => [nanosecondsOf(parseTimestamp(`${asciiText(b.subarray(at, at + 29))}Z`)), at + 29],
};
/** One byte of length and the raw address, as the Cosmos SDK has it where something follows. */
export const address: Part<string> = {
  name: "address",
  encode: (v, env) => {
    const raw = env.addresses.parse(v);
    return concat(Uint8Array.of(raw.length), raw);
  },
  decode: (b, at, env) => {
    const end = at + 1 + (b[at] as number);
    return [env.addresses.format(b.subarray(at + 1, end)), end];
  },
};
/** A raw address up to the key's end. */
export const lastAddress: Part<string> = {
  name: "address…",
  last: true,
  encode: (v, env) => env.addresses.parse(v),
  decode: (b, at, env) => [env.addresses.format(b.subarray(at)), b.length],
};
/** Text (ASCII) up to the key's end. */
export const lastText: Part<string> = { name: "text…", last: true, encode: (v) => utf8(v), decode: (b, at) => [asciiText(b.subarray(at)), b.length] };
/** So many raw bytes. Throws RangeError for another length. */
export const bytes = (length: number): Part<Uint8Array> => ({
  name: `bytes(${length})`,
  encode: (v) => {
    if (v.length !== length) throw new RangeError(`a key's part has ${v.length} bytes, want ${length}`);
    return v;
  },
  decode: (b, at) => [b.slice(at, at + length), at + length],
});

/** The first parts of a key, or all of them, or none. */
export type Leading<K extends readonly unknown[]> = K extends readonly [infer A, ...infer Rest] ? [] | [A, ...Leading<Rest>] : [];

/** The layout of a key with parts K. */
export interface Key<K extends readonly unknown[]> {
  /** names of the parts */
  readonly parts: readonly string[];
  encode(env: Environment, values: K): Uint8Array;
  /** Throws when bytes are left over. */
  decode(env: Environment, bytes: Uint8Array): K;
  /** The bytes that all keys with these first parts begin with. */
  prefix(env: Environment, leading: Leading<K>): Uint8Array;
}

type Values<P extends readonly Part<unknown>[]> = { [I in keyof P]: P[I] extends Part<infer T> ? T : never };

/** `key(address, u64)`: the layout of a key. Throws when a part that takes all that is left is not the last. */
export function key<const P extends readonly Part<unknown>[]>(...parts: P): Key<Values<P>> {
  const list: readonly Part<unknown>[] = parts;
  if (list.some((p, i) => p.last && i < list.length - 1)) throw new Error("a part without an end stands in the midst of a key");
  const join = (env: Environment, values: readonly unknown[]): Uint8Array =>
    values.length === 1 ? (list[0] as Part<unknown>).encode(values[0], env) : concat(...values.map((v, i) => (list[i] as Part<unknown>).encode(v, env)));
  return {
    parts: list.map((p) => p.name),
    encode: (env, values) => join(env, values as readonly unknown[]),
    prefix: (env, leading) => join(env, leading as readonly unknown[]),
    decode(env, encoded) {
      let at = 0;
      const out = list.map((p) => {
        const [value, next] = p.decode(encoded, at, env);
        at = next;
        return value;
      });
      if (at !== encoded.length) throw new RangeError(`a key of ${encoded.length} bytes has ${encoded.length - at} too many`);
      return out as never;
    },
  };
}
