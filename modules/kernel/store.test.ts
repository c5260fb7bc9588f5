import test from "ava";
import fc from "fast-check";
import { nodeCrypto } from "#platform/crypto.js";
import { Branch, Heights } from "#test/chain/state.js";
import { compareBytes } from "./bytes.js";
import { type Environment, makeEnvironment } from "./environment.js";
import { address, bytes, key, lastAddress, lastText, u32, u64 } from "./keys.js";
import { defineStore, prefixEnd, rawValue, u64Value, type View } from "./store.js";

const env: Environment = makeEnvironment(nodeCrypto, "pouw");
const emptyView = (): View => ({ ...env, store: ((b: Branch) => (name: string) => b.store(name))(new Branch(new Heights().latest())) });
const someAddress = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((b) => env.addresses.format(b));

test("a key decodes to what it was made of, whatever its parts", (t) => {
  const k = key(u64, address, u32, bytes(4), lastText);
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), someAddress, fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.stringMatching(/^[!-~]*$/), (...parts) => {
      t.deepEqual(k.decode(env, k.encode(env, parts)), parts);
    }),
  );
  t.deepEqual(k.parts, ["u64", "address", "u32", "bytes(4)", "text…"]);
});

test("keys sort as their parts do, and begin with the bytes of their first parts", (t) => {
  const k = key(u64, u32);
  const pair = fc.tuple(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
  fc.assert(
    fc.property(pair, pair, (a, b) => {
      const wanted = a[0] !== b[0] ? (a[0] < b[0] ? -1 : 1) : Math.sign(a[1] - b[1]);
      t.is(compareBytes(k.encode(env, a), k.encode(env, b)), wanted as -1 | 0 | 1);
      t.deepEqual(k.encode(env, a).subarray(0, 8), k.prefix(env, [a[0]]));
    }),
  );
});

test("a key is refused that has bytes too many, a part of another length, or an endless part in its midst", (t) => {
  t.throws(() => key(u32).decode(env, new Uint8Array(5)), { message: /has 1 too many/ });
  t.throws(() => key(bytes(32)).encode(env, [new Uint8Array(31)]), { message: /31 bytes, want 32/ });
  t.throws(() => key(lastAddress, u32), { message: /in the midst/ });
  t.throws(() => key(u32).encode(env, [-1]), { instanceOf: RangeError });
});

test("a range has exactly the records between its bounds, in either direction, up to its limit", (t) => {
  const store = defineStore("s");
  const map = store.map(1, "numbers", key(u32, u32), u64Value);
  const other = store.map(2, "others", key(u32), rawValue);
  const small = fc.integer({ min: 0, max: 4 });
  const pair = fc.tuple(small, small);
  fc.assert(
    fc.property(
      fc.uniqueArray(pair, { selector: ([a, b]) => `${a}/${b}` }),
      fc.record({ prefix: fc.option(small, { nil: undefined }), from: fc.option(small, { nil: undefined }), after: fc.option(pair, { nil: undefined }), below: fc.option(small, { nil: undefined }), limit: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }), reverse: fc.boolean() }),
      (keys, r) => {
        const view = emptyView();
        other.set(view, Uint8Array.of(1), 0);
        for (const [a, b] of keys) map.set(view, BigInt(a * 10 + b), a, b);
        const behind = ([a, b]: readonly number[], [c, d]: readonly number[]) => (a as number) > (c as number) || (a === c && (b as number) > (d as number));
        const wanted = [...keys]
          .sort((x, y) => (behind(x, y) ? 1 : -1))
          .filter(([a]) => (r.prefix === undefined || a === r.prefix) && (r.from === undefined || a >= r.from) && (r.below === undefined || a < r.below))
          .filter((k) => r.after === undefined || behind(k, r.after));
        const ordered = r.reverse ? wanted.reverse() : wanted;
        const limited = r.limit === undefined ? ordered : ordered.slice(0, r.limit);
        const range = {
          ...(r.prefix === undefined ? {} : { prefix: [r.prefix] as [number] }), ...(r.from === undefined ? {} : { from: [r.from] as [number] }), ...(r.after ? { after: r.after } : {}),
          ...(r.below === undefined ? {} : { below: [r.below] as [number] }), ...(r.limit === undefined ? {} : { limit: r.limit }), reverse: r.reverse,
        };
        t.deepEqual(map.keys(view, range).map((k) => [...k]), limited.map((k) => [...k]));
        t.deepEqual(map.entries(view, range).map(({ value }) => value), limited.map(([a, b]) => BigInt(a * 10 + b)));
        if (r.limit === undefined) {
          t.deepEqual(map.first(view, range)?.key, ordered[0] as never);
          t.deepEqual(map.last(view, range)?.key, ordered.at(-1) as never);
        }
      },
    ),
  );
});

test("a prefix is declared once, a retired one included", (t) => {
  const store = defineStore("s");
  store.item(1, "one", u64Value);
  store.retired(2, "what was there");
  t.throws(() => store.set(2, "again", key(u32)), { message: "store s: prefix 2 is declared twice" });
  t.deepEqual(store.prefixes.map((p) => [p.prefix, p.kind]), [[1, "item"], [2, "retired"]]);
  t.is(prefixEnd(Uint8Array.of(255)), undefined);
  t.deepEqual(prefixEnd(Uint8Array.of(1, 255)), Uint8Array.of(2));
});
