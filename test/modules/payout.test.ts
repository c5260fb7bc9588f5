/** Evaluation and Payout: which score stands, who has a share, every amount to the unit (protocol section 12). */
import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { EvaluationQuery } from "#proto/gen/pouw/evaluation/v1/query.js";
import { MsgCommitScores } from "#proto/gen/pouw/evaluation/v1/tx.js";
import { EvaluationStep, Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import type { MsgRegisterWorker } from "#proto/gen/pouw/workers/v1/tx.js";
import { type ParamsByModule, TestChain } from "#test/chain/chain.js";
import { Course, enlist, FUNDS } from "#test/chain/course.js";

const OWN = 1_000_000n;
const { EVALUATION_STEP_REVEAL } = EvaluationStep;
const chain = (params: ParamsByModule = {}, worker: Partial<MsgRegisterWorker> = {}) => {
  const c = new TestChain({ crypto: nodeCrypto, funds: FUNDS, params });
  enlist(c, 100_000n, worker);
  return c;
};
/** Few blocks of Training, in which nobody is late. */
const short = () => chain({ supervision: { stall_blocks: "100" } });
const result = (c: TestChain, id = 1n) => c.query(EvaluationQuery.methods.taskResult, { id });
const paid = (c: TestChain, what: string): bigint[] => result(c).payouts.filter((p) => p.what === what).map((p) => p.amount);
const scores = (...list: bigint[]) => list.map((score, slot) => ({ slot, score }));

test("the pot is divided to the unit: floors, remainders to the client, the bond back", (t) => {
  const c = chain();
  const course = Course.submit(c, {}, 99_991n, 20_000n).training().trained().scored(900_000n, 950_000n);
  // fee 99,991, burned ⌊20 %⌋ = 19,998: the pot is 79,993
  t.is(course.task.burned, 19_998n);
  t.deepEqual(paid(c, "supervisor"), [3_999n, 3_999n, 3_999n], "⌊⌊79,993 · 15 %⌋ / 3⌋");
  t.deepEqual(paid(c, "evaluator"), [2_666n, 2_666n, 2_666n], "⌊⌊79,993 · 10 %⌋ / 3⌋");
  t.deepEqual(paid(c, "verifier"), [999n, 999n, 999n, 999n], "⌊⌊79,993 · 5 %⌋ / 4⌋");
  // the miners' part is 79,993 − 11,998 − 7,999 − 3,999 = 55,997; by rank ⌊30 %⌋ = 16,799, by work 39,198
  t.deepEqual(paid(c, "miner"), [19_599n + 5_599n, 19_599n + 11_199n], "half of the work each; one and two thirds of the rank's part");
  t.deepEqual(paid(c, "client"), [6n], "what eleven floors left");
  t.deepEqual(paid(c, "bond"), [20_000n]);
  t.is(c.balance("client"), OWN - 99_991n + 6n);
  t.deepEqual(result(c).scores, scores(900_000n, 950_000n));
});

test("equal scores pool their weights and divide them by verified work", (t) => {
  const c = short();
  const course = Course.submit(c, { trainingBlocks: 6n }).training();
  c.block(() => course.anchor({ 0: 1, 1: 3 }));
  course.scored(5n, 5n);
  // pot 80,000, the miners' part 56,000 + no remainder: rank 16,800, work 39,200, both 1 : 3
  t.deepEqual(paid(c, "miner"), [9_800n + 4_200n, 29_400n + 12_600n]);
  t.is(course.task.best?.slot, 0, "equal scores: the lowest slot");
});

test("a slot without work has its rank all the same; what nobody earns by work is nobody's but the client's", (t) => {
  const c = short();
  const course = Course.submit(c, { trainingBlocks: 6n }).training();
  c.block(() => course.anchor({ 0: 2 }));
  course.scored(5n, 9n);
  // slot 1 is first but did nothing: its group's Σv is 0 and pays 0; slot 0 has all of the work and a third of the rank's part
  t.deepEqual(paid(c, "miner"), [39_200n + 5_600n]);
  t.is(course.task.best?.slot, 1);
  t.is(paid(c, "client")[0], 80_000n - 12_000n - 8_000n - 4_000n - 44_800n + rest(c));
});
/** Remainders of the three equal parts, which also go to the client. */
const rest = (c: TestChain): bigint => 12_000n + 8_000n + 4_000n - [...paid(c, "supervisor"), ...paid(c, "evaluator"), ...paid(c, "verifier")].reduce((a, b) => a + b, 0n);

test("nothing was ever anchored: the miners have nothing, and the pot less the evaluators' part is the client's again", (t) => {
  const c = short();
  const course = Course.submit(c, { trainingBlocks: 6n }).training();
  c.until(() => course.task.phase === Phase.PHASE_SUBMISSION, 10, () => course.anchor());
  course.scored(1n, 2n);
  t.deepEqual(paid(c, "miner"), []);
  t.deepEqual(paid(c, "verifier"), [], "no job, so the verifiers' part is the miners'");
  t.is(paid(c, "supervisor").length, 3, "who anchored empty lists to the end did its duty");
  t.is(paid(c, "client")[0], 80_000n - 12_000n - 7_998n);
});

test("a supervisor that did not attest the final heads by the end of Settling has no share; equally among the others", (t) => {
  const c = chain();
  const course = Course.submit(c).training();
  const [a, b, lazy] = course.workers(Role.ROLE_SUPERVISOR) as [string, string, string];
  c.block(() => course.anchor({ 0: 4, 1: 3 }));
  c.block(() => course.anchor({ 1: 4 }, [a, b]));
  course.scored(1n, 2n);
  const shares = result(c).payouts.filter((p) => p.what === "supervisor");
  t.deepEqual(shares.map((p) => [p.address, p.amount]), [[a, 6_000n], [b, 6_000n]]);
  t.is(course.seats().find((s) => s.worker === lazy)?.slashed, 0n, "which is no fault");
});

test("attesting the final heads in Settling is in time", (t) => {
  const c = chain();
  const course = Course.submit(c).training();
  const [a, b, late] = course.workers(Role.ROLE_SUPERVISOR) as [string, string, string];
  c.block(() => course.anchor({ 0: 4, 1: 4 }, [a, b]));
  course.settle(Phase.PHASE_SETTLING);
  c.block(() => course.anchor({ 0: 4, 1: 4 }, [late]));
  course.scored(1n, 2n);
  t.is(paid(c, "supervisor").length, 3);
});

test("no commit loses slash_no_show, commit without reveal slash_evaluator; neither has a share, and the standing value needs more than half of the drawn", (t) => {
  const c = chain();
  const course = Course.submit(c).training().trained().opened();
  const [silent, hiding, honest] = course.workers(Role.ROLE_EVALUATOR) as [string, string, string];
  c.block(() => [hiding, honest].forEach((w) => t.is(course.commitScores(w, scores(7n, 8n)), undefined)));
  c.until(() => course.task.evaluationStep === EVALUATION_STEP_REVEAL, 10);
  t.is(course.seats(Role.ROLE_EVALUATOR).find((s) => s.worker === silent)?.slashed, 33n, "⌊3,334 · 1 %⌋");
  c.block(() => course.revealScores(honest, scores(7n, 8n)));
  c.until(() => course.task.phase === Phase.PHASE_CLOSED, 10);
  t.is(course.seats(Role.ROLE_EVALUATOR).find((s) => s.worker === hiding)?.slashed, 1_667n, "⌊3,334 · 50 %⌋");
  t.true(course.task.rankedByWork, "one of three is no majority");
  // half of each slash, rounded down, is in the pot: 16 + 833; the other half is burned
  t.deepEqual(paid(c, "evaluator"), [((80_000n + 16n + 833n) * 100_000n) / 1_000_000n]);
  t.is(result(c).scores.length, 0);
});

test("commit lasts commit_blocks and a block for every distinct clock, reveal reveal_scores_blocks", (t) => {
  const c = chain();
  const course = Course.submit(c).training().trained();
  const [first] = course.workers(Role.ROLE_MINER) as [string];
  c.block(() => {
    t.is(course.submitModel(0, [2n, 2n]), undefined);
    t.is(course.submitModel(1, [2n, 2n], first), "evaluation/4");
    t.is(course.submitModel(1, [5n, 2n]), "evaluation/5", "above an anchored head");
    t.is(course.submitModel(1, [1n]), "evaluation/5");
  });
  course.settle(Phase.PHASE_SETTLING);
  t.deepEqual(result(c).payouts, []);
  t.deepEqual(course.task.phase, Phase.PHASE_SETTLING);
  course.opened();
  t.is((course.task.deadline ?? 0n) - c.height, c.k.tasks.params(c.ctx).commitBlocks + 2n, "one clock was submitted, the other is the default");
  const opened = c.height;
  c.until(() => course.task.evaluationStep === EVALUATION_STEP_REVEAL, 10);
  t.is(c.height - opened, c.k.tasks.params(c.ctx).commitBlocks + 2n);
  c.until(() => course.task.phase === Phase.PHASE_CLOSED, 10);
  t.is(course.task.phase, Phase.PHASE_CLOSED, "nobody committed: there is nothing to wait for");
});

test("commitments and reveals: only the drawn, once, in their step, of what was committed", (t) => {
  const c = chain();
  const course = Course.submit(c).training().trained().opened();
  const [a, b, d] = course.workers(Role.ROLE_EVALUATOR) as [string, string, string];
  const want = scores(1n, -9_223_372_036_854_775_808n);
  c.block(() => {
    t.is(course.commitScores(course.workers(Role.ROLE_MINER)[0] as string, want), "evaluation/6");
    t.is(c.send(MsgCommitScores, { evaluator: a, taskId: 1n, commitment: new Uint8Array(31) }), "evaluation/7");
    t.is(course.commitScores(a, want), undefined);
    t.is(course.commitScores(a, want), "evaluation/8");
    t.is(course.revealScores(a, want), "evaluation/3", "the step is commit");
    for (const w of [b, d]) course.commitScores(w, scores(1n, 2n));
  });
  c.block(() => {
    t.is(course.commitScores(a, want), "evaluation/3", "the step is reveal");
    t.is(course.revealScores(a, scores(1n, 3n)), "evaluation/11");
    t.is(course.revealScores(a, scores(1n)), "evaluation/12", "a slot is missing");
    t.is(course.revealScores(a, want), undefined);
    t.is(course.revealScores(a, want), "evaluation/10");
    for (const w of [b, d]) course.revealScores(w, scores(1n, 2n));
  });
  t.deepEqual(result(c).scores, scores(1n, 2n), "two of three");
});

test("evaluators disagreeing on one model: all rank by verified work, and all who revealed are paid", (t) => {
  const c = chain();
  const course = Course.submit(c).training().trained().opened();
  const all = course.workers(Role.ROLE_EVALUATOR);
  c.block(() => all.forEach((w, i) => course.commitScores(w, scores(1n, BigInt(i)))));
  c.block(() => all.forEach((w, i) => course.revealScores(w, scores(1n, BigInt(i)))));
  t.true(course.task.rankedByWork);
  t.deepEqual(paid(c, "miner"), [28_000n, 28_000n]);
  t.deepEqual(paid(c, "evaluator"), [2_666n, 2_666n, 2_666n]);
  t.deepEqual(paid(c, "bond"), [20_000n], "the client revealed");
});

test("more than half of the drawn find the test set unusable: the bond is the miners'", (t) => {
  const c = chain();
  const course = Course.submit(c).training().trained().opened();
  const all = course.workers(Role.ROLE_EVALUATOR);
  const said = (i: number) => (i < 2 ? [] : scores(1n, 2n));
  c.block(() => all.forEach((w, i) => course.commitScores(w, said(i))));
  c.block(() => all.forEach((w, i) => course.revealScores(w, said(i))));
  t.true(course.task.rankedByWork);
  t.deepEqual(paid(c, "bond"), []);
  t.deepEqual(paid(c, "miner"), [38_000n, 38_000n], "56,000 and the bond of 20,000");
});

test("an evaluator with two of the three seats is two of the drawn: its value stands, it has two shares and two stakes at risk", (t) => {
  const c = new TestChain({ crypto: nodeCrypto, funds: FUNDS });
  enlist(c, 100_000n, { maxSeats: 3 });
  let course: Course | undefined;
  // Which worker is drawn twice is the beacon's choice: as many tasks as it takes.
  for (let i = 0; i < 20 && !(course && course.workers(Role.ROLE_EVALUATOR).length === 2); i++) course = Course.submit(c, {}, 10_000n, 2_000n).training().trained().opened();
  if (!course) throw new Error("no task");
  const seats = course.seats(Role.ROLE_EVALUATOR);
  const twice = seats.find((s) => seats.filter((x) => x.worker === s.worker).length === 2)?.worker as string;
  const once = seats.find((s) => s.worker !== twice)?.worker as string;
  t.truthy(twice);
  c.block(() => [twice, once].forEach((w) => course.commitScores(w, w === twice ? scores(3n, 4n) : scores(9n, 9n))));
  c.block(() => [twice, once].forEach((w) => course.revealScores(w, w === twice ? scores(3n, 4n) : scores(9n, 9n))));
  t.deepEqual(result(c, course.id).scores, scores(3n, 4n));
  t.false(course.task.rankedByWork);
  t.deepEqual(result(c, course.id).payouts.filter((p) => p.what === "evaluator").map((p) => p.address).sort(), [twice, twice, once].sort());
});
