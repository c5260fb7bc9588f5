import "#platform/install.js";
import { type Group, groupsOf } from "#engine/quanta.js";
import test from "ava";
import fc from "fast-check";
import { addMapTo, checkMap, decodeMap, emptyMap, encodeGroups, encodeMap, isEmptyMap, maxMapBytes, negatedMap, type MapEntry } from "./map.js";

const N = 5000;
const one = (levels: number, n = N): Group[] => [{ runs: [{ offset: 0, size: n }], size: n, levels, q: 1, bound: 4 * levels }];
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
      t.is(isEmptyMap(one(l), bytes), entries.length === 0);
      t.true(bytes.length <= maxMapBytes(N, l));
    }),
  );
});

test("a map and its negation add up to nothing", (t) => {
  fc.assert(
    fc.property(cases, ({ l, entries }) => {
      const K = new Int32Array(N);
      const bytes = encodeMap(N, l, entries);
      addMapTo(K, one(l), bytes, 1);
      addMapTo(K, one(l), negatedMap(one(l), bytes), 1);
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
      for (const m of bytes) addMapTo(a, one(3), m, 1);
      const rest = [...bytes];
      while (rest.length > 0) addMapTo(b, one(3), rest.splice((picks.next().value as number) % rest.length, 1)[0] as Uint8Array, 1);
      t.deepEqual(a, b);
      for (const m of bytes) addMapTo(b, one(3), m, -1);
      t.true(b.every((k) => k === 0));
    }),
    { numRuns: 40 },
  );
});

/** Tensors of 3, 4, 2 and 6 entries in groups that take turns, of levels 1, 7 and 1. */
const GROUPS = groupsOf(
  [
    { tensors: [0, 3], quantumLog2: 0, levels: 1, statistics: false },
    { tensors: [1], quantumLog2: 0, levels: 7, statistics: false },
    { tensors: [2], quantumLog2: 0, levels: 1, statistics: false },
  ],
  [{ offset: 0, size: 3 }, { offset: 3, size: 4 }, { offset: 7, size: 2 }, { offset: 9, size: 6 }],
);
const levelsAt = (i: number): number => (i >= 3 && i < 7 ? 7 : 1);
const states = fc.array(fc.integer({ min: -7, max: 7 }), { minLength: 15, maxLength: 15 }).map((ks) => Int32Array.from(ks, (k, i) => Math.max(-levelsAt(i), Math.min(levelsAt(i), k))));

test("a map of groups adds what it was made of, its negation takes it away, and cut or longer bytes are refused", (t) => {
  fc.assert(
    fc.property(states, fc.nat(), (k, at) => {
      const bytes = encodeGroups(GROUPS, k);
      const K = new Int32Array(15);
      addMapTo(K, GROUPS, bytes, 1);
      t.deepEqual(K, k);
      t.is(isEmptyMap(GROUPS, bytes), k.every((v) => v === 0));
      addMapTo(K, GROUPS, negatedMap(GROUPS, bytes), 1);
      t.true(K.every((v) => v === 0));
      t.throws(() => checkMap(GROUPS, bytes.slice(0, at % bytes.length)), { instanceOf: RangeError });
      t.throws(() => checkMap(GROUPS, Uint8Array.of(...bytes, 0)), { message: "map: 1 trailing bytes" });
    }),
  );
  t.deepEqual([...emptyMap(GROUPS)], [0, 0, 0]);
  t.notThrows(() => checkMap(GROUPS, emptyMap(GROUPS)));
});

test("a map that is refused leaves K alone", (t) => {
  const K = new Int32Array(10);
  t.throws(() => addMapTo(K, one(3, 10), Uint8Array.of(2, 0, 2, 0, 0), 1), { message: /entry 0/ });
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
    t.throws(() => checkMap([{ size: 10, levels: l }], Uint8Array.from(bytes)), { instanceOf: RangeError });
  });
}
