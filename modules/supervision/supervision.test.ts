import test from "ava";
import { World, ofType } from "#test/modules/world.js";
import * as store from "./store.js";
import { Phase, QueryAnchorsRequest, QueryAnchorsResponse, Role, type Seat, SlotStatus, VerdictCode } from "#proto/gen/pouw.js";

const hex = (b: Uint8Array) => Buffer.from(b).toString("hex");

test("a head is anchored when more than half of the seated supervisors attested it", (t) => {
  const w = new World();
  const log = w.log(0);
  w.block(() => w.anchor(0, [log.head(5)]));
  t.is(w.slot(0).head.seq, 0n);
  w.block(() => w.anchor(1, [log.head(5)]));
  t.is(w.slot(0).head.seq, 5n);
  t.deepEqual(w.supervision.keeper.advancesAt(w.ctx(), w.height).map((a) => [a.slot, a.from, a.head.seq]), [[0, 0n, 5n]]);
  t.is(w.task.lastAdvance, w.height);
  t.deepEqual(w.query("Anchors", QueryAnchorsRequest, QueryAnchorsResponse, { taskId: 1n, slot: 0 }).heads, [w.slot(0).head]);
});

test("supervisors that anchor different heads converge through what they have seen", (t) => {
  const w = new World({ supervisors: 5 });
  const log = w.log(0);
  w.block(() => [10, 11, 12, 13, 14].forEach((seq, i) => w.anchor(i, [log.head(seq)])));
  t.is(w.slot(0).head.seq, 0n);
  w.block(() => {
    w.anchor(0, [log.head(20)], [log.seen(14)]);
    w.anchor(1, [], [log.seen(14)]);
  });
  t.is(w.slot(0).head.seq, 14n);
  w.block(() => [1, 2].forEach((i) => w.anchor(i, [], [log.seen(20)])));
  t.is(w.slot(0).head.seq, 20n);
});

test("a fork that a minority shows is never anchored, and its supervisor is not refused", (t) => {
  const w = new World();
  const good = w.log(0);
  const fork = w.log(0, 7);
  w.block(() => {
    w.anchor(0, [fork.head(9)]);
    w.anchor(1, [good.head(5)]);
    w.anchor(2, [good.head(5)]);
  });
  t.is(hex(w.slot(0).head.hash), hex(good.head(5).headerHash));
  w.block(() => {
    w.anchor(0, [fork.head(10)]);
    w.anchor(0, [fork.head(5)]);
  });
  t.is(w.slot(0).head.seq, 5n);
});

test("a supervisor's second hash for one sequence number is not counted", (t) => {
  const w = new World();
  const a = w.log(0);
  const b = w.log(0, 7);
  const events = w.block(() => {
    w.anchor(0, [a.head(5)]);
    w.anchor(1, [b.head(5)]);
    w.anchor(1, [a.head(5)]);
  });
  t.is(ofType(events, "attestation_conflict").length, 1);
  t.is(w.slot(0).head.seq, 0n);
});

test("the chain refuses heads that do not fit, each by its own code", (t) => {
  const w = new World({ positions: 100 });
  const log = w.log(0);
  const anchor = (heads: object[], seen: object[] = [], supervisor = "supervisor0", taskId = 1n) => w.refusal("MsgAnchorLog", { supervisor, taskId, heads, seen });
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
  w.set({ phase: Phase.PHASE_EVALUATION });
  t.is(anchor([]), "supervision/3");
});

test("anchoring costs a fixed gas per head", (t) => {
  const w = new World();
  const log = w.log(0);
  const cost = (run: () => void) => {
    const before = w.gasUsed;
    run();
    return w.gasUsed - before;
  };
  t.is(cost(() => w.anchor(0)), 0n);
  t.is(cost(() => w.anchor(0, [log.head(5)])), 2000n);
  t.is(cost(() => w.anchor(1, [w.log(1).head(3)], [log.seen(5)])), 2500n);
});

test("a silent supervisor is dropped with slash_stall and the majority is of those left", (t) => {
  const w = new World();
  const log = w.log(0);
  w.block(() => {
    w.anchor(1, [log.head(5)]);
  });
  w.blocks(14, () => w.anchor(0));
  t.true(w.supervision.keeper.slot(w.ctx(), 1n, 0)?.head?.seq === 0n);
  const events = w.block(() => w.anchor(0, [log.head(5)]));
  t.deepEqual(ofType(events, "supervisor_dropped").map((e) => e.supervisor), ["supervisor2"]);
  t.deepEqual(w.slashes, [{ role: Role.ROLE_SUPERVISOR, index: 2, amount: 50n }]);
  t.is(w.refusal("MsgAnchorLog", { supervisor: "supervisor2", taskId: 1n, heads: [], seen: [] }), "supervision/5");
  t.is(w.slot(0).head.seq, 5n);
});

test("empty lists count as alive", (t) => {
  const w = new World({ params: { stallBlocks: 1000n } });
  w.blocks(60, () => w.anchorAll());
  t.is(w.slashes.length, 0);
});

test("with every supervisor gone the task ends", (t) => {
  const w = new World();
  w.blocks(16);
  t.deepEqual(w.ended, [1n]);
});

test("a ready slot whose head does not move is closed late and slashed, four times later before its first header", (t) => {
  const w = new World({ slots: 2 });
  const log = w.log(0);
  // limit: stall_blocks 10 + 4·1 = 14 ready blocks; 56 before a first header
  w.block(() => w.anchorAll([log.head(1)]));
  w.blocks(54, () => w.anchorAll());
  t.is(w.slot(1).status, SlotStatus.SLOT_OPEN);
  w.block(() => w.anchorAll());
  t.is(w.slot(1).status, SlotStatus.SLOT_CLOSED_LATE);
  t.is(w.slot(1).closedHeight, w.height);
  t.deepEqual(w.slashes, [{ role: Role.ROLE_MINER, index: 1, amount: 50n }]);
  t.is(w.slot(0).status, SlotStatus.SLOT_OPEN, "slot 0 waited for slot 1, so it was not ready");
  w.blocks(13, () => w.anchorAll());
  t.is(w.slot(0).status, SlotStatus.SLOT_OPEN);
  w.block(() => w.anchorAll());
  t.is(w.slot(0).status, SlotStatus.SLOT_CLOSED_LATE, "excused from slot 1, it is ready and late 14 blocks on");
});

test("blocks count towards lateness only while more than half of the supervisors anchor", (t) => {
  const w = new World({ slots: 1, params: { supervisorStallBlocks: 1000n } });
  w.block(() => w.anchorAll([w.log(0).head(1)]));
  w.blocks(100);
  t.is(w.slot(0).status, SlotStatus.SLOT_OPEN);
  const before = w.slot(0).readyBlocks;
  t.true(before > 0n && before < 14n);
  w.blocks(Number(14n - before) - 1, () => w.anchorAll());
  t.is(w.slot(0).status, SlotStatus.SLOT_OPEN);
  w.block(() => w.anchorAll());
  t.is(w.slot(0).status, SlotStatus.SLOT_CLOSED_LATE);
});

test("a head that moves in a block is not late in it, and its count restarts", (t) => {
  const w = new World({ slots: 1 });
  const log = w.log(0);
  w.block(() => w.anchorAll([log.head(1)]));
  w.blocks(12, () => w.anchorAll());
  t.is(w.slot(0).readyBlocks, 13n);
  w.block(() => w.anchorAll([log.head(2)]));
  t.is(w.slot(0).status, SlotStatus.SLOT_OPEN);
  t.is(w.slot(0).readyBlocks, 1n);
});

test("a slot beyond the run-ahead of the lowest head is not ready", (t) => {
  const w = new World({ slots: 2, lag: 16, runAhead: 4n });
  w.block(() => w.anchorAll([w.log(0).head(1), w.log(1).head(1)]));
  w.block(() => w.anchorAll([w.log(0).head(5)]));
  t.deepEqual([w.slot(0).readyBlocks, w.slot(1).readyBlocks], [0n, 2n], "round 5 > A 0 + 4");
  w.block(() => w.anchorAll([w.log(1).head(2)]));
  t.is(w.slot(0).readyBlocks, 1n);
  t.is(w.supervision.keeper.lowestAnchoredRound(w.ctx(), w.task), 1n);
});

test("a slot that anchored its last position is done and never late", (t) => {
  const w = new World({ slots: 1, positions: 3 });
  t.is(w.supervision.keeper.lowestAnchoredRound(w.ctx(), w.task), -1n);
  w.block(() => w.anchorAll([w.log(0).head(3)]));
  t.true(w.supervision.keeper.allDone(w.ctx(), w.task));
  w.blocks(30, () => w.anchorAll());
  t.is(w.slot(0).status, SlotStatus.SLOT_OPEN);
});

test("maps of a slot closed late may still be anchored", (t) => {
  const w = new World({ slots: 1 });
  const log = w.log(0);
  w.block(() => w.anchorAll([log.head(3)]));
  w.blocks(14, () => w.anchorAll());
  t.deepEqual([w.slot(0).status, w.slot(0).closedSeq], [SlotStatus.SLOT_CLOSED_LATE, 3n]);
  w.block(() => w.anchorAll([log.head(5)]));
  t.deepEqual([w.slot(0).head.seq, w.slot(0).closedSeq], [5n, 3n]);
});

test("equivocation slashes all, cuts the slot back to the highest kept advance below it, and is reported once", (t) => {
  const w = new World();
  const log = w.log(0);
  const fork = w.log(0, 7);
  w.block(() => w.anchorAll([log.head(4)]));
  w.block(() => w.anchorAll([log.head(9)]));
  const report = { reporter: "anyone", taskId: 1n, slot: 0, first: log.signed(7), second: fork.signed(7) };
  const no = (change: object) => w.refusal("MsgReportEquivocation", { ...report, ...change });
  t.is(no({ second: log.signed(7) }), "supervision/17");
  t.is(no({ second: fork.signed(8) }), "supervision/17");
  t.is(no({ second: { ...fork.signed(7), signature: log.signed(7).signature } }), "supervision/9");
  t.is(no({ slot: 1 }), "supervision/9");
  w.block(() => w.send("MsgReportEquivocation", report));
  const s = w.slot(0);
  t.deepEqual([s.status, s.fault, s.closedSeq, s.head.seq, s.closedHeight], [SlotStatus.SLOT_CLOSED_FAULT, VerdictCode.VERDICT_UNSPECIFIED, 4n, 4n, w.height]);
  t.deepEqual(w.slashes, [{ role: Role.ROLE_MINER, index: 0, amount: 1000n, bountyTo: "anyone" }]);
  t.is(w.supervision.keeper.verifiedIterations(w.ctx(), 1n, 0), 0n);
  t.is(no({ first: log.signed(2), second: fork.signed(2) }), "supervision/18");
  w.block(() => w.anchorAll([log.head(20)]));
  t.is(w.slot(0).head.seq, 4n, "a closed fork is anchored no further");
});

test("no bounty goes to a reporter who sits in the task", (t) => {
  const w = new World();
  w.block(() => w.send("MsgReportEquivocation", { reporter: "miner1", taskId: 1n, slot: 0, first: w.log(0).signed(1), second: w.log(0, 7).signed(1) }));
  t.deepEqual(w.slashes, [{ role: Role.ROLE_MINER, index: 0, amount: 1000n }]);
  t.is(w.slot(0).closedSeq, 0n);
});

test("equivocation found after Training takes the stake and leaves the fixed models alone; after the seats unlock it is too late", (t) => {
  const w = new World();
  const log = w.log(0);
  w.block(() => w.anchorAll([log.head(9)]));
  w.supervision.keeper.freeze(w.ctx(), w.task);
  w.set({ phase: Phase.PHASE_CLOSED, trainingEnd: w.height, closedHeight: w.height });
  const report = { reporter: "anyone", taskId: 1n, slot: 0, first: log.signed(2), second: w.log(0, 7).signed(2) };
  const closed = w.height;
  w.height = closed + 201n;
  t.is(w.refusal("MsgReportEquivocation", report), "supervision/3");
  w.height = closed + 200n;
  t.is(w.refusal("MsgReportEquivocation", report), undefined);
  t.deepEqual([w.slot(0).head.seq, w.slot(0).finalSeq, w.slot(0).status], [9n, 9n, SlotStatus.SLOT_CLOSED_FAULT]);
});

test("heads freeze when Training ends; a supervisor does its duty by attesting them until Settling is over", (t) => {
  const w = new World();
  const log = w.log(0);
  const duty = (i: number) => w.supervision.keeper.dutyDone(w.ctx(), w.task, i);
  w.block(() => {
    w.anchor(0, [log.head(5)]);
    w.anchor(1, [log.head(5)]);
    w.anchor(2, [log.head(4)]);
  });
  w.supervision.keeper.freeze(w.ctx(), w.task);
  w.set({ phase: Phase.PHASE_SETTLING, trainingEnd: w.height });
  t.deepEqual([0, 1, 2].map(duty), [true, true, false]);
  w.block(() => w.anchorAll([log.head(8)]));
  t.deepEqual([w.slot(0).head.seq, w.slot(0).finalSeq], [5n, 5n]);
  t.true(duty(2));
  w.seats.set("1/2/0", { ...w.seat(Role.ROLE_SUPERVISOR, 0), dropped: true });
  t.false(duty(0));
});

test("advances are kept for the draw, claim and two verdict windows, a slot's last head for good", (t) => {
  const w = new World({ params: { stallBlocks: 1000n } });
  const log = w.log(0);
  w.block(() => w.anchorAll([log.head(4)]));
  w.blocks(82, () => w.anchorAll());
  t.is(w.supervision.keeper.anchors(w.ctx(), 1n, 0).length, 1);
  w.block(() => w.anchorAll());
  t.is(w.supervision.keeper.anchors(w.ctx(), 1n, 0).length, 0);
  t.is(w.slot(0).head.seq, 4n);
  t.is(w.supervision.keeper.firstAtOrAbove(w.ctx(), 1n, 0, 3n), undefined);
});

test("the first anchored head at or above an iteration is found among the kept ones", (t) => {
  const w = new World();
  const log = w.log(0);
  w.block(() => w.anchorAll([log.head(4)]));
  w.block(() => w.anchorAll([log.head(9)]));
  const first = (seq: bigint) => w.supervision.keeper.firstAtOrAbove(w.ctx(), 1n, 0, seq)?.seq;
  t.deepEqual([1n, 4n, 5n, 9n, 10n].map(first), [4n, 4n, 9n, 9n, undefined]);
});

test("a drawn supervisor confirms data, anyone else is refused", (t) => {
  const w = new World();
  w.set({ phase: Phase.PHASE_INITIALISATION });
  t.is(w.refusal("MsgConfirmData", { supervisor: "miner0", taskId: 1n }), "supervision/4");
  w.send("MsgConfirmData", { supervisor: "supervisor1", taskId: 1n });
  w.send("MsgConfirmData", { supervisor: "supervisor1", taskId: 1n });
  t.deepEqual([0, 1].map((i) => w.seat(Role.ROLE_SUPERVISOR, i).confirmed), [false, true]);
});

test("an audit is requested of a fresh iteration for a deposit, at most twice an interval and once an iteration", (t) => {
  const w = new World();
  const log = w.log(0);
  w.balances.set("supervisor0", 100n);
  w.block(() => w.anchorAll([log.head(9)]));
  const request = (seq: bigint, supervisor = "supervisor0") => w.refusal("MsgRequestAudit", { supervisor, taskId: 1n, slot: 0, seq });
  t.is(request(10n), "supervision/12");
  t.is(request(1n), undefined);
  t.is(w.balances.get("work"), 10n);
  t.is(request(1n), "supervision/15");
  t.is(request(2n), undefined);
  t.is(request(3n), "supervision/14");
  w.blocks(5, () => w.anchorAll());
  t.is(request(3n), undefined);
  w.blocks(16, () => w.anchorAll());
  t.is(request(4n), "supervision/13");
});

test("a worker drawn for two supervisor seats attests for both", (t) => {
  const w = new World();
  w.seats.set("1/2/1", { ...(w.seats.get("1/2/1") as Seat), worker: "supervisor0" });
  w.block(() => w.anchor(0, [w.log(0).head(5)]));
  t.is(w.slot(0).head.seq, 5n);
  t.deepEqual(w.supervision.keeper.attested(w.ctx(), 1n).map((a) => [a.slot, a.supervisor, a.seq]), [[0, 0, 5n], [0, 1, 5n]]);
});

test("an exported state is imported as it was", (t) => {
  const w = new World();
  w.block(() => w.anchorAll([w.log(0).head(5)]));
  const dump = w.dump();
  const [beacon, supervision, work] = JSON.parse(dump);
  w.data = new Map();
  w.beacon.module.initGenesis?.(w.ctx(), beacon);
  w.supervision.module.initGenesis?.(w.ctx(), supervision);
  w.work.module.initGenesis?.(w.ctx(), work);
  t.is(w.dump(), dump);
  t.is(w.slot(0).head.seq, 5n);
});

test("no head is further ahead of the lowest anchored round than run_ahead: one that nobody ran costs the chain nothing", (t) => {
  const w = new World({ slots: 2, positions: 10_000, runAhead: 100n });
  t.is(w.refusal("MsgAnchorLog", { supervisor: "supervisor0", taskId: 1n, heads: [w.log(0).head(101)], seen: [] }), "supervision/19");
  w.block(() => w.anchorAll([w.log(0).head(100), w.log(1).head(50)]));
  t.is(w.slot(0).head.seq, 100n, "round 99 is −1 + 100");
  t.is(w.refusal("MsgAnchorLog", { supervisor: "supervisor0", taskId: 1n, heads: [w.log(0).head(151)], seen: [] }), "supervision/19");
  w.block(() => w.anchorAll([w.log(0).head(150)]));
  t.is(w.slot(0).head.seq, 150n);
});

test("of what a minority attests above the head only the highest is kept, and nothing once heads are frozen", (t) => {
  const w = new World({ slots: 1, positions: 1000, runAhead: 1000n });
  const above = () => store.attestationsAbove(w.ctx(), 1n, 0, 0n).map(([key]) => Number(store.attestedSeq(key)));
  w.block(() => {
    for (let seq = 1; seq <= 200; seq++) w.anchor(0, [w.log(0).head(seq)]);
  });
  t.is(w.slot(0).head.seq, 0n);
  t.deepEqual(above(), Array.from({ length: 64 }, (_, i) => 137 + i));
  w.block(() => w.anchor(1, [], [w.log(0).seen(200)]));
  t.is(w.slot(0).head.seq, 200n, "the highest is still there to be agreed with");
  w.block(() => w.anchor(0, [w.log(0).head(300)]));
  w.set({ phase: Phase.PHASE_SUBMISSION, trainingEnd: w.height });
  w.supervision.keeper.freeze(w.ctx(), w.task);
  t.deepEqual(store.attestationsAbove(w.ctx(), 1n, 0, 200n), []);
  w.block(() => w.anchor(1, [], [w.log(0).seen(300)]));
  t.deepEqual(store.attestationsAbove(w.ctx(), 1n, 0, 200n), []);
  t.true(w.supervision.keeper.dutyDone(w.ctx(), w.task, 1), "it has attested above the final head");
});

test("equivocation above a head whose advance is pruned leaves that head", (t) => {
  const w = new World({ params: { stallBlocks: 10_000n } });
  w.block(() => w.anchorAll([w.log(0).head(4)]));
  w.blocks(100, () => w.anchorAll());
  t.deepEqual(w.supervision.keeper.anchors(w.ctx(), 1n, 0), []);
  w.block(() => w.send("MsgReportEquivocation", { reporter: "anyone", taskId: 1n, slot: 0, first: w.log(0).signed(5), second: w.log(0, 7).signed(5) }));
  t.deepEqual([w.slot(0).closedSeq, w.slot(0).head.seq], [4n, 4n]);
});
