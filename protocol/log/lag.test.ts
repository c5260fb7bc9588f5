import test from "ava";
import fc from "fast-check";
import { Closures, decreaseFault, effectiveClock, isReady, lagFault, requiredClock } from "./lag.js";
import { lastRound, positionOf, roundOf, seqOf, slotPositions, totalPositions, totalRounds } from "./positions.js";

const spec = (slots: number, lag: number, epochs = 3, batches = 7) => ({ slots, lag, epochs, batches });

test("every position belongs to one slot and one round", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 12 }), (slots, epochs, batches) => {
      const s = { slots, epochs, batches };
      const seen: bigint[] = [];
      for (let slot = 0; slot < slots; slot++) {
        for (let seq = 1n; seq <= slotPositions(s, slot); seq++) {
          seen.push(positionOf(s, slot, seq));
          t.is(seqOf(roundOf(seq)), seq);
          t.is(positionOf(s, slot, seq) / BigInt(slots), roundOf(seq));
          t.true(roundOf(seq) <= lastRound(s));
        }
      }
      t.deepEqual(seen.sort((a, b) => Number(a - b)), Array.from({ length: Number(totalPositions(s)) }, (_, i) => BigInt(i)));
      t.is(totalRounds(s), lastRound(s) + 1n);
    }),
  );
});

test("at lag 1 round t needs every round before it; at lag 3 two fewer; never more than exist", (t) => {
  const none = new Closures();
  t.deepEqual(requiredClock(spec(3, 1), none, 0n, 10n), [0n, 0n, 0n]);
  t.deepEqual(requiredClock(spec(3, 1), none, 4n, 10n), [4n, 4n, 4n]);
  t.deepEqual(requiredClock(spec(3, 3), none, 4n, 10n), [2n, 2n, 2n]);
  t.deepEqual(requiredClock(spec(4, 1, 1, 6), none, 5n, 10n), [2n, 2n, 1n, 1n]);
  t.deepEqual(lagFault(spec(3, 1), none, 4n, 10n, [4n, 3n, 9n]), { slot: 1, got: 3n, want: 4n });
});

test("a late slot excuses rounds above its head from its block on, and its maps may still be there", (t) => {
  const closures = new Closures([{ slot: 1, status: "late", closedHeight: 50n, closedSeq: 2n }]);
  t.deepEqual(requiredClock(spec(3, 1), closures, 5n, 49n), [5n, 5n, 5n]);
  t.deepEqual(requiredClock(spec(3, 1), closures, 5n, 50n), [5n, 2n, 5n]);
  t.deepEqual(effectiveClock([5n, 4n, 5n], closures, 60n), [5n, 4n, 5n]);
  t.deepEqual(decreaseFault(closures, 60n, [5n, 4n, 5n], [5n, 3n, 5n]), { slot: 1, got: 3n, want: 4n });
});

test("a slot closed for a fault counts at most f from its block on: the only decrease of a clock", (t) => {
  const closures = new Closures([{ slot: 1, status: "fault", closedHeight: 50n, closedSeq: 2n }]);
  t.deepEqual(effectiveClock([5n, 4n, 5n], closures, 49n), [5n, 4n, 5n]);
  t.deepEqual(effectiveClock([5n, 4n, 5n], closures, 50n), [5n, 2n, 5n]);
  t.deepEqual(effectiveClock([5n, 1n, 5n], closures, 50n), [5n, 1n, 5n]);
  t.is(decreaseFault(closures, 50n, [5n, 4n, 5n], [5n, 2n, 5n]), undefined);
  t.deepEqual(decreaseFault(closures, 49n, [5n, 4n, 5n], [5n, 2n, 5n]), { slot: 1, got: 2n, want: 4n });
  t.deepEqual(decreaseFault(closures, 50n, [5n, 4n, 5n], [5n, 1n, 5n]), { slot: 1, got: 1n, want: 2n });
});

test("groups that obey the rule always end, and nobody is ever more than lag rounds ahead of the slowest", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 4 }), fc.infiniteStream(fc.nat()), (slots, lag, picks) => {
      const s = spec(slots, lag, 2, 9);
      const closures = new Closures();
      // has[i][j]: how much of slot j slot i has applied; messages in flight arrive in any order between slots.
      const has = Array.from({ length: slots }, () => Array.from({ length: slots }, () => 0n));
      const next = () => picks.next().value as number;
      let steps = 0;
      const done = () => has.every((clock) => clock.every((c, j) => c === slotPositions(s, j)));
      while (!done()) {
        if (++steps > 20_000) return false;
        const i = next() % slots;
        const own = has[i] as bigint[];
        if (next() % 2 === 0) {
          const round = own[i] as bigint;
          if (round < slotPositions(s, i) && isReady(s, closures, round, 1n, own)) {
            for (let j = 0; j < slots; j++) {
              const at = (has[j] as bigint[])[j] as bigint;
              if (at < slotPositions(s, j)) t.true(round - at <= BigInt(lag), `round ${round} while slot ${j} is at ${at}`);
            }
            own[i] = round + 1n;
          }
        } else {
          const j = next() % slots;
          if ((own[j] as bigint) < ((has[j] as bigint[])[j] as bigint)) own[j] = (own[j] as bigint) + 1n;
        }
      }
      return true;
    }),
    { numRuns: 50 },
  );
});
