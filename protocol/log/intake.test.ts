import test from "ava";
import fc from "fast-check";
import { Slot, SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Reader, ScriptedGroup } from "#test/daemons/scripted.js";
import type { Offer } from "./intake.js";
import { isPeersFault } from "./outcomes.js";

const two = (): ScriptedGroup => new ScriptedGroup({ slots: 2 });
const closedForFault = (slot: number, seq: bigint, height: bigint): Slot => Slot.create({ slot, status: SlotStatus.SLOT_CLOSED_FAULT, closedHeight: height, closedSeq: seq });

test("messages come out in causal order, whatever order they came in", (t) => {
  const [a1, b1, a2, b2] = two().rounds(2) as [Iteration, Iteration, Iteration, Iteration];
  const r = new Reader(two());
  for (const m of [a2, b2, b1]) t.is(r.receive(m), "held");
  t.deepEqual(r.log, ["1/1"]);
  t.deepEqual(r.intake.clock(), [0n, 2n], "held-back messages count as had, as far as none is missing before them");
  t.deepEqual(r.intake.newestHeld(0), a2);
  t.deepEqual(r.intake.gaps(), [{ slot: 0, from: 1n, to: 1n, namedBy: [1, 0] }]);
  r.receive(a1);
  t.deepEqual([...r.log].sort(), ["0/1", "0/2", "1/1", "1/2"]);
  t.is(r.receive(a2), "duplicate");
  t.deepEqual(r.intake.gaps(), []);
});

test("any order of arrival gives a causal order of all", (t) => {
  const all = new ScriptedGroup({ slots: 3 }).rounds(4);
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (order) => {
      const r = new Reader(new ScriptedGroup({ slots: 3 }));
      for (const m of order) r.receive(m);
      t.is(r.log.length, 12);
      const rounds = r.log.map((x) => Number(x.split("/")[1]));
      t.deepEqual(rounds, [...rounds].sort((a, b) => a - b), "each round of lag 1 needs the whole one before");
    }),
    { numRuns: 50 },
  );
});

test("a header is held until the block that it names is applied, and refused when that is far away", (t) => {
  const g = two();
  const r = new Reader(g);
  t.is(r.receive(g.message(0, [0n, 0n], { height: 200n })), "far");
  t.is(r.receive(g.message(0, [0n, 0n], { height: 112n })), "held");
  t.deepEqual(r.log, []);
  t.deepEqual(r.at(112n).log, ["0/1"]);
});

test("a header waits for the lowest anchored round of its block, and is not judged by it where nobody knows", (t) => {
  const g = new ScriptedGroup({ slots: 1, runAhead: 2n });
  const known = new Map<bigint, bigint>([[101n, 0n]]);
  const r = new Reader(g, { lowestRound: (h) => known.get(h) });
  for (let i = 0; i < 3; i++) r.receive(g.next(0, [0n], { height: 101n }));
  const fourth = g.message(0, [0n], { height: 102n });
  t.is(r.receive(fourth), "held");
  t.deepEqual(r.log, ["0/1", "0/2", "0/3"]);
  t.deepEqual(r.intake.wantedRounds(), [102n]);
  known.set(102n, 0n);
  r.intake.roundKnown(102n);
  r.drain();
  t.deepEqual(r.log.slice(3), ["!0/4 rule_run_ahead"]);
  t.is(r.receive(g.message(0, [0n], { height: 103n })), "equivocation by 0");
  r.intake.roundKnown(103n);
  r.drain();
  t.deepEqual(r.log.slice(4), ["0/4"], "nobody can say what was anchored then");
});

test("what another key signed, and what is for another chain, slot or clock, is refused at the cost of who sent it", (t) => {
  const g = two();
  const r = new Reader(g);
  const good = g.message(0, [0n, 0n]);
  const cases: [Iteration, string][] = [
    [{ ...good, signature: g.sign(1, good.header) }, "signature"],
    [{ ...good, signature: good.signature.subarray(1) }, "malformed"],
    [{ ...good, header: Buffer.concat([good.header, Buffer.from([0xa0, 0x06, 1])]) }, "malformed"],
    [{ ...good, header: new Uint8Array(1000) }, "malformed"],
    [{ ...good, map: new Uint8Array(101) }, "malformed"],
    [{ ...good, map: Uint8Array.of(1, 0, 0) }, "map_hash"],
    [g.message(0, [0n, 0n], { chainId: "c-2" }), "misfit"],
    [g.message(0, [0n]), "misfit"],
    [g.message(0, [0n, 0n], { slot: 2 }), "misfit"],
    [g.message(0, [0n, 4000n]), "misfit"],
    [g.message(0, [0n, 0n], { clock: [1n, 0n] }), "misfit"],
  ];
  for (const [m, outcome] of cases) {
    t.is(r.receive(m), outcome);
    t.true(isPeersFault(outcome as never));
  }
  t.is(r.receive(good), "held", "the message itself is taken afterwards");
  t.deepEqual(r.log, ["0/1"]);
  t.deepEqual(r.intake.gaps(), []);
});

test("two signed headers at one seq are equivocation, whether the first is held, logged, long logged or broken", (t) => {
  const g = two();
  const r = new Reader(g);
  const other = (loss: number): Iteration => g.message(0, [0n, 0n], { loss });
  r.receive(g.message(0, [0n, 0n], { height: 120n }));
  t.is(r.receive(other(7)), "equivocation by 0");
  r.at(120n);
  t.is(r.receive(other(8)), "equivocation by 0, first logged");
  const stranger = other(9);
  t.is(r.receive({ ...stranger, signature: g.sign(1, stranger.header) }), "signature", "without the slot's signature nothing is proven");

  const alone = new ScriptedGroup({ slots: 1 });
  const long = new Reader(alone, { lowestRound: () => 1_000n });
  const fork = alone.message(0, [0n], { loss: 3 });
  const [first] = alone.rounds(300).map((m) => (long.receive(m), m)) as [Iteration];
  t.is(long.intake.head(0), 300n);
  t.is(long.receive(first), "duplicate", "looked up");
  t.is(long.receive(fork), "equivocation by 0, first logged");

  const late = new Reader(g);
  late.receive(g.message(0, [0n, 0n], { round: 9n }));
  t.is(late.receive(other(10)), "equivocation by 0");
  t.deepEqual(late.log, ["!0/1 rule_round", "0/1"], "the one that keeps the rules is logged all the same");
});

test("what breaks a rule is not logged, and nothing after it is", (t) => {
  const g = two();
  const r = new Reader(g);
  const [a1, b1] = g.rounds(1) as [Iteration, Iteration];
  for (const m of [a1, b1]) r.receive(m);
  const stale = g.next(0, [1n, 0n]);
  t.is(r.receive(stale), "held");
  t.is(r.receive(g.next(0, [2n, 1n])), "held");
  t.deepEqual(r.log, ["0/1", "1/1", "!0/2 rule_lag"]);
  t.is(r.receive(stale), "broken");
});

test("a message that comes from two sources at one time is verified once, and is no equivocation where it breaks a rule", (t) => {
  const g = two();
  const { intake } = new Reader(g);
  const bad = g.message(0, [0n, 0n], { round: 9n });
  const [first, second] = [intake.offer(bad), intake.offer(bad)];
  if (!("verify" in first) || !("waits" in second)) return t.fail();
  t.deepEqual(intake.verified(first.ticket, true), { outcome: "held", equivocation: undefined, again: [{ ticket: second.ticket, offer: { outcome: "duplicate" } }] });
  t.is(intake.take(9).length, 1);
  t.deepEqual(intake.offer(bad), { outcome: "broken" });
});

test("a copy with a signature that is not good keeps the one that has it waiting for one check, and no longer", (t) => {
  const g = two();
  const { intake } = new Reader(g);
  const [good] = g.rounds(1) as [Iteration];
  const forged = intake.offer({ ...good, signature: g.sign(1, good.header) });
  const honest = intake.offer(good);
  const third = intake.offer(good);
  if (!("verify" in forged) || !("waits" in honest) || !("waits" in third)) return t.fail();
  const { outcome, again } = intake.verified(forged.ticket, false);
  t.is(outcome, "signature");
  t.deepEqual(again.map((a) => a.ticket), [honest.ticket, third.ticket]);
  const [next, after] = again.map((a) => a.offer) as [Offer, Offer];
  if (!("verify" in next) || !("waits" in after)) return t.fail();
  t.deepEqual(next.verify.signature, good.signature);
  t.deepEqual(intake.verified(next.ticket, true), { outcome: "held", equivocation: undefined, again: [{ ticket: after.ticket, offer: { outcome: "duplicate" } }] });
});

test("a tip that was restored goes on where the log ended", (t) => {
  const g = two();
  const before = new Reader(g);
  for (const m of g.rounds(3)) before.receive(m);
  const logs = g.emptyLogs().map((l, slot) => ({ tip: before.intake.tip(slot) ?? l.tip, tree: l.tree }));
  for (const [slot, l] of logs.entries()) for (let seq = 1; seq <= 3; seq++) l.tree.append(before.hashes.get(`${slot}/${seq}`) as Uint8Array);
  const after = new Reader(g, { logs });
  for (const m of g.rounds(1)) t.is(after.receive(m), "held");
  t.deepEqual(after.log, ["0/4", "1/4"]);
});

test("nobody waits for a slot above where it was closed for a fault, and its messages above are refused", (t) => {
  const g = two();
  const r = new Reader(g);
  const [a1, b1, a2, b2, a3] = g.rounds(3) as [Iteration, Iteration, Iteration, Iteration, Iteration];
  for (const m of [a1, b1, a2]) r.receive(m);
  t.is(r.receive(a3), "held", "it names 1/2, which is not here");
  r.at(115n, [closedForFault(1, 1n, 100n)]);
  t.deepEqual(r.log, ["0/1", "1/1", "0/2", "0/3"]);
  t.is(r.receive(b2), "closed");
});

test("what is held back for one slot is bounded, yet its next message is always taken, and what came too early may come again", (t) => {
  const g = two();
  const r = new Reader(g, { slotBytes: 2500 });
  const all = [1n, 2n, 3n, 4n, 5n, 6n].map((seq) => g.next(0, [seq - 1n, 0n]));
  const outcomes = all.slice(1).map((m) => r.receive(m));
  t.deepEqual(new Set(outcomes), new Set(["held", "full"]));
  t.true(r.intake.heldBytes(0) <= 2500);
  t.is(r.receive(all[0] as Iteration), "held");
  t.is(r.log[0], "0/1");
});

test("a message too far beyond the head is not kept", (t) => {
  const g = new ScriptedGroup({ slots: 1, runAhead: 64n });
  const r = new Reader(g);
  const all = g.rounds(70);
  t.is(r.receive(all[69] as Iteration), "far");
  t.is(r.receive(all[65] as Iteration), "held");
});

test("our own message moves the log, and wakes what waited for it", (t) => {
  const g = two();
  const r = new Reader(g);
  const [a1, b1, , b2] = g.rounds(2) as [Iteration, Iteration, Iteration, Iteration];
  r.receive(b1);
  r.receive(b2);
  t.deepEqual(r.log, ["1/1"]);
  const held = new Reader(g);
  held.receive(a1);
  r.intake.advance(Header.decode(a1.header), held.intake.tip(0)?.headerHash as Uint8Array);
  r.drain();
  t.deepEqual(r.log, ["1/1", "1/2"]);
});
