import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { type SlotLog, World, type WorldOptions, ofType } from "#test/modules/world.js";
import { fromBigInt } from "#kernel/bytes.js";
import { JobKind, Phase, QueryJobRequest, QueryJobResponse, QueryJobsRequest, QueryJobsResponse, QueryMiningInfoRequest, QueryMiningInfoResponse, Role, SlotStatus, VerdictCode as V } from "#proto/gen/pouw.js";
import { auditOffsets, auditPpm } from "#protocol/draws/lottery.js";
import { MAX_TARGET, retarget, rewardOf } from "./retarget.js";

const keepAlive = (w: World) => w.anchorAll();
const claimOf = (log: SlotLog, seq: number, head: number, change: object = {}) => ({
  miner: `miner${log.slot}`, taskId: 1n, slot: log.slot, header: log.bytes(seq), headHeader: log.bytes(head), proof: log.proof(seq, head), ...change,
});

/** A world whose slot 0 anchored seq 1 to 9; audits are absent unless asked for (3·10^6 / positions is small). */
function anchoredWorld(o: WorldOptions = {}): { w: World; log: SlotLog } {
  const w = new World({ positions: 1_000_000_000, validators: 4, ...o });
  const log = w.log(0);
  w.block(() => w.anchorAll([log.head(9)]));
  return { w, log };
}
/** Claims seq 3 in the first block that takes it, and answers the job's id. */
function claimed(o: WorldOptions = {}) {
  const { w, log } = anchoredWorld(o);
  w.blocks(2, keepAlive);
  let job = 0n;
  w.block(() => {
    keepAlive(w);
    w.send("MsgSubmitWork", claimOf(log, 3, 9));
    job = w.work.keeper.openJobs(w.ctx())[0]?.id ?? 0n;
  });
  w.block(keepAlive);
  return { w, log, job };
}
const all = (job: bigint, code: V, who = [0, 1, 2, 3]) => Object.fromEntries(who.map((i) => [i, [[job, code] as [bigint, V]]]));
const jobOf = (w: World, id: bigint) => {
  const j = w.work.keeper.job(w.ctx(), id);
  if (!j) throw new Error(`no job ${id}`);
  return j;
};

test("a claim is taken in blocks h+D+1 to h+D+claim_window only", (t) => {
  const { w, log } = anchoredWorld();
  const refusal = () => w.refusal("MsgSubmitWork", claimOf(log, 3, 9));
  t.is(refusal(), "work/9");
  w.block(keepAlive);
  t.is(refusal(), "work/9");
  w.block(keepAlive);
  t.is(refusal(), "work/9", "drawn in this very block");
  w.blocks(21, keepAlive);
  t.is(refusal(), "work/10");
  w.height--;
  t.is(refusal(), undefined);
});

test("an iteration is claimed once", (t) => {
  const { w, log, job } = claimed();
  t.is(w.refusal("MsgSubmitWork", claimOf(log, 3, 9)), "work/7");
  t.is(w.refusal("MsgSubmitWork", claimOf(log, 4, 9)), undefined);
  t.is(w.refusal("MsgSubmitWork", claimOf(log, 9, 9)), undefined, "the head itself needs no proof");
  w.block(keepAlive, all(job, V.VERDICT_VALID));
  t.is(w.refusal("MsgSubmitWork", claimOf(log, 3, 9)), "work/7", "paid or not");
});

test("a claim that does not prove its header is refused by its own code", (t) => {
  const { w, log } = anchoredWorld();
  w.blocks(3, keepAlive);
  const fork = w.log(0, 7).grow(9);
  const no = (m: object) => w.refusal("MsgSubmitWork", m);
  t.is(no(claimOf(log, 3, 9, { taskId: 2n })), "work/2");
  t.is(no(claimOf(log, 3, 9, { miner: "miner1" })), "work/4");
  t.is(no(claimOf(log, 3, 9, { header: log.bytes(3).subarray(1) })), "work/6");
  t.is(no(claimOf(w.log(1), 3, 9, { slot: 0, miner: "miner0" })), "work/6");
  t.is(no(claimOf(log, 10, 9, { proof: [] })), "work/8");
  t.is(no(claimOf(log, 3, 8)), "work/11");
  t.is(no(claimOf(fork, 3, 9)), "work/11");
  t.is(no(claimOf(log, 3, 9, { header: fork.bytes(3) })), "work/12");
  t.is(no(claimOf(log, 3, 9, { proof: log.proof(4, 9) })), "work/12");
  t.is(no(claimOf(log, 3, 9, { proof: [] })), "work/12");
  t.is(no(claimOf(log, 9, 9, { proof: log.proof(3, 9) })), "work/12");
  t.is(no(claimOf(fork, 9, 9, { headHeader: log.bytes(9) })), "work/12");
  w.set({ phase: Phase.PHASE_EVALUATION });
  t.is(no(claimOf(log, 3, 9)), "work/3");
});

test("an iteration that did not win its draw is refused, with the target that was in force then", (t) => {
  const { w, log } = anchoredWorld({ params: { target0: fromBigInt(1n, 32) } });
  w.blocks(3, keepAlive);
  t.is(w.refusal("MsgSubmitWork", claimOf(log, 3, 9)), "work/13");
  t.is(w.work.keeper.targetAt(w.ctx(), w.height), 1n);
});

test("no more claims are taken than jobs may be open, nor when the cap is minted", (t) => {
  const { w, log } = claimed({ params: { maxOpenJobs: 1 } });
  t.is(w.refusal("MsgSubmitWork", claimOf(log, 4, 9)), "work/14");
  const full = claimed();
  full.w.set({ mintCap: 0n });
  t.is(full.w.refusal("MsgSubmitWork", claimOf(full.log, 4, 9)), "work/15");
});

test("VALID by more than 2/3 of the power mints: a tenth to the agreeing verifiers equally, the rest to the miner", (t) => {
  const { w, job } = claimed();
  w.block(keepAlive, { ...all(job, V.VERDICT_VALID, [0, 1]) });
  t.false(jobOf(w, job).decided, "half is not enough");
  w.block(keepAlive, all(job, V.VERDICT_VALID, [2]));
  const j = jobOf(w, job);
  t.deepEqual([j.decided, j.decision, j.reward, j.decidedHeight], [true, V.VERDICT_VALID, 5_000_000n, w.height]);
  t.deepEqual([0, 1, 2].map((i) => w.balances.get(`operator${i}`)), [166_666n, 166_666n, 166_666n]);
  t.is(w.balances.get("miner0"), 5_000_000n - 3n * 166_666n);
  t.is(w.minted, 5_000_000n);
  t.is(w.task.minted, 5_000_000n);
  w.block(keepAlive, all(job, V.VERDICT_VALID, [3]));
  t.is(jobOf(w, job).verdicts.length, 3, "a verdict after the decision is not recorded");
  t.deepEqual([...w.work.keeper.agreeing(w.ctx(), 1n)], [["operator0", 1n], ["operator1", 1n], ["operator2", 1n]]);
  t.like(w.work.keeper.totals(w.ctx(), 1n), { claimsSubmitted: 1n, claimsAccepted: 1n, claimsRejected: 0n, verdictsValid: 3n });
});

test("exactly two thirds of the power decide nothing", (t) => {
  const { w, job } = claimed({ validators: 3 });
  w.block(keepAlive, all(job, V.VERDICT_VALID, [0, 1]));
  t.false(jobOf(w, job).decided);
});

test("a reward is at most what the task's cap leaves, and halves by paid claims", (t) => {
  const { w, job } = claimed();
  w.set({ mintCap: 7n });
  w.block(keepAlive, all(job, V.VERDICT_VALID));
  t.is(w.minted, 7n);
  t.is(w.balances.get("miner0"), 7n, "a cut of 0 is the miner's");
  const p = { reward0: 5n, halvingInterval: 10n };
  t.deepEqual([0n, 9n, 10n, 20n, 30n].map((paid) => rewardOf(p, paid, 100n)), [5n, 5n, 2n, 1n, 0n]);
  t.is(rewardOf(p, 0n, 0n), 0n);
});

test("a validator's first verdict on a job stands", (t) => {
  const { w, job } = claimed();
  w.block(keepAlive, all(job, V.VERDICT_VALID, [0, 1]));
  w.block(keepAlive, all(job, V.VERDICT_INVALID, [0, 1, 2]));
  t.deepEqual(jobOf(w, job).verdicts.map((v) => v.code), [V.VERDICT_VALID, V.VERDICT_VALID, V.VERDICT_INVALID]);
  t.false(jobOf(w, job).decided);
});

test("a verdict from the extension of the block that queued the job cannot exist and is not counted", (t) => {
  const { w, log } = anchoredWorld();
  w.blocks(2, keepAlive);
  w.block(() => (keepAlive(w), w.send("MsgSubmitWork", claimOf(log, 3, 9))));
  w.block(keepAlive, all(1n, V.VERDICT_VALID));
  t.is(jobOf(w, 1n).verdicts.length, 0);
});

test("an extension that does not decode counts for nothing", (t) => {
  const { w, job } = claimed();
  w.block(keepAlive, all(job, 6 as V));
  t.is(jobOf(w, job).verdicts.length, 0);
});

test("INVALID takes all of the seat's stake, closes the slot at its anchored head and leaves it no verified work", (t) => {
  const { w, job } = claimed();
  w.block(keepAlive, all(job, V.VERDICT_INVALID));
  t.deepEqual(w.slashes, [{ role: Role.ROLE_MINER, index: 0, amount: 1000n }]);
  const s = w.slot(0);
  t.deepEqual([s.status, s.fault, s.closedSeq, s.closedHeight], [SlotStatus.SLOT_CLOSED_FAULT, V.VERDICT_INVALID, 9n, w.height]);
  t.is(w.work.keeper.verifiedIterations(w.ctx(), 1n, 0), 0n);
  t.is(w.minted, 0n);
  t.like(w.work.keeper.totals(w.ctx(), 1n), { claimsAccepted: 0n, claimsRejected: 1n, verdictsInvalid: 4n });
});

test("INVALID and NO_RESIDUAL together above 2/3, neither alone, count as NO_RESIDUAL: half of the stake", (t) => {
  const { w, job } = claimed();
  w.block(keepAlive, { ...all(job, V.VERDICT_INVALID, [0, 1]), ...all(job, V.VERDICT_NO_RESIDUAL, [2]) });
  t.is(jobOf(w, job).decision, V.VERDICT_NO_RESIDUAL);
  t.deepEqual(w.slashes.map((s) => s.amount), [500n]);
  t.is(w.slot(0).fault, V.VERDICT_NO_RESIDUAL);
});

test("a second conviction of one kind slashes nothing, another kind at most what is left", (t) => {
  const { w, log } = anchoredWorld();
  w.blocks(2, keepAlive);
  w.block(() => {
    keepAlive(w);
    for (const seq of [3, 4, 5]) w.send("MsgSubmitWork", claimOf(log, seq, 9));
  });
  w.block(keepAlive);
  const each = (code: [bigint, V][]) => Object.fromEntries([0, 1, 2].map((i) => [i, code]));
  w.block(keepAlive, each([[1n, V.VERDICT_NO_RESIDUAL], [2n, V.VERDICT_NO_RESIDUAL], [3n, V.VERDICT_INVALID]]));
  t.deepEqual(w.slashes.map((s) => s.amount), [500n, 500n]);
  t.is(w.seat(Role.ROLE_MINER, 0).slashed, 1000n);
  t.is(w.slot(0).fault, V.VERDICT_NO_RESIDUAL, "the first fault stands");
  t.is(w.refusal("MsgSubmitWork", claimOf(log, 6, 9)), "work/5");
});

test("VOID pays nothing and slashes nobody", (t) => {
  const { w, job } = claimed();
  w.block(keepAlive, all(job, V.VERDICT_VOID));
  t.deepEqual([w.minted, w.slashes.length, w.slot(0).status], [0n, 0, SlotStatus.SLOT_OPEN]);
  t.is(w.work.keeper.totals(w.ctx(), 1n).claimsRejected, 1n);
});

test("UNSERVED slashes each supervisor that attested that head, once a head", (t) => {
  const w = new World({ positions: 1_000_000_000, params: { supervisorStallBlocks: 1000n } });
  const log = w.log(0);
  w.block(() => [0, 2].forEach((i) => w.anchor(i, [log.head(9)])));
  w.blocks(2);
  w.block(() => [3, 4].forEach((seq) => w.send("MsgSubmitWork", claimOf(log, seq, 9))));
  w.block();
  w.block(undefined, Object.fromEntries([0, 1, 2].map((i) => [i, [[1n, V.VERDICT_UNSERVED], [2n, V.VERDICT_UNSERVED]] as [bigint, V][]])));
  t.deepEqual(w.slashes, [0, 2].map((index) => ({ role: Role.ROLE_SUPERVISOR, index, amount: 100n })));
});

test("an undecided claim lapses at the end of its window, after that block's tally", (t) => {
  const { w, job } = claimed();
  const { deadline, createdHeight } = jobOf(w, job);
  t.is(deadline, createdHeight + 30n);
  while (w.height < deadline - 1n) w.block(keepAlive);
  t.false(jobOf(w, job).decided);
  w.block(keepAlive, all(job, V.VERDICT_VALID, [0, 1]));
  t.deepEqual([jobOf(w, job).decided, jobOf(w, job).decision], [true, V.VERDICT_UNSPECIFIED]);
  t.is(w.work.keeper.openJobs(w.ctx()).length, 0);
  t.is(w.work.keeper.agreeing(w.ctx(), 1n).size, 0);
});

test("a verdict in the last block of the window still decides", (t) => {
  const { w, job } = claimed();
  while (w.height < jobOf(w, job).deadline - 1n) w.block(keepAlive);
  w.block(keepAlive, all(job, V.VERDICT_VALID));
  t.is(jobOf(w, job).decision, V.VERDICT_VALID);
});

test("audits of an advance at h are drawn at h+D by that block's beacon, at least three expected a slot", (t) => {
  const w = new World({ slots: 1, positions: 30, params: { auditPpm: 5000 } });
  const log = w.log(0);
  w.block(() => w.anchorAll([log.head(25)]));
  const h = w.height;
  w.block(keepAlive);
  t.is(w.work.keeper.openJobs(w.ctx()).length, 0);
  const events = w.block(keepAlive);
  const beacon = w.beacon.keeper.at(w.ctx(), h + 2n) as Uint8Array;
  const ppm = auditPpm(w.params, 30n);
  t.is(ppm, 100_000n);
  const want = auditOffsets(nodeCrypto, { beacon, taskId: 1n, slot: 0, height: h, count: 25n, ppm }).map((o) => o + 1n);
  t.true(want.length >= 1 && want.length <= 3);
  t.deepEqual(w.work.keeper.openJobs(w.ctx()).map((j) => [j.kind, j.seq, j.head?.seq]), want.map((seq) => [JobKind.JOB_AUDIT, seq, 25n]));
  t.is(ofType(events, "audit_drawn").length, want.length);
  t.is(w.work.keeper.totals(w.ctx(), 1n).auditsDrawn, BigInt(want.length));
});

test("a lapsed audit is queued once more as a new job, then no more", (t) => {
  const w = new World({ slots: 1, positions: 3, params: { stallBlocks: 1000n } });
  w.block(() => w.anchorAll([w.log(0).head(1)]));
  w.blocks(2, keepAlive);
  const [first] = w.work.keeper.openJobs(w.ctx());
  t.is(first?.seq, 1n, "with three positions every iteration is audited");
  w.blocks(30, keepAlive);
  const again = w.work.keeper.openJobs(w.ctx());
  t.deepEqual(again.map((j) => [j.seq, j.requeued, j.createdHeight]), [[1n, true, w.height]]);
  t.is(jobOf(w, first?.id ?? 0n).decision, V.VERDICT_UNSPECIFIED);
  w.blocks(30, keepAlive);
  t.is(w.work.keeper.openJobs(w.ctx()).length, 0);
  t.is(w.work.keeper.totals(w.ctx(), 1n).auditsDrawn, 1n);
});

test("the deposit of a requested audit is burned when the iteration is VALID and returned otherwise", (t) => {
  for (const [code, back, burned] of [[V.VERDICT_VALID, 0n, 10n], [V.VERDICT_INVALID, 10n, 0n]] as const) {
    const { w } = anchoredWorld();
    w.balances.set("supervisor0", 10n);
    w.block(() => (keepAlive(w), w.send("MsgRequestAudit", { supervisor: "supervisor0", taskId: 1n, slot: 0, seq: 3n })));
    const job = w.work.keeper.openJobs(w.ctx())[0]?.id ?? 0n;
    w.block(keepAlive);
    w.block(keepAlive, all(job, code));
    t.deepEqual([w.balances.get("supervisor0"), w.burned], [back, burned]);
  }
});

test("a requested audit that lapses twice returns its deposit", (t) => {
  const { w } = anchoredWorld({ params: { stallBlocks: 1000n } });
  w.balances.set("supervisor0", 10n);
  w.block(() => (keepAlive(w), w.send("MsgRequestAudit", { supervisor: "supervisor0", taskId: 1n, slot: 0, seq: 3n })));
  w.blocks(30, keepAlive);
  t.is(w.balances.get("supervisor0"), 0n);
  t.is(w.work.keeper.openJobs(w.ctx()).length, 1);
  w.blocks(30, keepAlive);
  t.is(w.balances.get("supervisor0"), 10n);
});

test("jobs of a task that ended early lapse", (t) => {
  const { w, job } = claimed();
  w.set({ phase: Phase.PHASE_CLOSED, closedHeight: w.height });
  w.block(undefined, all(job, V.VERDICT_VALID));
  t.deepEqual([jobOf(w, job).decision, w.minted], [V.VERDICT_UNSPECIFIED, 0n]);
});

test("a retarget is exact and bounded to a quarter, four times, and 2^256 − 1", (t) => {
  t.is(retarget(1000n, 100n, 100n), 1000n);
  t.is(retarget(1000n, 33n, 100n), 330n);
  t.is(retarget(1000n, 1n, 100n), 250n);
  t.is(retarget(1000n, 100_000n, 100n), 4000n);
  t.is(retarget(1001n, 50n, 100n), 500n, "rounded down");
  t.is(retarget(MAX_TARGET, 200n, 100n), MAX_TARGET);
  t.is(retarget(1n, 25n, 100n), 1n, "never nothing");
});

test("the target moves after retarget_claims paid claims by the time that counted", (t) => {
  const start = 1n << 250n;
  const { w, log } = anchoredWorld({ params: { retargetClaims: 2n, targetSpacingMs: 10_000n, target0: fromBigInt(start, 32) } });
  w.blocks(2, keepAlive);
  w.block(() => {
    keepAlive(w);
    for (const seq of [3, 4]) w.send("MsgSubmitWork", claimOf(log, seq, 9));
  });
  w.block(keepAlive);
  const both = Object.fromEntries([0, 1, 2].map((i) => [i, [[1n, V.VERDICT_VALID], [2n, V.VERDICT_VALID]] as [bigint, V][]]));
  w.block(keepAlive, both);
  // five seconds counted (from the end of the first block on) of an expected twenty: exactly a quarter
  t.is(w.work.keeper.targetAt(w.ctx(), w.height), start);
  t.is(w.work.keeper.targetAt(w.ctx(), w.height + 1n), start / 4n);
  t.like(w.query("MiningInfo", QueryMiningInfoRequest, QueryMiningInfoResponse, {}), { target: fromBigInt(start / 4n, 32), paidClaims: 2n, minted: 10_000_000n, trainingTasks: 1n });
});

test("the target doubles after each four spacings without a paid claim, while a task that can mint trains", (t) => {
  const w = new World({ params: { target0: fromBigInt(100n, 32), targetSpacingMs: 1000n, stallBlocks: 1000n } });
  const target = () => w.work.keeper.targetAt(w.ctx(), w.height + 1n);
  w.blocks(4, keepAlive);
  t.is(target(), 100n, "time counts from the first block's end");
  w.block(keepAlive);
  t.is(target(), 200n);
  w.blocks(4, keepAlive);
  t.is(target(), 400n);
  w.block(() => (keepAlive(w), w.set({ minted: w.task.mintCap })));
  w.blocks(20, keepAlive);
  t.is(target(), 400n, "no time counts once nothing can be minted");
});

test("jobs are found by id, by task, and the open ones alone", (t) => {
  const { w, job } = claimed();
  t.is(w.query("Job", QueryJobRequest, QueryJobResponse, { id: job }).job?.seq, 3n);
  const list = (change: object) => w.query("Jobs", QueryJobsRequest, QueryJobsResponse, QueryJobsRequest.create(change)).jobs.map((j) => j.id);
  t.deepEqual([list({}), list({ taskId: 1n }), list({ openOnly: true }), list({ taskId: 2n }), list({ startAfter: job, taskId: 1n })], [[job], [job], [job], [], []]);
  w.block(keepAlive, all(job, V.VERDICT_VALID));
  t.deepEqual([list({ taskId: 1n }), list({ openOnly: true })], [[job], []]);
});

test("jobs of a closed task are dropped once its seats are unlocked; its totals stay", (t) => {
  const { w, job } = claimed();
  w.block(keepAlive, all(job, V.VERDICT_VALID));
  w.set({ phase: Phase.PHASE_CLOSED, closedHeight: w.height });
  w.blocks(290);
  t.truthy(w.work.keeper.job(w.ctx(), job));
  w.blocks(120);
  t.is(w.work.keeper.job(w.ctx(), job), undefined);
  t.is(w.work.keeper.totals(w.ctx(), 1n).claimsAccepted, 1n);
  t.is(w.work.keeper.agreeing(w.ctx(), 1n).size, 0);
});
