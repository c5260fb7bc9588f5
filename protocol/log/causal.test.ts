import test from "ava";
import fc from "fast-check";
import { CausalQueue } from "./causal.js";

interface M {
  slot: number;
  seq: bigint;
  clock: bigint[];
}

/** A history in which every message names what its author had seen. */
const history = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { maxLength: 40 })).map(([slots, steps]) => {
  const seen = Array.from({ length: slots }, () => Array.from({ length: slots }, () => 0n));
  const out: M[] = [];
  const clockOf = (slot: number, seq: bigint) => out.find((m) => m.slot === slot && m.seq === seq)?.clock as bigint[];
  for (const [a, b, works] of steps) {
    const i = a % slots;
    const own = seen[i] as bigint[];
    if (works % 2 === 0) {
      out.push({ slot: i, seq: (own[i] as bigint) + 1n, clock: [...own] });
      own[i] = (own[i] as bigint) + 1n;
    } else {
      const j = b % slots;
      const next = (own[j] as bigint) + 1n;
      if (j === i || next > ((seen[j] as bigint[])[j] as bigint)) continue;
      if (clockOf(j, next).every((c, k) => c <= (own[k] as bigint))) own[j] = next;
    }
  }
  return { slots, messages: out };
});

test("messages in any order, with repeats, come out each once and after all that they name", (t) => {
  fc.assert(
    fc.property(history, fc.infiniteStream(fc.nat()), ({ slots, messages }, picks) => {
      const queue = new CausalQueue<M>(Array.from({ length: slots }, () => 0n));
      const arriving = messages.flatMap((m) => ((picks.next().value as number) % 3 === 0 ? [m, m] : [m]));
      const got: M[] = [];
      while (arriving.length > 0) {
        const [m] = arriving.splice((picks.next().value as number) % arriving.length, 1) as [M];
        got.push(...queue.offer(m.slot, m.seq, m.clock, m));
      }
      t.is(got.length, messages.length);
      t.is(queue.size, 0);
      const taken = Array.from({ length: slots }, () => 0n);
      for (const m of got) {
        t.is(m.seq, (taken[m.slot] as bigint) + 1n);
        t.true(m.clock.every((c, j) => c <= (taken[j] as bigint)));
        taken[m.slot] = m.seq;
      }
      t.deepEqual(queue.taken, taken);
    }),
  );
});

test("a gap is named until it is filled", (t) => {
  const queue = new CausalQueue<string>([0n, 0n]);
  t.deepEqual(queue.offer(0, 2n, [1n, 1n], "b"), []);
  t.deepEqual(queue.missing(), [{ slot: 0, seq: 1n }]);
  t.deepEqual(queue.offer(0, 1n, [0n, 0n], "a"), ["a"]);
  t.deepEqual(queue.missing(), [{ slot: 1, seq: 1n }]);
  t.deepEqual(queue.take(1, 1n), ["b"]);
  t.deepEqual(queue.missing(), []);
});

test("nobody waits for the dropped maps of a slot closed for a fault, and they are not taken", (t) => {
  const queue = new CausalQueue<string>([0n, 0n]);
  t.deepEqual(queue.offer(0, 1n, [0n, 2n], "names two of slot 1"), []);
  t.deepEqual(queue.offer(1, 2n, [0n, 1n], "above f"), []);
  t.deepEqual(queue.drop(1, 1n), []);
  t.deepEqual(queue.offer(1, 1n, [0n, 0n], "f"), ["f", "names two of slot 1"]);
  t.deepEqual(queue.offer(1, 2n, [0n, 1n], "above f"), []);
  t.is(queue.size, 0);
});
