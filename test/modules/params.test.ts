/** What a change of parameters does to tasks that are under way: nothing; and to what is read live: nothing that stops a chain. */
import test from "ava";
import { AUTHORITY } from "#kernel/authority.js";
import { MAX_BLOCKS } from "#kernel/params.js";
import { tasksMigrations } from "#modules/tasks/migrations.js";
import { nodeCrypto } from "#platform/crypto.js";
import { MsgUpdateParams as MsgUpdateEvaluation } from "#proto/gen/pouw/evaluation/v1/tx.js";
import { MsgUpdateParams as MsgUpdateMatching } from "#proto/gen/pouw/matching/v1/tx.js";
import { MsgUpdateParams as MsgUpdateSupervision } from "#proto/gen/pouw/supervision/v1/tx.js";
import { TasksQuery } from "#proto/gen/pouw/tasks/v1/query.js";
import { MsgUpdateParams as MsgUpdateTasks } from "#proto/gen/pouw/tasks/v1/tx.js";
import { Phase, Task as WireTask, type Terms } from "#proto/gen/pouw/tasks/v1/types.js";
import { MsgUpdateParams as MsgUpdateWork, MsgSubmitWork } from "#proto/gen/pouw/work/v1/tx.js";
import { MsgUpdateParams as MsgUpdateWorkers } from "#proto/gen/pouw/workers/v1/tx.js";
import type { Params as WorkParams } from "#proto/gen/pouw/work/v1/types.js";
import type { Codec } from "#proto/wire.js";
import { TestChain } from "#test/chain/chain.js";
import { Course, enlist, FUNDS } from "#test/chain/course.js";
import { Training } from "#test/chain/training.js";

type Change = Readonly<Record<string, bigint | number>>;
const gov = (c: TestChain): string => c.environment.addresses.module(AUTHORITY);

function set<P>(c: TestChain, codec: Codec<{ authority: string; params?: P | undefined }>, now: P, change: Change): string | undefined {
  const known = Object.fromEntries(Object.entries(change).filter(([name]) => name in (now as object)));
  return c.send(codec, { authority: gov(c), params: { ...now, ...known } });
}
/** Of every module what it has of these. */
function setAll(c: TestChain, change: Change): (string | undefined)[] {
  const { evaluation, matching, supervision, tasks, work, workers } = c.k;
  return [
    set(c, MsgUpdateEvaluation, evaluation.params(c.ctx), change),
    set(c, MsgUpdateMatching, matching.params(c.ctx), change),
    set(c, MsgUpdateSupervision, supervision.params(c.ctx), change),
    set(c, MsgUpdateTasks, tasks.params(c.ctx), change),
    set(c, MsgUpdateWork, work.params(c.ctx), change),
    set(c, MsgUpdateWorkers, workers.params(c.ctx), change),
  ];
}

const WINDOWS = [
  "joinBlocks", "submissionBlocks", "revealKeyBlocks", "commitBlocks", "revealScoresBlocks", "seatUnlockBlocks", "registrationBlocks", "stallBlocks", "supervisorStallBlocks", "auditRequestWindow", "drawDelay", "claimWindow",
  "verdictWindow", "evidenceTimeout", "unbondBlocks",
];
const SLASHES = ["slashNoShow", "slashStall", "slashEquivocation", "slashUnavailable", "slashResidual", "slashInvalid", "slashEvaluator", "equivocationBounty", "auditDeposit", "verifiersCut", "rankShare"];
const all = (names: readonly string[], value: bigint | number): Change => Object.fromEntries(names.map((n) => [n, value]));
const SHORT: Change = { ...all(WINDOWS, 1n), ...all(SLASHES, 1_000_000), anchorInterval: 1n, supervisorStallBlocks: 2n, maxRedraws: 0, minersShare: 0, supervisorsShare: 0, evaluatorsShare: 0, verifiersShare: 1_000_000 };
const LONG: Change = { ...all(WINDOWS, MAX_BLOCKS), ...all(SLASHES, 0), maxRedraws: 100, minersShare: 1_000_000, supervisorsShare: 0, evaluatorsShare: 0, verifiersShare: 0 };

const chain = (): TestChain => {
  const c = new TestChain({ crypto: nodeCrypto, funds: FUNDS, params: { work: { audit_ppm: 300_000 } } });
  enlist(c, 100_000n);
  return c;
};

/** A whole task, with governance between two of its steps; answers all that happened to it. */
function course(at: number, change: Change): string[] {
  const c = chain();
  const of = Course.submit(c);
  // In the place of an empty block, so that both courses have the same heights.
  let step = 0;
  const pause = (): void => void c.block(() => at === step++ && setAll(c, change));
  pause();
  of.training();
  pause();
  of.c.block(() => of.anchor({ 0: 3, 1: 3 }));
  pause();
  c.blocks(2, () => of.anchor());
  c.block(() => (of.anchor(), c.must(MsgSubmitWork, of.claim(0, 2, 3))));
  pause();
  c.block(() => of.anchor(), of.verdicts(1));
  of.trained();
  pause();
  of.settle(Phase.PHASE_EVALUATION);
  pause();
  of.scored(40n, 30n);
  pause();
  c.blocks(20);
  return c.history.map((e) => `${e.type} ${e.attributes.map((x) => `${x.key}=${x.value}`).join(" ")}`);
}

test("a task goes on and is paid by the parameters of its creation, whenever they are changed and however", (t) => {
  const plain = course(-1, {});
  t.true(plain.some((e) => e.startsWith("audit_drawn")) && plain.some((e) => e.startsWith("payout")) && plain.some((e) => e.startsWith("reward_paid")));
  for (const change of [SHORT, LONG]) for (let at = 0; at < 7; at++) t.deepEqual(course(at, change), plain, `${change === SHORT ? "short" : "long"}, step ${at}`);
});

test("who did not come is judged by the time that it was given", (t) => {
  const c = chain();
  const of = Course.submit(c).drawn();
  const left = of.task.phaseHeight + of.task.terms.joinBlocks;
  c.block(() => t.deepEqual(setAll(c, SHORT), Array(6).fill(undefined)));
  c.until(() => c.height === left - 1n);
  t.is(c.of("slash").length, 0);
  c.block();
  t.true(c.of("slash").length > 0);
  t.true(c.of("slash").every((e) => BigInt(e["amount"] ?? 0) * 100n <= 35_000n + 99n), "a hundredth, as when the task was created");
});

test("a task that is created after a change has the new parameters, and shows them", (t) => {
  const c = chain();
  const before = Course.submit(c);
  c.block(() => t.deepEqual(setAll(c, { ...SHORT, minersShare: 1_000_000, verifiersShare: 0 }), Array(6).fill(undefined)));
  const after = Course.submit(c, {}, 100_000n, 20_000n);
  const shown = (id: bigint): Terms | undefined => c.query(TasksQuery.methods.task, { id }).task?.terms;
  t.like(shown(before.id), { joinBlocks: 5n, drawDelay: 2n, claimWindow: 5n, supervisorsShare: 150_000, slashInvalid: 1_000_000, slashStall: 50_000 });
  t.like(shown(after.id), { joinBlocks: 1n, drawDelay: 1n, claimWindow: 1n, supervisorsShare: 0, slashStall: 1_000_000, equivocationBounty: 1_000_000 });
});

test("after any change blocks are made, history becomes as short as it may be, and an export begins a chain with the same state", (t) => {
  const c = chain();
  const of = Course.submit(c).training();
  for (const change of [LONG, SHORT, LONG, SHORT]) {
    c.block(() => (of.anchor(), t.deepEqual(setAll(c, change), Array(6).fill(undefined))));
    c.blocks(3, () => of.anchor());
  }
  c.until(() => of.task.phase === Phase.PHASE_CLOSED, 400);
  c.blocks(200);
  const kept = (store: string, prefix: number): number => [...(c.at()?.store(store).iterate(Uint8Array.of(prefix), Uint8Array.of(prefix + 1)) ?? [])].length;
  t.true(kept("work", 5) <= 6, `${kept("work", 5)} targets`);
  t.is([...(c.at()?.store("beacon").iterate() ?? [])].filter(([, v]) => v.length === 32).length, 104, "one delay, one claim window, two of verdicts, and the margin");
  const again = new TestChain({ crypto: nodeCrypto, genesis: JSON.parse(JSON.stringify(c.exported())) as Record<string, unknown>, initialHeight: c.height + 1n, timeMs: c.timeMs });
  t.deepEqual(again.dump(), c.dump());
});

test("a target is not moved by what was counted for another pace", (t) => {
  const target0 = `0x${"00".repeat(8)}01${"00".repeat(23)}`;
  const w = new Training({ params: { work: { target0, retarget_claims: 1_000_000, target_spacing_ms: `${MAX_BLOCKS}` }, supervision: { stall_blocks: "1000" } } });
  const pace = (change: Partial<WorkParams>): string | undefined => w.send(MsgUpdateWork, { authority: gov(w), params: { ...w.k.work.params(w.ctx), ...change } });
  const target = (): bigint | undefined => w.k.work.targetAt(w.ctx, w.height + 1n);
  w.block(() => w.anchorAll());
  const first = target();
  w.blocks(50, () => w.anchorAll());
  w.block(() => (w.anchorAll(), t.is(pace({ targetSpacingMs: 1n, retargetClaims: 1n }), undefined)));
  t.is(target(), first, "fifty seconds are twelve thousand times the new patience");
  w.block(() => (w.anchorAll(), t.is(pace({ targetSpacingMs: 10_000n }), undefined)));
  t.is(target(), first);
  w.blocks(40, () => w.anchorAll());
  t.is(target(), 2n * (first ?? 0n), "from then on by the new pace");
});

test("tasks of a state of version 1 keep what held when the programs were changed", (t) => {
  const c = chain();
  const { id, task } = Course.submit(c);
  const branch = c.ctx.branch();
  const store = branch.store("tasks");
  const [[key, record]] = [...store.iterate(Uint8Array.of(1), Uint8Array.of(2))] as [[Uint8Array, Uint8Array]];
  store.set(key, WireTask.encode({ ...WireTask.decode(record), terms: undefined }));
  t.is(c.k.tasks.must(branch, id).terms.joinBlocks, 0n);
  for (const step of tasksMigrations) step.run(branch);
  t.deepEqual(c.k.tasks.must(branch, id).terms, task.terms);
});

test("terms that no parameters could say are refused in genesis; a task without any has those of the genesis", (t) => {
  const c = chain();
  Course.submit(c);
  const exported = (change: (terms: Record<string, unknown>, task: Record<string, unknown>) => void): TestChain => {
    const state = JSON.parse(JSON.stringify(c.exported())) as Record<string, any>;
    const [task] = state["tasks"].tasks;
    change(task.terms, task);
    return new TestChain({ crypto: nodeCrypto, genesis: state, initialHeight: c.height + 1n, timeMs: c.timeMs });
  };
  const at = "app_state.tasks.tasks[0].terms.";
  t.is(t.throws(() => exported((terms) => (terms["join_blocks"] = "0")))?.message, `${at}join_blocks: got 0, want 1 to ${MAX_BLOCKS}`);
  t.is(t.throws(() => exported((terms) => (terms["slash_stall"] = 1_000_001)))?.message, `${at}slash_stall: got 1000001, want 0 to 1000000 parts per million`);
  t.regex(t.throws(() => exported((terms) => (terms["verifiers_share"] = 900_000)))?.message ?? "", /terms\.supervisors_share: the shares of .* add up to 1150000, want at most 1000000/);
  t.deepEqual(exported((_, task) => delete task["terms"]).dump(), c.dump());
});
