import test from "ava";
import fc from "fast-check";
import { RoundHistory } from "./rounds.js";

test("what was noted is known, in any order, and what was not is not", (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.bigInt(0n, 60n), fc.bigInt(-1n, 3n)), { maxLength: 60 }), (notes) => {
      const known = new Map<bigint, bigint>();
      const kept = new Map<bigint, { from: bigint; to: bigint; lowest: bigint }>();
      const h = new RoundHistory();
      for (const [height, lowest] of notes) {
        if (!known.has(height)) known.set(height, lowest);
        const run = h.note(height, lowest);
        if (run) kept.set(run.from, run);
      }
      const again = new RoundHistory([...kept.values()].sort((a, b) => (a.from < b.from ? -1 : 1)));
      let newest: bigint | undefined;
      for (let height = 0n; height <= 60n; height++) {
        if (known.has(height)) newest = height;
        t.deepEqual(h.newest(height), newest === undefined ? undefined : { height: newest, lowest: known.get(newest) as bigint });
        t.is(h.lowestRound(height), known.get(height));
        t.is(again.lowestRound(height), known.get(height), "the kept runs say the same");
      }
    }),
  );
});

test("blocks that follow each other with one value are one run", (t) => {
  const h = new RoundHistory();
  for (let height = 1n; height <= 100n; height++) h.note(height, height / 50n);
  t.is(h.runs.length, 3);
});
