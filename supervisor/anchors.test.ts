import "#platform/install.js";
import test from "ava";
import { Slot } from "#proto/gen/pouw/supervision/v1/types.js";
import { anchorContent } from "./anchors.js";

const hash = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const log = (head: bigint, hashes: Record<string, Uint8Array>) => ({ head: () => head, hash: (slot: number, seq: bigint) => hashes[`${slot}/${seq}`], signature: () => new Uint8Array(64).fill(9) });
const slots = [Slot.create({ slot: 0 })];

test("heads has what advanced beyond what was sent, with the slot's signature", (t) => {
  const own = log(5n, { "0/5": hash(5) });
  t.deepEqual(anchorContent(own, slots, [], new Set([0]), [4n]).heads, [{ slot: 0, seq: 5n, headerHash: hash(5), signature: new Uint8Array(64).fill(9) }]);
  t.deepEqual(anchorContent(own, slots, [], new Set([0]), [5n]).heads, []);
});

test("seen has the highest head of another supervisor that our log contains, and never one that it does not", (t) => {
  const own = log(5n, { "0/3": hash(3), "0/4": hash(4), "0/5": hash(5) });
  const attested = [
    { supervisor: 0, slot: 0, seq: 5n, hash: hash(5) },
    { supervisor: 1, slot: 0, seq: 4n, hash: hash(4) },
    { supervisor: 2, slot: 0, seq: 3n, hash: hash(3) },
    { supervisor: 2, slot: 0, seq: 7n, hash: hash(7) },
  ];
  t.deepEqual(anchorContent(own, slots, attested, new Set([0]), [5n]).seen.map((h) => h.seq), [4n]);
  const fork = attested.map((a) => (a.seq === 4n ? { ...a, hash: hash(44) } : a));
  t.deepEqual(anchorContent(own, slots, fork, new Set([0]), [5n]).seen.map((h) => h.seq), [3n]);
});
