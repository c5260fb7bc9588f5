/** Tasks: what may be submitted, every deadline, and who gets what back (protocol section 12). */
import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { MsgConfirmData } from "#proto/gen/pouw/supervision/v1/tx.js";
import { TasksQuery } from "#proto/gen/pouw/tasks/v1/query.js";
import { MsgCancelTask, MsgCreateTask, MsgStopTraining } from "#proto/gen/pouw/tasks/v1/tx.js";
import { Outcome, Phase, type TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { MsgAddStake, MsgRegisterWorker, MsgUnbond, MsgUpdateWorker } from "#proto/gen/pouw/workers/v1/tx.js";
import { EXACT_PROFILE, TOLERANT_PROFILE } from "#protocol/tasks/profiles.js";
import { coin, type ParamsByModule, TestChain } from "#test/chain/chain.js";
import { Course, enlist, FUNDS, registration, spec } from "#test/chain/course.js";

const FEE = 100_000n;
const BOND = 20_000n;
const BURN = 20_000n;
const OWN = 1_000_000n;
/** of the four validators */
const STAKED = 40_000_000n;
const STAKE = 100_000n;

const chain = (params: ParamsByModule = {}) => {
  const c = new TestChain({ crypto: nodeCrypto, funds: FUNDS, params });
  enlist(c, STAKE);
  return c;
};
const parameters = (c: TestChain) => {
  const { tasks, supervision, workers } = c.k;
  return { ...tasks.params(c.ctx), ...supervision.params(c.ctx), ...workers.params(c.ctx) };
};
const pool = (c: TestChain): bigint => c.k.bank.balance(c.ctx, c.environment.addresses.module("tasks"));
/** Nothing is locked and nothing was lost, but by these workers. */
const allFree = (c: TestChain, lost: Readonly<Record<string, bigint>> = {}): string[] =>
  Object.keys(FUNDS).flatMap((name) => {
    if (name === "client" || name === "stranger") return [];
    const { stake, locked, seats } = c.k.workers.get(c.ctx, c.address(name)) ?? { stake: 0n, locked: 0n, seats: 0 };
    return stake === STAKE - (lost[c.address(name)] ?? 0n) && locked === 0n && seats === 0 ? [] : [`${name}: ${stake} staked, ${locked} locked, ${seats} seats`];
  });

test("submission escrows fee and bond, burns its share, and refuses what cannot be paid or run", (t) => {
  const c = chain();
  const create = (change: object = {}, s: Partial<TaskSpec> = {}) => c.send(MsgCreateTask, { client: c.address("client"), spec: spec(nodeCrypto, s), fee: coin(FEE), bond: coin(BOND), ...change });
  c.block(() => {
    t.is(create({ fee: coin(999n), bond: coin(BOND) }), "tasks/4");
    t.is(create({ bond: coin(19_999n) }), "tasks/5", "the bond is at least 20 % of the fee");
    t.is(create({ fee: coin(FEE, "uatom") }), "tasks/6");
    t.is(create({}, { evaluators: 2 }), "tasks/3", "an even number has no majority");
    t.is(create({}, { properties: [100, 0, 0, 0, 0, 0, 0, 0] }), "tasks/3", "two weights above 0");
    t.is(create({}, { epochs: 1 << 20, batches: 1 << 4 }), "tasks/3", "levels × iterations below 2^24");
    t.is(create({ fee: coin(1_000_000n), bond: coin(200_000n) }), "sdk/5", "more than the client owns");
    t.is(create({ spec: undefined }), "tasks/3");
  });
  t.is(c.balance("client"), OWN, "what was refused took nothing");
  t.is(c.supply, OWN * BigInt(Object.keys(FUNDS).length) + STAKED);
  const course = Course.submit(c);
  t.like(course.task, { id: 1n, fee: FEE, bond: BOND, burned: BURN, mintCap: BURN, phase: Phase.PHASE_REGISTRATION });
  t.deepEqual(course.task.seatStakes, { miner: 35_000n, supervisor: 5_000n, evaluator: 3_334n }, "the role's part of the fee by its seats, rounded up");
  t.is(c.balance("client"), OWN - FEE - BOND);
  t.is(pool(c), FEE - BURN + BOND);
});

test("not enough workers: refund of all but the burn at the last block of Registration, seats free again", (t) => {
  const c = chain();
  const course = Course.submit(c, { slots: 4 });
  const { deadline } = course;
  t.is(deadline, course.task.createdHeight + parameters(c).registrationBlocks);
  c.until(() => c.height === deadline - 1n);
  t.is(course.task.phase, Phase.PHASE_REGISTRATION);
  t.is(course.seats(Role.ROLE_MINER).length, 3, "those that exist were drawn and wait");
  c.block();
  t.like(course.task, { phase: Phase.PHASE_CLOSED, outcome: Outcome.OUTCOME_NO_MATCH, closedHeight: deadline });
  t.is(c.balance("client"), OWN - BURN);
  t.deepEqual(allFree(c), []);
});

test("the client never uploads: nobody confirms, the fee less the burn and the bond return, nobody is slashed", (t) => {
  const c = chain();
  const course = Course.submit(c).drawn();
  const { deadline } = course;
  c.block(() => course.join());
  c.until(() => c.height === deadline - 1n);
  t.is(course.task.phase, Phase.PHASE_INITIALISATION);
  c.block();
  t.like(course.task, { phase: Phase.PHASE_CLOSED, outcome: Outcome.OUTCOME_NO_DATA });
  t.is(c.balance("client"), OWN - BURN);
  t.deepEqual(allFree(c), []);
});

test("data is confirmed by more than half of the supervisors, not by half; without it Training does not begin", (t) => {
  const c = chain();
  const course = Course.submit(c).drawn();
  const [first, second, third] = course.workers(Role.ROLE_SUPERVISOR) as [string, string, string];
  c.block(() => (course.join(), course.confirm([first])));
  c.block(() => {
    course.confirm([first]);
    t.is(c.send(MsgConfirmData, { supervisor: course.workers(Role.ROLE_MINER)[0], taskId: 1n }), "supervision/4");
  });
  t.is(course.task.phase, Phase.PHASE_INITIALISATION, "one of three, said twice, is one");
  c.block(() => course.confirm([second]));
  t.is(course.task.phase, Phase.PHASE_TRAINING);
  c.block(() => course.confirm([third]));
});

test("who does not join loses slash_no_show and its seat; a redraw fills it; after three the client is refunded", (t) => {
  const c = chain();
  const course = Course.submit(c).drawn();
  const absent = course.seat(Role.ROLE_MINER, 0);
  const joinAll = () => {
    for (const s of course.seats()) if (!s.joined && !(s.role === Role.ROLE_MINER && s.index === 0)) course.join([s.worker]);
  };
  c.block(joinAll);
  const lost: Record<string, bigint> = {};
  const rounds: bigint[] = [];
  for (let i = 0; course.task.phase === Phase.PHASE_INITIALISATION; i++) {
    if (i > 60) return t.fail("it never ends");
    const before = course.seats(Role.ROLE_MINER).find((s) => s.index === 0);
    c.block(joinAll);
    if (!c.events.some((e) => e.type === "no_show")) continue;
    rounds.push(c.height - (before?.drawnHeight ?? 0n));
    // ⌊stake · 1 %⌋ of the seat
    lost[before?.worker ?? ""] = (lost[before?.worker ?? ""] ?? 0n) + 350n;
  }
  t.is(absent.stake, 35_000n);
  t.deepEqual(rounds, [5n, 5n, 5n, 5n], "the first draw and three redraws, join_blocks each");
  t.like(course.task, { outcome: Outcome.OUTCOME_NO_SHOW, redraws: 3, slashedToPot: 0n, slashedBurned: 4n * 350n });
  t.is(c.balance("client"), OWN - BURN, "slashed money never goes to the client");
  t.deepEqual(allFree(c, lost), []);
});

test("cancelling pays 1 % of the fee to each who joined, at most half of it in all; the rest less the burn returns", (t) => {
  const c = chain();
  const course = Course.submit(c).drawn();
  const [a, b] = course.workers() as [string, string];
  c.block(() => course.join([a, b]));
  c.block(() => {
    t.is(c.send(MsgCancelTask, { client: c.address("stranger"), taskId: 1n }), "tasks/7");
    t.is(c.send(MsgCancelTask, { client: c.address("client"), taskId: 9n }), "tasks/2");
    c.must(MsgCancelTask, { client: c.address("client"), taskId: 1n });
    t.is(c.send(MsgCancelTask, { client: c.address("client"), taskId: 1n }), "tasks/8", "again");
  });
  t.is(course.task.outcome, Outcome.OUTCOME_CANCELLED);
  t.is(c.balance("client"), OWN - BURN - 2_000n);
  for (const worker of [a, b]) t.is(c.k.bank.balance(c.ctx, worker), OWN - STAKE + 1_000n);
  t.deepEqual(allFree(c), [], "seats are free at once");
});

test("cancelling never pays more than is left of the fee, however large the burn", (t) => {
  const c = chain({ tasks: { burn_share: 1_000_000, client_bond: 200_000 } });
  const course = Course.submit(c).drawn();
  const other = Course.submit(c, {}, 50_000n, 10_000n);
  c.block(() => course.join());
  c.block(() => c.must(MsgCancelTask, { client: c.address("client"), taskId: course.id }));
  t.is(course.task.outcome, Outcome.OUTCOME_CANCELLED);
  t.is(c.balance("client"), OWN - 60_000n - FEE, "the bond is back, the fee was burned");
  t.is(pool(c), 10_000n, `the bond of task ${other.id}`);
});

test("a task that trains cannot be cancelled, nor its test set revealed before Evaluation", (t) => {
  const c = chain();
  const course = Course.submit(c).training();
  c.block(() => {
    t.is(c.send(MsgCancelTask, { client: c.address("client"), taskId: 1n }), "tasks/8");
    t.is(course.reveal(), "tasks/9");
  });
  course.trained().settle(Phase.PHASE_EVALUATION);
  c.block(() => {
    t.is(course.reveal(c.address("stranger")), "tasks/7");
    t.is(course.reveal(c.address("client"), new Uint8Array(32)), "tasks/10");
    t.is(course.reveal(), undefined);
    t.is(course.reveal(), "tasks/11");
  });
});

test("all supervisors silent: each loses slash_stall, the task ends, every stake and the fee less the burn return", (t) => {
  const c = chain();
  const course = Course.submit(c).training();
  const { start } = course;
  const lost = Object.fromEntries(course.workers(Role.ROLE_SUPERVISOR).map((w) => [w, 250n]));
  c.until(() => c.height === start + parameters(c).supervisorStallBlocks);
  t.is(course.task.phase, Phase.PHASE_TRAINING, "not one block early");
  c.block();
  t.like(course.task, { phase: Phase.PHASE_CLOSED, outcome: Outcome.OUTCOME_NO_SUPERVISORS, slashedBurned: 750n });
  t.is(c.balance("client"), OWN - BURN);
  t.deepEqual(allFree(c, lost), []);
});

test("Training's own deadline ends it with what is anchored", (t) => {
  const c = chain({ supervision: { stall_blocks: "1000", supervisor_stall_blocks: "1000" } });
  const course = Course.submit(c, { trainingBlocks: 10n }).training();
  const { start, deadline } = course;
  t.is(deadline, start + 10n);
  c.block(() => course.anchor({ 0: 2, 1: 1 }));
  c.until(() => c.height === deadline - 1n);
  t.is(course.task.phase, Phase.PHASE_TRAINING);
  c.block();
  t.like(course.task, { phase: Phase.PHASE_SUBMISSION, training: { end: deadline } });
  t.deepEqual([course.slot(0).finalSeq, course.slot(1).finalSeq], [2n, 1n]);
  c.block(() => course.anchor({ 0: 3 }));
  t.is(course.headSeq(0), 2n, "heads freeze when Training ends");
});

test("a client that stops Training ends it with the heads anchored then, and pays as ever", (t) => {
  const c = chain({ supervision: { stall_blocks: "1000", supervisor_stall_blocks: "1000" } });
  const course = Course.submit(c).drawn();
  const stop = (name = "client", taskId = 1n) => c.send(MsgStopTraining, { client: c.address(name), taskId });
  c.block(() => t.is(stop(), "tasks/12", "before Training a task is cancelled"));
  course.training();
  c.block(() => course.anchor({ 0: 1, 1: 1 }));
  c.block(() => {
    t.is(stop("stranger"), "tasks/7");
    t.is(stop("client", 9n), "tasks/2");
    t.is(stop(), undefined);
    t.is(stop(), undefined, "again in the same block");
    course.anchor({ 0: 2 });
  });
  t.like(course.task, { phase: Phase.PHASE_SUBMISSION, training: { end: c.height } });
  t.deepEqual([course.slot(0), course.slot(1)].map((s) => [s.finalSeq, s.state.kind]), [[2n, "open"], [1n, "open"]], "with what this block anchored");
  c.block(() => {
    t.is(stop(), "tasks/12");
    course.anchor({ 0: 3 });
  });
  t.is(course.headSeq(0), 2n);
  course.scored(3n, 2n);
  t.like(course.task, { outcome: Outcome.OUTCOME_PAID, rankedByWork: false, best: { slot: 0 }, slashedBurned: 0n });
  // pot 80,000: the miners' 56,000 by two to one of work, 70 %, and by two to one of rank
  t.deepEqual([0, 1].map((i) => c.k.bank.balance(c.ctx, course.seat(Role.ROLE_MINER, i).worker) - (OWN - STAKE)), [26_133n + 11_200n, 13_066n + 5_600n]);
  t.true(c.balance("client") >= OWN - FEE, "the bond, and what the floors left");
});

test("a task that is stopped before anything was anchored pays for duty alone, the rest goes back", (t) => {
  const c = chain();
  const course = Course.submit(c).training();
  c.block(() => c.must(MsgStopTraining, { client: c.address("client"), taskId: 1n }));
  t.deepEqual([course.slot(0).finalSeq, course.slot(1).finalSeq], [0n, 0n]);
  course.scored(2n, 1n);
  t.is(course.task.outcome, Outcome.OUTCOME_PAID);
  // pot 80,000: supervisors 12,000 and evaluators 7,998 for their duty; no work was verified
  t.is(c.balance("client"), OWN - FEE + 60_002n);
  t.is(pool(c), 0n);
});

test("the test set is never revealed: the bond goes to the miners' part, all rank by verified work", (t) => {
  const c = chain();
  const course = Course.submit(c).training().trained().settle(Phase.PHASE_EVALUATION);
  const { deadline } = course;
  c.until(() => c.height === deadline - 1n);
  t.is(course.task.phase, Phase.PHASE_EVALUATION);
  c.block(() => {}, course.verdicts(1));
  t.like(course.task, { outcome: Outcome.OUTCOME_PAID, rankedByWork: true });
  // pot 80,000: supervisors 12,000, verifiers 4,000, no evaluators; the miners have 64,000 and the bond, half each
  for (const w of course.workers(Role.ROLE_MINER)) t.is(c.k.bank.balance(c.ctx, w), OWN - STAKE + 42_000n);
  for (const w of course.workers(Role.ROLE_SUPERVISOR)) t.is(c.k.bank.balance(c.ctx, w), OWN - STAKE + 4_000n);
  t.is(c.balance("client"), OWN - FEE - BOND);
});

test("evaluators missing: a task whose evaluators cannot be drawn is paid by verified work, the bond back to a client that revealed", (t) => {
  const c = chain();
  const course = Course.submit(c, { evaluators: 5 }).training().trained().settle(Phase.PHASE_EVALUATION);
  c.block(() => t.is(course.reveal(), undefined));
  c.until(() => course.task.phase === Phase.PHASE_CLOSED, 20);
  t.like(course.task, { outcome: Outcome.OUTCOME_PAID, rankedByWork: true });
  t.is(c.balance("client"), OWN - FEE, "the bond is back");
  for (const w of course.workers(Role.ROLE_MINER)) t.is(c.k.bank.balance(c.ctx, w), OWN - STAKE + 32_000n);
});

test("seats unlock seat_unlock_blocks after Closed, not before", (t) => {
  const c = chain();
  const course = Course.submit(c).training().trained().scored(1n, 2n);
  const closed = course.task.closedHeight as bigint;
  c.until(() => c.height === closed + parameters(c).seatUnlockBlocks - 1n);
  const miner = course.seat(Role.ROLE_MINER, 0);
  t.is(c.k.workers.get(c.ctx, miner.worker)?.locked, miner.stake);
  c.block();
  t.deepEqual(allFree(c), []);
});

test("no two roles of a task and never the client: who stands for several roles is drawn for one", (t) => {
  const c = new TestChain({ crypto: nodeCrypto, funds: FUNDS });
  const roles = [Role.ROLE_MINER, Role.ROLE_SUPERVISOR, Role.ROLE_EVALUATOR];
  enlist(c, STAKE, { roles, maxSeats: 9 });
  c.block(() => c.must(MsgRegisterWorker, registration(c, "client", Role.ROLE_MINER, 500_000n, { roles, maxSeats: 9 })));
  for (let i = 0; i < 5; i++) {
    const course = Course.submit(c, { slots: 3 }, 10_000n, 2_000n).drawn();
    const miners = course.workers(Role.ROLE_MINER);
    t.deepEqual(course.workers(Role.ROLE_SUPERVISOR).filter((w) => miners.includes(w)), []);
    t.false(course.workers().includes(c.address("client")), "though it has half of all stake");
  }
});

test("who was drawn early in a long Registration has its time to join from Initialisation on", (t) => {
  const c = new TestChain({ crypto: nodeCrypto, funds: FUNDS });
  enlist(c, STAKE);
  const course = Course.submit(c, { slots: 4 });
  c.blocks(7);
  t.is(course.task.phase, Phase.PHASE_REGISTRATION);
  c.block(() => c.must(MsgRegisterWorker, registration(c, "stranger", Role.ROLE_MINER, STAKE)));
  course.drawn();
  t.true(c.height - course.seat(Role.ROLE_MINER, 0).drawnHeight > parameters(c).joinBlocks, "the first seats were drawn long ago");
  c.block(() => (course.join(), course.confirm()));
  t.is(course.task.phase, Phase.PHASE_TRAINING);
  t.like(course.task, { redraws: 0, slashedBurned: 0n });
});

test("a slot that was closed late submits its model like the others", (t) => {
  const c = chain();
  const course = Course.submit(c, { epochs: 4 }).training();
  c.block(() => course.anchor({ 0: 1, 1: 1 }));
  // slot 1 stays behind until it is closed late, then slot 0 finishes
  c.until(() => {
    c.block(() => course.anchor({ 0: Math.min(course.last(0), Number(course.headSeq(0)) + 1) }));
    return course.slot(1).state.kind === "late";
  }, 60);
  c.block(() => course.anchor({ 0: course.last(0) }));
  t.is(course.task.phase, Phase.PHASE_SUBMISSION);
  const clock = [0, 1].map((i) => course.slot(i).finalSeq ?? 0n);
  c.block(() => t.is(course.submitModel(0, clock), undefined));
  t.is(course.task.phase, Phase.PHASE_SUBMISSION, "the late one may still submit");
  c.block(() => t.is(course.submitModel(1, clock), undefined));
  t.is(course.task.phase, Phase.PHASE_SETTLING);
});

test("the topology stands apart from the task that every block reads, and in every answer", (t) => {
  const c = chain();
  const course = Course.submit(c);
  t.false("topology" in course.task.spec);
  t.true((c.query(TasksQuery.methods.task, { id: course.id }).task?.spec?.topology ?? "").includes("Sequential"));
});

test("unbonding in parts within a block is one payment; who has no free stake is not walked by draws", (t) => {
  const c = chain();
  const worker = c.address("m0");
  const unbondings = () => (c.exported().workers as { unbondings: { amount: string }[] }).unbondings;
  c.block(() => [1_000n, 2_000n, 3_000n].forEach((amount) => c.must(MsgUnbond, { worker, amount: coin(amount) })));
  t.deepEqual(unbondings().map((u) => u.amount), ["6000"]);
  const before = c.balance("m0");
  c.blocks(Number(parameters(c).unbondBlocks) - 1);
  t.is(c.balance("m0"), before);
  c.block();
  t.is(c.balance("m0"), before + 6_000n);
  t.deepEqual(unbondings(), []);
  const names = () => c.k.workers.withFreeStake(c.ctx).map((w) => w.address);
  t.true(names().includes(worker));
  c.block(() => c.must(MsgUnbond, { worker, amount: coin(STAKE - 6_000n - parameters(c).minSeatStake + 1n) }));
  t.false(names().includes(worker), "less than the smallest seat stake is left");
  c.block(() => c.must(MsgAddStake, { worker, amount: coin(1n) }));
  t.true(names().includes(worker));
});

test("a task of the tolerant profile draws miners that compute it, and supervisors and evaluators as ever", (t) => {
  const c = new TestChain({ crypto: nodeCrypto, funds: FUNDS });
  enlist(c);
  c.block(() => {
    for (const name of ["m1", "m2"]) c.must(MsgUpdateWorker, MsgUpdateWorker.create({ worker: c.address(name), roles: [Role.ROLE_MINER], profiles: [EXACT_PROFILE, TOLERANT_PROFILE], memory: 1n << 34n, maxSeats: 1 }));
  });
  const course = Course.submit(c, { profile: TOLERANT_PROFILE }).drawn();
  t.deepEqual(course.workers(Role.ROLE_MINER).sort(), [c.address("m1"), c.address("m2")].sort());
  t.is(course.workers(Role.ROLE_SUPERVISOR).length, 3);
});
