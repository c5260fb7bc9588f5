import test from "ava";
import { Slot } from "#proto/gen/pouw/supervision/v1/types.js";
import { anchorContent, anchorQuestions, type SyncedHead } from "./anchors.js";

const hash = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const signature = new Uint8Array(64).fill(9);
const log: readonly SyncedHead[] = [{ seq: 5n, hash: hash(5), signature }];
const slots = [Slot.create({ slot: 0 })];
const found = (seqs: readonly bigint[]) => seqs.map((seq) => ({ slot: 0, seq, hash: hash(Number(seq)) }));

test("heads has what advanced beyond what was sent, with the slot's signature", (t) => {
  t.deepEqual(anchorContent(log, [], slots, [], new Set([0]), [4n]).heads, [{ slot: 0, seq: 5n, headerHash: hash(5), signature }]);
  t.deepEqual(anchorContent(log, [], slots, [], new Set([0]), [5n]).heads, []);
});

test("seen has the highest head of another supervisor that our log contains, and never one that it does not", (t) => {
  const attested = [
    { supervisor: 0, slot: 0, seq: 5n, hash: hash(5) },
    { supervisor: 1, slot: 0, seq: 4n, hash: hash(4) },
    { supervisor: 2, slot: 0, seq: 3n, hash: hash(3) },
    { supervisor: 2, slot: 0, seq: 7n, hash: hash(7) },
  ];
  t.deepEqual(anchorQuestions(log, slots, attested, new Set([0])), [{ slot: 0, seq: 4n }, { slot: 0, seq: 3n }], "neither our own nor what lies above our log");
  t.deepEqual(anchorContent(log, found([3n, 4n]), slots, attested, new Set([0]), [5n]).seen.map((h) => h.seq), [4n]);
  const fork = attested.map((a) => (a.seq === 4n ? { ...a, hash: hash(44) } : a));
  t.deepEqual(anchorContent(log, found([3n, 4n]), slots, fork, new Set([0]), [5n]).seen.map((h) => h.seq), [3n]);
});
