import "#platform/install.js";
import test from "ava";
import fc from "fast-check";
import { addMapTo, checkMap, decodeMap, encodeMap, mapCount, maxMapBytes, negatedMap, type MapEntry } from "./map.js";

const N = 5000;
const maps = (levels: number) =>
  fc.uniqueArray(fc.nat(N - 1), { maxLength: 60 }).chain((indices) =>
    fc.array(fc.integer({ min: -levels, max: levels }).filter((k) => k !== 0), { minLength: indices.length, maxLength: indices.length }).map((ks): MapEntry[] =>
      [...indices].sort((a, b) => a - b).map((index, i) => ({ index, k: ks[i] as number })),
    ),
  );
const levels = fc.constantFrom(1, 2, 7, 1000);
const cases = levels.chain((l) => maps(l).map((entries) => ({ l, entries })));

test("a map decodes to what was encoded, within its bound", (t) => {
  fc.assert(
    fc.property(cases, ({ l, entries }) => {
      const bytes = encodeMap(N, l, entries);
      t.deepEqual(decodeMap(N, l, bytes), entries);
      t.is(mapCount(bytes), entries.length);
      t.true(bytes.length <= maxMapBytes(N, l));
    }),
  );
});

test("a map and its negation add up to nothing", (t) => {
  fc.assert(
    fc.property(cases, ({ l, entries }) => {
      const K = new Int32Array(N);
      const bytes = encodeMap(N, l, entries);
      addMapTo(K, l, bytes, 1);
      addMapTo(K, l, negatedMap(N, l, bytes), 1);
      t.true(K.every((k) => k === 0));
    }),
  );
});

test("whatever bytes decode re-encode to the same bytes", (t) => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.constantFrom(1, 3), fc.array(fc.oneof(fc.nat(3), fc.nat(255)), { minLength: 1, maxLength: 6 }).map((b) => Uint8Array.from(b)), (l, bytes) => {
      let entries: MapEntry[];
      try {
        entries = decodeMap(40, l, bytes);
      } catch {
        return;
      }
      accepted++;
      t.deepEqual(encodeMap(40, l, entries), bytes);
    }),
    { numRuns: 3000 },
  );
  t.true(accepted > 20, `${accepted} accepted`);
});

test("one changed byte never gives the same map", (t) => {
  fc.assert(
    fc.property(cases, fc.nat(), fc.integer({ min: 1, max: 255 }), ({ l, entries }, at, flip) => {
      const bytes = encodeMap(N, l, entries);
      const i = at % bytes.length;
      bytes[i] = (bytes[i] as number) ^ flip;
      try {
        t.notDeepEqual(decodeMap(N, l, bytes), entries);
      } catch {
        t.pass();
      }
    }),
  );
});

test("maps added in any order give the same K, and subtracting them all gives zeros", (t) => {
  fc.assert(
    fc.property(fc.array(maps(3), { minLength: 1, maxLength: 8 }), fc.infiniteStream(fc.nat()), (list, picks) => {
      const bytes = list.map((m) => encodeMap(N, 3, m));
      const [a, b] = [new Int32Array(N), new Int32Array(N)];
      for (const m of bytes) addMapTo(a, 3, m, 1);
      const rest = [...bytes];
      while (rest.length > 0) addMapTo(b, 3, rest.splice((picks.next().value as number) % rest.length, 1)[0] as Uint8Array, 1);
      t.deepEqual(a, b);
      for (const m of bytes) addMapTo(b, 3, m, -1);
      t.true(b.every((k) => k === 0));
    }),
    { numRuns: 40 },
  );
});

test("a map that is refused leaves K alone", (t) => {
  const K = new Int32Array(10);
  t.throws(() => addMapTo(K, 3, Uint8Array.of(2, 0, 2, 0, 0), 1), { message: /entry 0/ });
  t.true(K.every((k) => k === 0));
});

for (const [what, bytes, l] of [
  ["no bytes", [], 1],
  ["more entries than parameters", [11], 1],
  ["a five-byte varint above 32 bits", [0xff, 0xff, 0xff, 0xff, 0x7f], 1],
  ["a varint of six bytes", [0x80, 0x80, 0x80, 0x80, 0x80, 0x00], 1],
  ["a step above levels", [1, 0, 8], 3],
] as const) {
  test(`refused: ${what}`, (t) => {
    t.throws(() => checkMap(10, l, Uint8Array.from(bytes)), { instanceOf: RangeError });
  });
}
