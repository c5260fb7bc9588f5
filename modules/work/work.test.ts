/** Claims, verdicts and what follows, audits, the target: in a chain of all modules whose one task is in Training. */
import test from "ava";
import { fromBigInt, toHex } from "#kernel/bytes.js";
import { truncate } from "#kernel/dec.js";
import { nodeCrypto } from "#platform/crypto.js";
import { DistributionQuery } from "#proto/gen/cosmos/distribution/v1beta1/query.js";
import { MsgReportEquivocation, MsgRequestAudit } from "#proto/gen/pouw/supervision/v1/tx.js";
import { Outcome, Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role, VerdictCode as V } from "#proto/gen/pouw/v1/types.js";
import { type QueryJobsRequest, WorkQuery } from "#proto/gen/pouw/work/v1/query.js";
import { MsgSubmitWork } from "#proto/gen/pouw/work/v1/tx.js";
import { keptAudits } from "#protocol/draws/audit-quota.js";
import { auditOffsets, auditPpm } from "#protocol/draws/lottery.js";
import { attributesOf, type Verdicts } from "#test/chain/chain.js";
import type { SlotLog } from "#test/chain/slot-log.js";
import { Training, type TrainingOptions } from "#test/chain/training.js";
import { adjust, MAX_TARGET, retarget, rewardOf } from "./retarget.js";
import { convictions } from "./store.js";

const { ROLE_MINER, ROLE_SUPERVISOR } = Role;
/** So many that an iteration is audited once in a million. */
const POSITIONS = 8_000_000;
const hex = (target: bigint): string => `0x${toHex(fromBigInt(target, 32))}`;

/** What a validator and its delegators have earned, in base units. */
const earned = (w: Training, i: number): bigint => {
  const [coins] = w.query(DistributionQuery.methods.validatorOutstandingRewards, { validatorAddress: w.environment.addresses.operator.format(w.environment.addresses.parse(w.address(`operator${i}`))) }).rewards?.rewards ?? [];
  return truncate(BigInt(coins?.amount ?? "0"));
};
const keepAlive = (w: Training) => w.anchorAll();
const claimOf = (w: Training, log: SlotLog, seq: number, head: number, change: Partial<MsgSubmitWork> = {}): Partial<MsgSubmitWork> => ({
  miner: w.address(`miner${log.slot}`), taskId: 1n, slot: log.slot, header: log.bytes(seq), headHeader: log.bytes(head), proof: log.proof(seq, head), ...change,
});
const claim = (w: Training, log: SlotLog, seq: number, head: number) => w.refusal(MsgSubmitWork, claimOf(w, log, seq, head));

/** A chain whose slot 0 anchored seq 1 to 9; audits are absent but for one in a million. */
function anchored(o: TrainingOptions = {}): { w: Training; log: SlotLog } {
  const w = new Training({ positions: POSITIONS, validators: 4, ...o });
  const log = w.log(0);
  w.block(() => w.anchorAll([log.head(9)]));
  return { w, log };
}
/** Claims seq 3 in the first block that takes it, and answers the job's id. */
function claimed(o: TrainingOptions = {}) {
  const { w, log } = anchored(o);
  w.blocks(2, keepAlive);
  let job = 0n;
  w.block(() => {
    keepAlive(w);
    w.must(MsgSubmitWork, claimOf(w, log, 3, 9));
    job = w.k.work.openJobs(w.ctx)[0]?.id ?? 0n;
  });
  w.block(keepAlive);
  return { w, log, job };
}
const all = (job: bigint, code: V, who = [0, 1, 2, 3]): Verdicts => Object.fromEntries(who.map((i) => [i, [[job, code]]]));
const jobOf = (w: Training, id: bigint) => {
  const j = w.k.work.job(w.ctx, id);
  if (!j) throw new Error(`no job ${id}`);
  return j;
};
/** The code that the job was decided with; "lapsed", or undefined while it is open. */
const outcome = (w: Training, id: bigint): V | "lapsed" | undefined => {
  const o = jobOf(w, id).outcome;
  return o?.kind === "decided" ? o.code : o?.kind;
};

test("a claim is taken in blocks h+D+1 to h+D+claim_window only", (t) => {
  const { w, log } = anchored();
  t.is(claim(w, log, 3, 9), "work/9");
  w.block(keepAlive);
  t.is(claim(w, log, 3, 9), "work/9");
  w.block(keepAlive);
  t.is(claim(w, log, 3, 9), "work/9", "drawn in this very block");
  w.block(() => (keepAlive(w), t.is(claim(w, log, 4, 9), undefined)));
  w.blocks(18, keepAlive);
  w.block(() => t.is(claim(w, log, 3, 9), undefined));
  w.block(keepAlive);
  t.is(claim(w, log, 5, 9), "work/10");
});

test("an iteration is claimed once", (t) => {
  const { w, log, job } = claimed();
  w.block(() => {
    keepAlive(w);
    t.is(claim(w, log, 3, 9), "work/7");
    t.is(claim(w, log, 4, 9), undefined);
    t.is(claim(w, log, 9, 9), undefined, "the head itself needs no proof");
  });
  w.block(keepAlive, all(job, V.VERDICT_VALID));
  t.is(outcome(w, job), V.VERDICT_VALID);
  t.is(claim(w, log, 3, 9), "work/7", "paid or not");
});

test("a claim that does not prove its header is refused by its own code", (t) => {
  const { w, log } = anchored({ trainingBlocks: 10n });
  w.blocks(3, keepAlive);
  const fork = w.log(0, 7).grow(9);
  const no = (of: SlotLog, seq: number, head: number, change: Partial<MsgSubmitWork> = {}) => w.refusal(MsgSubmitWork, claimOf(w, of, seq, head, change));
  t.is(no(log, 3, 9, { taskId: 2n }), "work/2");
  t.is(no(log, 3, 9, { miner: w.address("miner1") }), "work/4");
  t.is(no(log, 3, 9, { header: log.bytes(3).subarray(1) }), "work/6");
  t.is(no(w.log(1), 3, 9, { slot: 0, miner: w.address("miner0") }), "work/6");
  t.is(no(log, 10, 9, { proof: [] }), "work/8");
  t.is(no(log, 3, 8), "work/11");
  t.is(no(fork, 3, 9), "work/11");
  t.is(no(log, 3, 9, { header: fork.bytes(3) }), "work/12");
  t.is(no(log, 3, 9, { proof: log.proof(4, 9) }), "work/12");
  t.is(no(log, 3, 9, { proof: [] }), "work/12");
  t.is(no(log, 9, 9, { proof: log.proof(3, 9) }), "work/12");
  t.is(no(fork, 9, 9, { headHeader: log.bytes(9) }), "work/12");
  w.until(() => w.task.phase === Phase.PHASE_EVALUATION);
  t.is(no(log, 3, 9), "work/3");
});

test("an iteration that did not win its draw is refused, with the target that was in force then", (t) => {
  const { w, log } = anchored({ params: { work: { target0: hex(1n) } } });
  w.blocks(3, keepAlive);
  t.is(claim(w, log, 3, 9), "work/13");
  t.is(w.k.work.targetAt(w.ctx, w.height), 1n);
});

test("no more claims are taken than jobs may be open, nor when the cap is minted", (t) => {
  const { w, log } = claimed({ params: { work: { max_open_jobs: 1 } } });
  t.is(claim(w, log, 4, 9), "work/14");
  const full = claimed({ mintCap: 5_000_000n });
  full.w.block(keepAlive, all(full.job, V.VERDICT_VALID));
  t.is(full.w.task.minted, 5_000_000n);
  t.is(claim(full.w, full.log, 4, 9), "work/15");
});

test("VALID by more than 2/3 of the power mints: a tenth to the agreeing verifiers equally, the rest to the miner", (t) => {
  const { w, job } = claimed();
  w.block(keepAlive, { ...all(job, V.VERDICT_VALID, [0, 1]) });
  t.is(outcome(w, job), undefined, "half is not enough");
  w.block(keepAlive, all(job, V.VERDICT_VALID, [2]));
  t.like(jobOf(w, job), { kind: "claim", reward: 5_000_000n, outcome: { kind: "decided", code: V.VERDICT_VALID, height: w.height } });
  t.deepEqual([0, 1, 2, 3].map((i) => earned(w, i)), [166_666n, 166_666n, 166_666n, 0n]);
  t.is(w.balance("miner0"), 5_000_000n - 3n * 166_666n);
  t.is(w.minted, 5_000_000n);
  t.is(w.task.minted, 5_000_000n);
  w.block(keepAlive, all(job, V.VERDICT_VALID, [3]));
  t.is(jobOf(w, job).verdicts.length, 3, "a verdict after the decision is not recorded");
  const agreeing = [0, 1, 2].map((i) => w.address(`operator${i}`)).sort();
  t.deepEqual([...w.k.work.agreeing(w.ctx, 1n)], agreeing.map((operator) => [operator, 1n]), "in the order of their addresses");
  t.like(w.k.work.totals(w.ctx, 1n), { claimsSubmitted: 1n, claimsAccepted: 1n, claimsRejected: 0n, verdictsValid: 3n });
});

test("exactly two thirds of the power decide nothing", (t) => {
  const { w, job } = claimed({ validators: 3 });
  w.block(keepAlive, all(job, V.VERDICT_VALID, [0, 1]));
  t.is(outcome(w, job), undefined);
});

test("a reward is at most what the task's cap leaves, and halves by paid claims", (t) => {
  const { w, job } = claimed({ mintCap: 7n });
  w.block(keepAlive, all(job, V.VERDICT_VALID));
  t.is(w.minted, 7n);
  t.is(w.balance("miner0"), 7n, "a cut of 0 is the miner's");
  const p = { reward0: 5n, halvingInterval: 10n };
  t.deepEqual([0n, 9n, 10n, 20n, 30n].map((paid) => rewardOf(p, paid, 100n)), [5n, 5n, 2n, 1n, 0n]);
  t.is(rewardOf(p, 0n, 0n), 0n);
});

test("a validator's first verdict on a job stands", (t) => {
  const { w, job } = claimed();
  w.block(keepAlive, all(job, V.VERDICT_VALID, [0, 1]));
  w.block(keepAlive, all(job, V.VERDICT_INVALID, [0, 1, 2]));
  t.deepEqual(jobOf(w, job).verdicts.map((v) => v.code), [V.VERDICT_VALID, V.VERDICT_VALID, V.VERDICT_INVALID]);
  t.is(outcome(w, job), undefined);
});

test("a verdict from the extension of the block that queued the job cannot exist and is not counted", (t) => {
  const { w, log } = anchored();
  w.blocks(2, keepAlive);
  w.block(() => (keepAlive(w), w.must(MsgSubmitWork, claimOf(w, log, 3, 9))));
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
  t.deepEqual(w.slashes, [{ role: ROLE_MINER, index: 0, amount: 1000n }]);
  t.deepEqual(w.slot(0).state, { kind: "fault", code: V.VERDICT_INVALID, seq: 9n, height: w.height, late: undefined });
  t.is(w.k.work.verifiedIterations(w.ctx, 1n, 0), 0n);
  t.is(w.minted, 0n);
  t.like(w.k.work.totals(w.ctx, 1n), { claimsAccepted: 0n, claimsRejected: 1n, verdictsInvalid: 4n });
});

test("INVALID and NO_RESIDUAL together above 2/3, neither alone, count as NO_RESIDUAL: half of the stake", (t) => {
  const { w, job } = claimed();
  w.block(keepAlive, { ...all(job, V.VERDICT_INVALID, [0, 1]), ...all(job, V.VERDICT_NO_RESIDUAL, [2]) });
  t.is(outcome(w, job), V.VERDICT_NO_RESIDUAL);
  t.deepEqual(w.slashes.map((s) => s.amount), [500n]);
  t.like(w.slot(0).state, { kind: "fault", code: V.VERDICT_NO_RESIDUAL });
});

test("a second conviction of one kind slashes nothing, another kind at most what is left", (t) => {
  const { w, log } = anchored({ funds: { supervisor0: 100n, supervisor1: 100n } });
  w.blocks(2, keepAlive);
  w.block(() => {
    keepAlive(w);
    for (const [supervisor, seq] of [["supervisor0", 3n], ["supervisor0", 4n], ["supervisor1", 5n]] as const) w.must(MsgRequestAudit, { supervisor: w.address(supervisor), taskId: 1n, slot: 0, seq });
  });
  w.block(keepAlive);
  const each = (codes: [bigint, V][]): Verdicts => Object.fromEntries([0, 1, 2].map((i) => [i, codes]));
  w.block(keepAlive, each([[1n, V.VERDICT_NO_RESIDUAL], [2n, V.VERDICT_NO_RESIDUAL], [3n, V.VERDICT_INVALID]]));
  t.deepEqual(w.slashes.map((s) => s.amount), [500n, 500n]);
  t.is(w.seat(ROLE_MINER, 0).slashed, 1000n);
  t.like(w.slot(0).state, { kind: "fault", code: V.VERDICT_NO_RESIDUAL }, "the first fault stands");
  t.is(claim(w, log, 6, 9), "work/5");
});

test("a conviction closes the slot's other open claims, in the same block, and no other slot's", (t) => {
  for (const how of ["verdict", "equivocation"] as const) {
    const { w, log } = anchored();
    const other = w.log(1);
    w.block(() => w.anchorAll([other.head(9)]));
    w.blocks(2, keepAlive);
    w.block(() => {
      keepAlive(w);
      for (const seq of [3, 4, 5]) w.must(MsgSubmitWork, claimOf(w, log, seq, 9));
      w.must(MsgSubmitWork, claimOf(w, other, 3, 9));
    });
    w.block(keepAlive);
    const report = () => w.must(MsgReportEquivocation, { reporter: w.address("anyone"), taskId: 1n, slot: 0, first: log.signed(10), second: w.log(0, 7).signed(10) });
    // verdicts that would pay come with the one that convicts
    if (how === "verdict") w.block(keepAlive, Object.fromEntries([0, 1, 2].map((i) => [i, [[1n, V.VERDICT_INVALID], [2n, V.VERDICT_VALID]] as const])));
    else w.block(() => (keepAlive(w), report()));
    const ids = [1n, 2n, 3n, 4n];
    t.deepEqual(ids.map((id) => outcome(w, id)), [how === "verdict" ? V.VERDICT_INVALID : "lapsed", "lapsed", "lapsed", undefined]);
    t.is(w.minted, 0n);
    t.is(w.k.work.totals(w.ctx, 1n).claimsRejected, 3n);
    t.deepEqual(w.k.work.openJobs(w.ctx).map((j) => j.id), [4n]);
  }
});

test("one slot has at most eight open claims, one task a quarter of all, so that nobody shuts others out", (t) => {
  const w = new Training({ slots: 3, positions: 5_000_000, params: { work: { max_open_jobs: 40 } } });
  const logs = [0, 1, 2].map((slot) => w.log(slot)) as [SlotLog, SlotLog, SlotLog];
  w.block(() => w.anchorAll(logs.map((log) => log.head(30))));
  w.blocks(2, keepAlive);
  w.block(() => {
    keepAlive(w);
    const claims = (log: SlotLog, n: number) => Array.from({ length: n }, (_, i) => claim(w, log, i + 1, 30));
    t.deepEqual(claims(logs[0], 20), [...Array(8).fill(undefined), ...Array(12).fill("work/18")], "a slot that floods keeps out itself");
    t.deepEqual(claims(logs[1], 3), [undefined, undefined, "work/17"], "ten of forty are of one task");
    t.is(claim(w, logs[2], 1, 30), "work/17");
  });
  w.block(keepAlive);
  w.block(keepAlive, all(1n, V.VERDICT_VALID));
  w.block(() => (keepAlive(w), t.is(claim(w, logs[2], 1, 30), undefined, "a decided one makes room")));
});

test("VOID pays nothing and slashes nobody", (t) => {
  const { w, job } = claimed();
  w.block(keepAlive, all(job, V.VERDICT_VOID));
  t.is(outcome(w, job), V.VERDICT_VOID);
  t.deepEqual([w.minted, w.slashes.length, w.slot(0).state.kind], [0n, 0, "open"]);
  t.is(w.k.work.totals(w.ctx, 1n).claimsRejected, 1n);
});

test("UNSERVED slashes each supervisor that attested that head, once a head", (t) => {
  const w = new Training({ positions: POSITIONS, params: { supervision: { supervisor_stall_blocks: "1000" } } });
  const log = w.log(0);
  w.block(() => [0, 2].forEach((i) => w.anchor(i, [log.head(9)])));
  w.blocks(2);
  w.block(() => [3, 4].forEach((seq) => w.must(MsgSubmitWork, claimOf(w, log, seq, 9))));
  w.block();
  w.block(undefined, Object.fromEntries([0, 1, 2].map((i) => [i, [[1n, V.VERDICT_UNSERVED], [2n, V.VERDICT_UNSERVED]]])));
  t.deepEqual(w.slashes, [0, 2].map((index) => ({ role: ROLE_SUPERVISOR, index, amount: 100n })));
});

test("an undecided claim lapses at the end of its window, after that block's tally", (t) => {
  const { w, job } = claimed();
  const { deadline, createdHeight } = jobOf(w, job);
  t.is(deadline, createdHeight + 30n);
  while (w.height < deadline - 1n) w.block(keepAlive);
  t.is(outcome(w, job), undefined);
  w.block(keepAlive, all(job, V.VERDICT_VALID, [0, 1]));
  t.deepEqual(jobOf(w, job).outcome, { kind: "lapsed", height: w.height });
  t.is(jobOf(w, job).verdicts.length, 2);
  t.is(w.k.work.openJobs(w.ctx).length, 0);
  t.is(w.k.work.agreeing(w.ctx, 1n).size, 0);
});

test("a job's window grows by the seconds that the residuals of its re-run need over a link of link_rate", (t) => {
  const { w, job } = claimed({ params: { work: { link_rate: "100" } } });
  const { deadline, createdHeight } = jobOf(w, job);
  const bytes = 4n * w.k.tasks.must(w.ctx, 1n).parameters;
  t.true(bytes > 100n);
  t.is(deadline, createdHeight + 30n + bytes / 100n);
});

test("a verdict in the last block of the window still decides", (t) => {
  const { w, job } = claimed();
  while (w.height < jobOf(w, job).deadline - 1n) w.block(keepAlive);
  w.block(keepAlive, all(job, V.VERDICT_VALID));
  t.is(outcome(w, job), V.VERDICT_VALID);
});

test("audits of an advance at h are drawn at h+D by that block's beacon, at least three expected a slot", (t) => {
  const w = new Training({ slots: 1, positions: 30, params: { work: { audit_ppm: 5000 } } });
  const log = w.log(0);
  w.block(() => w.anchorAll([log.head(25)]));
  const h = w.height;
  w.block(keepAlive);
  t.is(w.k.work.openJobs(w.ctx).length, 0);
  const events = w.block(keepAlive);
  const beacon = w.k.beacon.at(w.ctx, h + 2n) as Uint8Array;
  const ppm = auditPpm(w.k.work.params(w.ctx), 30n);
  t.is(ppm, 100_000n);
  const want = auditOffsets(nodeCrypto, { beacon, taskId: 1n, slot: 0, height: h, count: 25n, ppm }).map((o) => o + 1n);
  t.true(want.length >= 1 && want.length <= 3);
  const kept = keptAudits(nodeCrypto, { beacon, maxAudits: 64, auditFlop: 10n ** 10n }, [{ taskId: 1n, rerunFlop: w.task.flop, due: want.map((seq) => ({ slot: 0, seq })) }]);
  t.deepEqual(kept.map(({ audit }) => audit.seq).toSorted((a, b) => Number(a - b)), want, "all of them, in an order that nobody knows before");
  t.deepEqual(w.k.work.openJobs(w.ctx).map((j) => [j.kind, j.seq, j.head.seq]), kept.map(({ audit }) => ["audit", audit.seq, 25n]));
  t.is(attributesOf(events, "audit_drawn").length, want.length);
  t.is(w.k.work.totals(w.ctx, 1n).auditsDrawn, BigInt(want.length));
});

test("a lapsed audit is queued once more as a new job, then no more", (t) => {
  const w = new Training({ slots: 1, positions: 3, params: { supervision: { stall_blocks: "1000" } } });
  w.block(() => w.anchorAll([w.log(0).head(1)]));
  w.blocks(2, keepAlive);
  const [first] = w.k.work.openJobs(w.ctx);
  t.is(first?.seq, 1n, "with three positions every iteration is audited");
  w.blocks(30, keepAlive);
  const again = w.k.work.openJobs(w.ctx);
  t.like(again, [{ kind: "audit", seq: 1n, requeued: true, createdHeight: w.height }]);
  t.is(again.length, 1);
  t.is(outcome(w, first?.id ?? 0n), "lapsed");
  w.blocks(30, keepAlive);
  t.is(w.k.work.openJobs(w.ctx).length, 0);
  t.is(w.k.work.totals(w.ctx, 1n).auditsDrawn, 1n);
});

const requestOf = (w: Training): Partial<MsgRequestAudit> => ({ supervisor: w.address("supervisor0"), taskId: 1n, slot: 0, seq: 3n });

test("the deposit of a requested audit is burned when the iteration is VALID and returned otherwise", (t) => {
  for (const [code, back, burned] of [[V.VERDICT_VALID, 0n, 10n], [V.VERDICT_INVALID, 10n, 0n]] as const) {
    const { w } = anchored({ funds: { supervisor0: 10n } });
    w.block(() => (keepAlive(w), w.must(MsgRequestAudit, requestOf(w))));
    t.deepEqual([w.balance("supervisor0"), w.pool("work")], [0n, 10n]);
    const job = w.k.work.openJobs(w.ctx)[0]?.id ?? 0n;
    w.block(keepAlive);
    w.block(keepAlive, all(job, code));
    t.deepEqual([w.balance("supervisor0"), w.query(WorkQuery.methods.miningInfo).burned, w.pool("work")], [back, burned, 0n]);
  }
});

test("a requested audit that lapses twice returns its deposit", (t) => {
  const { w } = anchored({ params: { supervision: { stall_blocks: "1000" } }, funds: { supervisor0: 10n } });
  w.block(() => (keepAlive(w), w.must(MsgRequestAudit, requestOf(w))));
  w.blocks(30, keepAlive);
  t.is(w.balance("supervisor0"), 0n);
  t.is(w.k.work.openJobs(w.ctx).length, 1);
  w.blocks(30, keepAlive);
  t.is(w.balance("supervisor0"), 10n);
});

test("jobs of a task that ended early lapse", (t) => {
  const { w, job } = claimed();
  w.until(() => w.task.phase === Phase.PHASE_CLOSED);
  t.is(w.task.outcome, Outcome.OUTCOME_NO_SUPERVISORS);
  t.is(outcome(w, job), undefined);
  w.block(undefined, all(job, V.VERDICT_VALID));
  t.deepEqual([outcome(w, job), w.minted], ["lapsed", 0n]);
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
  const { w, log } = anchored({ params: { work: { retarget_claims: "2", target_spacing_ms: "10000", target0: hex(start) } } });
  w.blocks(2, keepAlive);
  w.block(() => {
    keepAlive(w);
    for (const seq of [3, 4]) w.must(MsgSubmitWork, claimOf(w, log, seq, 9));
  });
  w.block(keepAlive);
  w.block(keepAlive, Object.fromEntries([0, 1, 2].map((i) => [i, [[1n, V.VERDICT_VALID], [2n, V.VERDICT_VALID]]])));
  // five seconds counted (from the end of the first block on) of an expected twenty: exactly a quarter
  t.is(w.k.work.targetAt(w.ctx, w.height), start);
  t.is(w.k.work.targetAt(w.ctx, w.height + 1n), start / 4n);
  t.like(w.query(WorkQuery.methods.miningInfo), { target: fromBigInt(start / 4n, 32), paidClaims: 2n, minted: 10_000_000n, trainingTasks: 1n });
});

test("the target doubles after each four spacings without a paid claim, while a task that can mint trains", (t) => {
  const w = new Training({ params: { work: { target0: hex(100n), target_spacing_ms: "1000" }, supervision: { stall_blocks: "1000" } } });
  const target = () => w.k.work.targetAt(w.ctx, w.height + 1n);
  w.blocks(4, keepAlive);
  t.is(target(), 100n, "time counts from the first block's end");
  w.block(keepAlive);
  t.is(target(), 200n);
  w.blocks(4, keepAlive);
  t.is(target(), 400n);
  w.block(() => (keepAlive(w), w.k.tasks.noteMinted(w.ctx, 1n, w.task.mintCap)));
  w.blocks(20, keepAlive);
  t.is(target(), 400n, "no time counts once nothing can be minted");
});

test("jobs are found by id, by task, and the open ones alone", (t) => {
  const { w, job } = claimed();
  t.is(w.query(WorkQuery.methods.job, { id: job }).job?.seq, 3n);
  const list = (change: Partial<QueryJobsRequest>) => w.query(WorkQuery.methods.jobs, change).jobs.map((j) => j.id);
  t.deepEqual([list({}), list({ taskId: 1n }), list({ openOnly: true }), list({ taskId: 2n }), list({ startAfter: job, taskId: 1n })], [[job], [job], [job], [], []]);
  w.block(keepAlive, all(job, V.VERDICT_VALID));
  t.deepEqual([list({ taskId: 1n }), list({ openOnly: true })], [[job], []]);
});

test("jobs of a closed task are dropped once its seats are unlocked; its totals stay", (t) => {
  const { w, job } = claimed();
  w.block(keepAlive, all(job, V.VERDICT_VALID));
  w.until(() => w.task.phase === Phase.PHASE_CLOSED);
  w.until(() => w.height === 300n, 300);
  t.truthy(w.k.work.job(w.ctx, job));
  w.until(() => w.height === 399n);
  t.truthy(w.k.work.job(w.ctx, job), "swept each hundred blocks");
  w.block();
  t.is(w.k.work.job(w.ctx, job), undefined);
  t.is(w.k.work.totals(w.ctx, 1n).claimsAccepted, 1n);
  t.is(w.k.work.agreeing(w.ctx, 1n).size, 0);
});

test("a state in the midst is exported and imported as it is, and goes the same course from there", (t) => {
  const w = new Training({
    slots: 3, positions: 10_000, runAhead: 1000n, trainingBlocks: 40n, funds: { supervisor0: 100n },
    params: { work: { audit_ppm: 300_000, retarget_claims: "2", target0: hex(1n << 250n) }, supervision: { stall_blocks: "1000" }, tasks: { seat_unlock_blocks: "5" } },
  });
  const logs = [w.log(0), w.log(1), w.log(2)] as const;
  const take = (c: Training, slot: 0 | 1 | 2, seq: number, head: number) => c.refusal(MsgSubmitWork, claimOf(c, logs[slot], seq, head));
  const ask = (c: Training, seq: bigint) => c.refusal(MsgRequestAudit, { ...requestOf(c), seq });
  const each = (codes: [bigint, V][], who: readonly number[] = [0, 1, 2]): Verdicts => Object.fromEntries(who.map((i) => [i, codes.toSorted(([a], [b]) => Number(a - b))]));
  const claims = () => w.k.work.openJobs(w.ctx).flatMap((j) => (j.kind === "claim" ? [j.id] : []));
  const auditsOf = (slot: number) => w.k.work.openJobs(w.ctx).flatMap((j) => (j.kind === "audit" && j.slot === slot ? [j.id] : []));

  w.block(() => w.anchorAll([logs[0].head(30), logs[1].head(30)]));
  w.block(() => w.anchorAll([logs[0].head(60)]));
  w.blocks(2, keepAlive);
  w.block(() => {
    w.anchorAll([logs[2].head(900)]);
    for (const seq of [3, 4, 5, 40, 60]) t.is(take(w, 0, seq, seq > 30 ? 60 : 30), undefined);
    t.is(take(w, 1, 3, 30), undefined);
    const free = [...Array(60).keys()].map((i) => BigInt(i + 1)).filter((seq) => w.k.work.auditOf(w.ctx, 1n, 0, seq) === undefined);
    for (const seq of free.slice(-2)) t.is(ask(w, seq), undefined);
  });
  w.block(keepAlive);
  const [paid, alsoPaid, undecided, invalid] = [claims()[0], claims()[1], claims()[2], claims()[5]] as [bigint, bigint, bigint, bigint];
  const [unserved] = auditsOf(0) as [bigint];
  const requested = w.k.work.openJobs(w.ctx).find((j) => j.kind === "requested_audit")?.id as bigint;
  w.block(keepAlive, each([[paid, V.VERDICT_VALID], [alsoPaid, V.VERDICT_VALID], [invalid, V.VERDICT_INVALID], [unserved, V.VERDICT_UNSERVED], [requested, V.VERDICT_VALID]]));
  w.block(keepAlive, each([[undecided, V.VERDICT_VALID], [requested + 1n, V.VERDICT_VOID]], [1, 3]));
  t.deepEqual([paid, alsoPaid, undecided, invalid, unserved, requested].map((id) => outcome(w, id)), [V.VERDICT_VALID, V.VERDICT_VALID, undefined, V.VERDICT_INVALID, V.VERDICT_UNSERVED, V.VERDICT_VALID]);
  t.is(jobOf(w, undecided).verdicts.length, 2);
  t.deepEqual(convictions.entries(w.ctx).map(({ key: [, slot, code, seq], value }) => [slot, code, seq, value]), [[0, V.VERDICT_UNSERVED, 30n, unserved], [1, V.VERDICT_INVALID, 0n, invalid]]);
  t.is(w.pool("work"), 10n, "one deposit is burned, one waits");
  t.is(auditsOf(2).length, 64, "as many as a block queues");

  const again = w.imported();
  t.deepEqual(again.dump(), w.dump());
  t.deepEqual(again.exported(), w.exported());
  let n = 0;
  const both = (run: (c: Training) => void, verdicts: Verdicts = {}) => {
    t.deepEqual(again.block(run, verdicts), w.block(run, verdicts));
    if (n++ < 5 || n % 10 === 0) t.deepEqual(again.dump(), w.dump(), `at ${w.height}`);
  };
  both((c) => {
    keepAlive(c);
    t.is(take(c, 0, 3, 30), "work/7");
    t.is(take(c, 1, 4, 30), "work/5");
    t.is(take(c, 2, 7, 900), undefined);
    t.is(take(c, 0, 6, 30), undefined);
  }, each([[undecided, V.VERDICT_VALID]]));
  t.is(outcome(w, undecided), V.VERDICT_VALID, "with the verdicts from before");
  // Of three jobs one lapses, and lapses again where it is an audit; for each two others there is a decision.
  const judged = () => each(w.k.work.openJobs(w.ctx).filter((j) => j.id % 3n > 0n).slice(0, 60).map((j) => [j.id, j.seq % 5n === 0n ? V.VERDICT_VOID : V.VERDICT_VALID]));
  while (w.task.phase !== Phase.PHASE_CLOSED) both((c) => w.task.phase < Phase.PHASE_EVALUATION && keepAlive(c), judged());
  t.is(w.task.outcome, Outcome.OUTCOME_PAID);
  t.true(w.of("job_lapsed").length > 0);
  t.true(w.k.work.totals(w.ctx, 1n).auditsValid > 40n);
  while (w.k.work.job(w.ctx, paid)) both(() => {});
  t.deepEqual(again.dump(), w.dump());
});

test("waiting doubles the target in one step as it would step by step", (t) => {
  const base = { paidClaims: 0n, windowClaims: 0n, windowMs: 0n, counting: true, minted: 0n, burned: 0n };
  for (const [target, idleMs] of [[5n, 0n], [5n, 39n], [5n, 40n], [5n, 239n], [1n << 250n, 240n], [1n << 250n, 280n], [3n, 10n ** 18n]] as const) {
    let [wanted, left] = [target, idleMs];
    for (let i = 0; i < 300 && left >= 40n; i++) [wanted, left] = [wanted * 2n > MAX_TARGET ? MAX_TARGET : wanted * 2n, left - 40n];
    const after = adjust({ ...base, target, idleMs }, { retargetClaims: 5n, targetSpacingMs: 10n });
    t.deepEqual([after.target, after.idleMs], [wanted, idleMs % 40n]);
  }
});
