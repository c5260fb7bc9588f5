/** Anchors, silence, lateness and faults, in a chain of all modules whose one task is in Training. */
import test from "ava";
import { toHex } from "#kernel/bytes.js";
import { SupervisionQuery } from "#proto/gen/pouw/supervision/v1/query.js";
import { MsgAnchorLog, MsgConfirmData, MsgReportEquivocation, MsgRequestAudit } from "#proto/gen/pouw/supervision/v1/tx.js";
import type { HeadAttestation } from "#proto/gen/pouw/supervision/v1/types.js";
import { Outcome, Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { MsgSubmitWork } from "#proto/gen/pouw/work/v1/tx.js";
import { attributesOf } from "#test/chain/chain.js";
import { Training } from "#test/chain/training.js";
import { attestationsAbove } from "./attestations.js";
import { readiness } from "./rounds.js";
import type { Slot } from "./types.js";

const { ROLE_MINER, ROLE_SUPERVISOR } = Role;
const closure = (w: Training, slot: number) => w.slot(slot).state;
/** Blocks counted towards lateness; undefined once the slot is closed. */
function readyBlocks(w: Training, slot: number): bigint | undefined {
  const { state } = w.slot(slot);
  return state.kind === "open" ? state.readyBlocks : undefined;
}
const isOpen = (w: Training, slot: number): boolean => w.slot(slot).state.kind === "open";

test("a head is anchored when more than half of the seated supervisors attested it", (t) => {
  const w = new Training();
  const log = w.log(0);
  w.block(() => w.anchor(0, [log.head(5)]));
  t.is(w.headSeq(0), 0n);
  w.block(() => w.anchor(1, [log.head(5)]));
  t.is(w.headSeq(0), 5n);
  t.deepEqual(w.k.supervision.advancesAt(w.ctx, w.height).map((a) => [a.slot, a.from, a.head.seq]), [[0, 0n, 5n]]);
  t.is(w.task.lastAdvance, w.height);
  t.deepEqual(w.query(SupervisionQuery.methods.anchors, { taskId: 1n, slot: 0 }).heads, [w.slot(0).head]);
});

test("supervisors that anchor different heads converge through what they have seen", (t) => {
  const w = new Training({ supervisors: 5 });
  const log = w.log(0);
  w.block(() => [10, 11, 12, 13, 14].forEach((seq, i) => w.anchor(i, [log.head(seq)])));
  t.is(w.headSeq(0), 0n);
  w.block(() => {
    w.anchor(0, [log.head(20)], [log.seen(14)]);
    w.anchor(1, [], [log.seen(14)]);
  });
  t.is(w.headSeq(0), 14n);
  w.block(() => [1, 2].forEach((i) => w.anchor(i, [], [log.seen(20)])));
  t.is(w.headSeq(0), 20n);
});

test("a fork that a minority shows is never anchored, and its supervisor is not refused", (t) => {
  const w = new Training();
  const good = w.log(0);
  const fork = w.log(0, 7);
  w.block(() => {
    w.anchor(0, [fork.head(9)]);
    w.anchor(1, [good.head(5)]);
    w.anchor(2, [good.head(5)]);
  });
  t.is(toHex(w.slot(0).head?.hash as Uint8Array), toHex(good.head(5).headerHash));
  w.block(() => {
    w.anchor(0, [fork.head(10)]);
    w.anchor(0, [fork.head(5)]);
  });
  t.is(w.headSeq(0), 5n);
});

test("a supervisor's second hash for one sequence number is not counted", (t) => {
  const w = new Training();
  const a = w.log(0);
  const b = w.log(0, 7);
  const events = w.block(() => {
    w.anchor(0, [a.head(5)]);
    w.anchor(1, [b.head(5)]);
    w.anchor(1, [a.head(5)]);
  });
  t.is(attributesOf(events, "attestation_conflict").length, 1);
  t.is(w.headSeq(0), 0n);
});

test("the chain refuses heads that do not fit, each by its own code", (t) => {
  const w = new Training({ positions: 100, trainingBlocks: 1n });
  const log = w.log(0);
  const anchor = (heads: HeadAttestation[], seen: HeadAttestation[] = [], supervisor = "supervisor0", taskId = 1n) =>
    w.refusal(MsgAnchorLog, { supervisor: w.address(supervisor), taskId, heads, seen });
  t.is(anchor([], [], "supervisor0", 9n), "supervision/2");
  t.is(anchor([], [], "miner0"), "supervision/4");
  t.is(anchor([{ ...log.head(5), slot: 2 }]), "supervision/6");
  t.is(anchor([log.head(101)]), "supervision/7");
  t.is(anchor([{ ...log.head(5), seq: 0n }]), "supervision/7");
  t.is(anchor([{ ...log.head(5), headerHash: new Uint8Array(31) }]), "supervision/8");
  t.is(anchor([{ ...log.head(5), seq: 6n }]), "supervision/9");
  t.is(anchor([{ ...log.head(5), slot: 1 }]), "supervision/9");
  t.is(anchor([], [log.seen(5)]), "supervision/10");
  t.is(anchor([log.head(5), log.head(6)]), "supervision/11");
  w.until(() => w.task.phase === Phase.PHASE_EVALUATION);
  t.is(anchor([]), "supervision/3");
});

test("anchoring costs a fixed gas per head", (t) => {
  const w = new Training();
  const log = w.log(0);
  const cost = (run: () => void) => {
    const before = w.ctx.gas.used;
    run();
    return w.ctx.gas.used - before;
  };
  w.block(() => {
    t.is(cost(() => w.anchor(0)), 0n);
    t.is(cost(() => w.anchor(0, [log.head(5)])), 20_000n);
    t.is(cost(() => w.anchor(1, [w.log(1).head(3)], [log.seen(5)])), 20_500n);
  });
});

test("a silent supervisor is dropped with slash_stall and the majority is of those left", (t) => {
  const w = new Training();
  const log = w.log(0);
  w.block(() => {
    w.anchor(1, [log.head(5)]);
  });
  w.blocks(14, () => w.anchor(0));
  t.is(w.headSeq(0), 0n);
  const events = w.block(() => w.anchor(0, [log.head(5)]));
  t.deepEqual(attributesOf(events, "supervisor_dropped").map((e) => e.supervisor), [w.address("supervisor2")]);
  t.deepEqual(w.slashes, [{ role: ROLE_SUPERVISOR, index: 2, amount: 50n }]);
  t.is(w.refusal(MsgAnchorLog, { supervisor: w.address("supervisor2"), taskId: 1n, heads: [], seen: [] }), "supervision/5");
  t.is(w.headSeq(0), 5n);
});

test("empty lists count as alive", (t) => {
  const w = new Training({ params: { supervision: { stall_blocks: "1000" } } });
  w.blocks(60, () => w.anchorAll());
  t.is(w.slashes.length, 0);
});

test("with every supervisor gone the task ends", (t) => {
  const w = new Training();
  w.blocks(16);
  t.deepEqual(w.of("task_ended").map((e) => e.task), ["1"]);
  t.is(w.task.outcome, Outcome.OUTCOME_NO_SUPERVISORS);
});

test("a ready slot whose head does not move is closed late and slashed, four times later before its first header", (t) => {
  const w = new Training({ slots: 2 });
  const log = w.log(0);
  // limit: stall_blocks 10 + 4·1 = 14 ready blocks; 56 before a first header
  w.block(() => w.anchorAll([log.head(1)]));
  w.blocks(54, () => w.anchorAll());
  t.true(isOpen(w, 1));
  w.block(() => w.anchorAll());
  t.deepEqual(closure(w, 1), { kind: "late", height: w.height, seq: 0n });
  t.deepEqual(w.slashes, [{ role: ROLE_MINER, index: 1, amount: 50n }]);
  t.true(isOpen(w, 0), "slot 0 waited for slot 1, so it was not ready");
  w.blocks(13, () => w.anchorAll());
  t.true(isOpen(w, 0));
  w.block(() => w.anchorAll());
  t.is(closure(w, 0).kind, "late", "excused from slot 1, it is ready and late 14 blocks on");
});

test("blocks count towards lateness only while more than half of the supervisors anchor", (t) => {
  const w = new Training({ slots: 1, params: { supervision: { supervisor_stall_blocks: "1000" } } });
  w.block(() => w.anchorAll([w.log(0).head(1)]));
  w.blocks(100);
  t.true(isOpen(w, 0));
  const before = readyBlocks(w, 0) as bigint;
  t.true(before > 0n && before < 14n);
  w.blocks(Number(14n - before) - 1, () => w.anchorAll());
  t.true(isOpen(w, 0));
  w.block(() => w.anchorAll());
  t.is(closure(w, 0).kind, "late");
});

test("a head that moves in a block is not late in it, and its count restarts", (t) => {
  const w = new Training({ slots: 1 });
  const log = w.log(0);
  w.block(() => w.anchorAll([log.head(1)]));
  w.blocks(12, () => w.anchorAll());
  t.is(readyBlocks(w, 0), 13n);
  w.block(() => w.anchorAll([log.head(2)]));
  t.is(readyBlocks(w, 0), 1n);
});

test("a slot beyond the run-ahead of the lowest head is not ready", (t) => {
  const w = new Training({ slots: 2 });
  t.is(w.k.supervision.lowestAnchoredRound(w.ctx, 1n), undefined);
  w.block(() => w.anchorAll([w.log(0).head(1), w.log(1).head(1)]));
  w.block(() => w.anchorAll([w.log(0).head(5)]));
  t.is(w.k.supervision.lowestAnchoredRound(w.ctx, 1n), 0n);
  w.block(() => w.anchorAll([w.log(1).head(2)]));
  t.is(w.k.supervision.lowestAnchoredRound(w.ctx, 1n), 1n);
  // No task has so short a run-ahead, and with a longer one its lag stops a slot before that.
  const at = (seq: bigint, slot: number): Slot => ({ ...w.slot(slot), head: { height: 1n, seq, hash: new Uint8Array(32) } });
  const ready = (...seqs: bigint[]) => {
    const slots = seqs.map(at);
    return slots.map(readiness(slots, { lag: 16, runAhead: 4n }));
  };
  t.deepEqual(ready(5n, 1n), [false, true], "round 5 > A 0 + 4");
  t.deepEqual(ready(5n, 2n), [true, true]);
});

test("a slot that is further ahead than its lag allows waits, and no block counts towards its lateness", (t) => {
  const w = new Training({ slots: 2, lag: 4 });
  w.block(() => w.anchorAll([w.log(0).head(1), w.log(1).head(1)]));
  w.block(() => w.anchorAll([w.log(0).head(5)]));
  t.deepEqual([0, 1].map((i) => readyBlocks(w, i)), [0n, 2n], "round 5 requires round 1 of slot 1");
  w.block(() => w.anchorAll([w.log(1).head(2)]));
  t.is(readyBlocks(w, 0), 1n);
});

test("a slot that anchored its last position is done and never late", (t) => {
  const w = new Training({ slots: 1, positions: 3 });
  t.is(w.k.supervision.lowestAnchoredRound(w.ctx, 1n), undefined);
  w.block(() => w.anchorAll([w.log(0).head(3)]));
  t.true(w.k.supervision.allDone(w.ctx, w.task));
  w.blocks(30, () => w.anchorAll());
  t.true(isOpen(w, 0));
});

test("while another slot works on, a slot that is done waits without being late", (t) => {
  const w = new Training({ slots: 2, positions: 3 });
  w.block(() => w.anchorAll([w.log(0).head(3), w.log(1).head(1)]));
  w.blocks(12, () => w.anchorAll());
  t.deepEqual([0, 1].map((i) => readyBlocks(w, i)), [0n, 13n]);
  t.false(w.k.supervision.allDone(w.ctx, w.task));
  w.block(() => w.anchorAll());
  t.deepEqual([closure(w, 0).kind, closure(w, 1).kind], ["open", "late"]);
  t.is(w.task.training?.end, w.height, "nobody is left to wait for");
});

test("maps of a slot closed late may still be anchored", (t) => {
  const w = new Training({ slots: 2 });
  const log = w.log(0);
  w.block(() => w.anchorAll([log.head(3), w.log(1).head(4)]));
  w.blocks(13, () => w.anchorAll());
  t.deepEqual(closure(w, 0), { kind: "late", height: w.height, seq: 3n });
  const late = closure(w, 0);
  w.block(() => w.anchorAll([log.head(5)]));
  t.deepEqual([w.headSeq(0), closure(w, 0)], [5n, late]);
});

test("equivocation slashes all, cuts the slot back to the highest kept advance below it, and is reported once", (t) => {
  const w = new Training();
  const log = w.log(0);
  const fork = w.log(0, 7);
  w.block(() => w.anchorAll([log.head(4)]));
  w.block(() => w.anchorAll([log.head(9)]));
  const report = { reporter: w.address("anyone"), taskId: 1n, slot: 0, first: log.signed(7), second: fork.signed(7) };
  const no = (change: Partial<typeof report>) => w.refusal(MsgReportEquivocation, { ...report, ...change });
  t.is(no({ second: log.signed(7) }), "supervision/17");
  t.is(no({ second: fork.signed(8) }), "supervision/17");
  t.is(no({ second: { ...fork.signed(7), signature: log.signed(7).signature } }), "supervision/9");
  t.is(no({ slot: 1 }), "supervision/9");
  w.block(() => w.must(MsgReportEquivocation, report));
  t.deepEqual(closure(w, 0), { kind: "fault", code: undefined, height: w.height, seq: 4n, late: undefined });
  t.is(w.headSeq(0), 4n);
  t.deepEqual(w.slashes, [{ role: ROLE_MINER, index: 0, amount: 1000n, bounty: 100n }]);
  t.is(w.balance("anyone"), 100n);
  t.is(w.k.supervision.verifiedIterations(w.ctx, 1n, 0), 0n);
  t.is(no({ first: log.signed(2), second: fork.signed(2) }), "supervision/18");
  w.block(() => w.anchorAll([log.head(20)]));
  t.is(w.headSeq(0), 4n, "a closed fork is anchored no further");
});

test("no bounty goes to a reporter who sits in the task", (t) => {
  const w = new Training();
  w.block(() => w.must(MsgReportEquivocation, { reporter: w.address("miner1"), taskId: 1n, slot: 0, first: w.log(0).signed(1), second: w.log(0, 7).signed(1) }));
  t.deepEqual(w.slashes, [{ role: ROLE_MINER, index: 0, amount: 1000n }]);
  t.is(w.balance("miner1"), 0n);
  t.like(closure(w, 0), { kind: "fault", seq: 0n });
});

test("equivocation found after Training takes the stake and leaves the fixed models alone; after the seats unlock it is too late", (t) => {
  const w = new Training({ trainingBlocks: 1n });
  w.block(() => w.anchorAll([w.log(0).head(9)]));
  w.until(() => w.task.phase === Phase.PHASE_CLOSED);
  const closed = w.task.closedHeight as bigint;
  t.is(closed, w.height);
  const report = (slot: number) => w.refusal(MsgReportEquivocation, { reporter: w.address("anyone"), taskId: 1n, slot, first: w.log(slot).signed(2), second: w.log(slot, 7).signed(2) });
  w.until(() => w.height === closed + 199n, 199);
  w.block(() => t.is(report(0), undefined));
  t.is(w.height, closed + 200n);
  t.deepEqual([w.headSeq(0), w.slot(0).finalSeq, closure(w, 0).kind], [9n, 9n, "fault"]);
  t.deepEqual(w.slashes, [{ role: ROLE_MINER, index: 0, amount: 1000n, bounty: 100n }]);
  w.block(() => t.is(report(1), "supervision/3"));
});

test("heads freeze when Training ends; a supervisor does its duty by attesting them until Settling is over", (t) => {
  const w = new Training({ trainingBlocks: 1n });
  const log = w.log(0);
  const duty = (i: number) => w.k.supervision.dutyDone(w.ctx, w.task, i);
  w.block(() => {
    w.anchor(0, [log.head(5)]);
    w.anchor(1, [log.head(5)]);
    w.anchor(2, [log.head(4)]);
  });
  t.is(w.task.training?.end, w.height);
  w.until(() => w.task.phase === Phase.PHASE_SETTLING);
  t.deepEqual([0, 1, 2].map(duty), [true, true, false]);
  w.block(() => w.anchorAll([log.head(8)]));
  t.deepEqual([w.headSeq(0), w.slot(0).finalSeq], [5n, 5n]);
  t.true(duty(2));
  w.block(() => w.k.matching.drop(w.ctx, { taskId: 1n, role: ROLE_SUPERVISOR, index: 0 }));
  t.false(duty(0));
});

test("advances are kept for the draw, claim and two verdict windows, a slot's last head for good", (t) => {
  const w = new Training({ params: { supervision: { stall_blocks: "1000" } } });
  const log = w.log(0);
  w.block(() => w.anchorAll([log.head(4)]));
  w.blocks(82, () => w.anchorAll());
  t.is(w.k.supervision.anchors(w.ctx, 1n, 0).length, 1);
  w.block(() => w.anchorAll());
  t.is(w.k.supervision.anchors(w.ctx, 1n, 0).length, 0);
  t.is(w.headSeq(0), 4n);
  t.is(w.k.supervision.firstAtOrAbove(w.ctx, 1n, 0, 3n), undefined);
});

test("the first anchored head at or above an iteration is found among the kept ones", (t) => {
  const w = new Training();
  const log = w.log(0);
  w.block(() => w.anchorAll([log.head(4)]));
  w.block(() => w.anchorAll([log.head(9)]));
  const first = (seq: bigint) => w.k.supervision.firstAtOrAbove(w.ctx, 1n, 0, seq)?.seq;
  t.deepEqual([1n, 4n, 5n, 9n, 10n].map(first), [4n, 4n, 9n, 9n, undefined]);
});

test("a drawn supervisor confirms data, anyone else is refused", (t) => {
  const w = new Training({ initialisation: true });
  const confirm = (name: string) => w.refusal(MsgConfirmData, { supervisor: w.address(name), taskId: 1n });
  t.is(confirm("miner0"), "supervision/4");
  w.block(() => {
    t.is(confirm("supervisor1"), undefined);
    t.is(confirm("supervisor1"), undefined);
  });
  t.deepEqual([0, 1].map((i) => w.seat(ROLE_SUPERVISOR, i).confirmed), [false, true]);
  t.is(w.task.phase, Phase.PHASE_INITIALISATION);
  w.block(() => confirm("supervisor0"));
  t.is(w.task.phase, Phase.PHASE_TRAINING, "more than half hold the data");
  t.deepEqual(w.k.supervision.slots(w.ctx, 1n).map((s) => [s.slot, s.positions, s.head, s.state.kind]), [[0, 100n, undefined, "open"], [1, 100n, undefined, "open"]]);
});

test("an audit is requested of a fresh iteration for a deposit, at most twice an interval and once an iteration", (t) => {
  const w = new Training({ funds: { supervisor0: 100n } });
  const log = w.log(0);
  w.block(() => w.anchorAll([log.head(9)]));
  const request = (seq: bigint, supervisor = "supervisor0") => w.refusal(MsgRequestAudit, { supervisor: w.address(supervisor), taskId: 1n, slot: 0, seq });
  w.block(() => {
    t.is(request(10n), "supervision/12");
    t.is(request(1n), undefined);
    t.is(w.pool("work"), 10n);
    t.is(w.balance("supervisor0"), 90n);
    t.is(request(1n), "supervision/15");
    t.is(request(2n), undefined);
    t.is(request(3n), "supervision/14");
  });
  w.blocks(4, () => w.anchorAll());
  w.block(() => t.is(request(3n), undefined));
  w.blocks(15, () => w.anchorAll());
  t.is(request(4n), "supervision/13");
});

test("a worker drawn for two supervisor seats attests for both", (t) => {
  const w = new Training({ supervisors: ["supervisor0", "supervisor0", "supervisor2"] });
  w.block(() => w.anchor(0, [w.log(0).head(5)]));
  t.is(w.headSeq(0), 5n);
  t.deepEqual(w.k.supervision.attested(w.ctx, 1n).map((a) => [a.slot, a.supervisor, a.seq]), [[0, 0, 5n], [0, 1, 5n]]);
});

test("no head is further ahead of the lowest anchored round than run_ahead: one that nobody ran costs the chain nothing", (t) => {
  const w = new Training({ slots: 2, positions: 10_000, runAhead: 100n });
  const anchor = (seq: number) => w.refusal(MsgAnchorLog, { supervisor: w.address("supervisor0"), taskId: 1n, heads: [w.log(0).head(seq)], seen: [] });
  t.is(anchor(101), "supervision/19");
  w.block(() => w.anchorAll([w.log(0).head(100), w.log(1).head(50)]));
  t.is(w.headSeq(0), 100n, "round 99 is −1 + 100");
  t.is(anchor(151), "supervision/19");
  w.block(() => w.anchorAll([w.log(0).head(150)]));
  t.is(w.headSeq(0), 150n);
});

test("of what a minority attests above the head only the highest is kept, and nothing once heads are frozen", (t) => {
  const w = new Training({ slots: 1, positions: 1000, runAhead: 1000n, trainingBlocks: 3n });
  const above = (seq: bigint) => attestationsAbove(w.ctx, 1n, 0, seq).map((a) => Number(a.seq));
  w.block(() => {
    for (let seq = 1; seq <= 200; seq++) w.anchor(0, [w.log(0).head(seq)]);
  });
  t.is(w.headSeq(0), 0n);
  t.deepEqual(above(0n), Array.from({ length: 64 }, (_, i) => 137 + i));
  w.block(() => w.anchor(1, [], [w.log(0).seen(200)]));
  t.is(w.headSeq(0), 200n, "the highest is still there to be agreed with");
  w.block(() => {
    w.anchor(0, [w.log(0).head(300)]);
    t.deepEqual(above(200n), [300]);
  });
  t.is(w.task.phase, Phase.PHASE_SUBMISSION);
  t.deepEqual(above(200n), []);
  w.block(() => w.anchor(1, [], [w.log(0).seen(300)]));
  t.deepEqual(above(200n), []);
  t.true(w.k.supervision.dutyDone(w.ctx, w.task, 1), "it has attested above the final head");
});

test("equivocation above a head whose advance is pruned leaves that head", (t) => {
  const w = new Training({ params: { supervision: { stall_blocks: "10000" } } });
  w.block(() => w.anchorAll([w.log(0).head(4)]));
  w.blocks(100, () => w.anchorAll());
  t.deepEqual(w.k.supervision.anchors(w.ctx, 1n, 0), []);
  w.block(() => w.must(MsgReportEquivocation, { reporter: w.address("anyone"), taskId: 1n, slot: 0, first: w.log(0).signed(5), second: w.log(0, 7).signed(5) }));
  t.like(closure(w, 0), { kind: "fault", seq: 4n });
  t.is(w.headSeq(0), 4n);
});

test("a state in the midst is exported and imported as it is, and goes the same course from there", (t) => {
  const w = new Training({ slots: 5, supervisors: 5, positions: 100_000, trainingBlocks: 40n, funds: { supervisor0: 100n } });
  const [log, forked, lateToo] = [w.log(0), w.log(2), w.log(4)];
  const seated = [0, 1, 2, 3];
  const keepAlive = (c: Training) => seated.forEach((i) => c.anchor(i));
  const report = (c: Training, slot: number, seq: number) => c.refusal(MsgReportEquivocation, { reporter: c.address("anyone"), taskId: 1n, slot, first: c.log(slot).signed(seq), second: c.log(slot, 7).signed(seq) });
  const attest = (c: Training, supervisor: number, heads: HeadAttestation[]) => c.anchor(supervisor, heads);

  w.block(() => w.anchorAll([log.head(6), w.log(1).head(3), forked.head(4), w.log(3).head(5), lateToo.head(3)]));
  w.block(() => seated.forEach((i) => w.anchor(i, [forked.head(9)])));
  w.block(() => (keepAlive(w), report(w, 2, 7)));
  w.blocks(13, keepAlive);
  w.block(() => {
    keepAlive(w);
    report(w, 4, 2);
    for (const seq of [1n, 2n]) w.must(MsgRequestAudit, { supervisor: w.address("supervisor0"), taskId: 1n, slot: 0, seq });
    w.must(MsgSubmitWork, { miner: w.address("miner0"), taskId: 1n, slot: 0, header: log.bytes(3), headHeader: log.bytes(6), proof: log.proof(3, 6) });
    attest(w, 0, [log.head(12)]);
    attest(w, 1, [w.log(0, 7).head(12)]);
    attest(w, 2, [log.head(11)]);
  });
  t.deepEqual([0, 1, 2, 3, 4].map((i) => [w.headSeq(i), closure(w, i).kind]), [[6n, "open"], [3n, "late"], [4n, "fault"], [5n, "open"], [0n, "fault"]]);
  t.like(closure(w, 4), { late: { seq: 3n } }, "it was late before");
  t.true(w.seat(ROLE_SUPERVISOR, 4).dropped);
  t.deepEqual(attestationsAbove(w.ctx, 1n, 0, 6n).map((a) => [a.seq, a.supervisor]), [[11n, 2], [12n, 0], [12n, 1]]);
  t.deepEqual(w.k.work.openJobs(w.ctx).map((j) => j.kind), ["requested_audit", "requested_audit", "claim"]);

  const again = w.imported();
  t.deepEqual(again.dump(), w.dump());
  t.deepEqual(again.exported(), w.exported());
  const both = (run: (c: Training) => void) => {
    t.deepEqual(again.block(run), w.block(run));
    t.deepEqual(again.dump(), w.dump(), `at ${w.height}`);
  };
  both((c) => {
    keepAlive(c);
    for (const i of [2, 3]) c.anchor(i, [], [c.log(0).seen(12)]);
    t.is(report(c, 2, 7), "supervision/18");
    t.is(c.refusal(MsgRequestAudit, { supervisor: c.address("supervisor0"), taskId: 1n, slot: 0, seq: 4n }), "supervision/14");
    t.is(c.refusal(MsgAnchorLog, { supervisor: c.address("supervisor4"), taskId: 1n, heads: [], seen: [] }), "supervision/5");
  });
  t.is(w.headSeq(0), 12n);
  both((c) => seated.forEach((i) => c.anchor(i, [c.log(1).head(7)])));
  t.deepEqual([w.headSeq(1), closure(w, 1).kind], [7n, "late"]);
  while (w.task.phase !== Phase.PHASE_CLOSED) both((c) => w.task.phase < Phase.PHASE_EVALUATION && keepAlive(c));
  t.is(w.task.outcome, Outcome.OUTCOME_PAID);
});
