import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { EMPTY, toHex, utf8 } from "#kernel/bytes.js";
import type { Context } from "#kernel/context.js";
import { makeEnvironment } from "#kernel/environment.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { VerdictCode as V } from "#proto/gen/pouw/v1/types.js";
import { headerHash } from "#protocol/log/header.js";
import { TestContext } from "#test/chain/context.js";
import { Branch, Heights } from "#test/chain/state.js";
import { TERMS } from "#test/chain/terms.js";
import { work } from "./index.js";
import { convictions, counters, lottery, openIds, targets } from "./store.js";
import type { WorkedTask, WorkPorts } from "./types.js";

const environment = makeEnvironment(nodeCrypto, "pouw");
const address = (name: string) => environment.addresses.format(nodeCrypto.sha256(utf8(name)).slice(0, 20));
const [A, B] = [address("a"), address("b")] as [string, string];
const hash = (n: number) => `0x${toHex(new Uint8Array(32).fill(n))}`;
const hex = (b: Uint8Array) => `0x${toHex(b)}`;
const target0 = hash(9);

const task: WorkedTask = { id: 1n, phase: Phase.PHASE_TRAINING, flop: 1000n, parameters: 10n, spec: { profile: "f32-exact-1" }, minted: 0n, mintCap: 100n, terms: TERMS };
let pool = 10n;
const none = (): never => {
  throw new Error("genesis does not ask for it");
};
const ports: WorkPorts = {
  bank: { supply: () => 0n, poolBalances: () => [], poolBalance: () => pool, toPool: none, fromPool: none, betweenPools: none, stake: none, unstake: none, mint: none, burn: none },
  staking: { byConsensusAddress: none },
  distribution: { pay: none },
  beacon: { at: none },
  tasks: { get: (_, id) => (id === 1n ? task : undefined), must: none, open: () => [task], noteMinted: none },
  matching: { seat: none, slash: none },
  supervision: { slot: (_, taskId, slot) => (taskId === 1n && slot < 2 ? { positions: 10n, state: { kind: "open" } } : undefined), firstAtOrAbove: () => ({ height: 20n, seq: 7n, hash: EMPTY }), advancesAt: none, attesters: none, closeForFault: none, verifiedIterations: none },
};
const faces = work.create(ports);

const context = (): Context =>
  new TestContext(
    environment,
    { chainId: "test-1", height: 40n, timeMs: 5n, timeNs: 5_000_000n, proposer: EMPTY, lastCommit: { round: 0, votes: [] }, misbehaviour: [], beaconSignature: EMPTY, extensions: [] },
    new Branch(new Heights().latest()),
  );
const init = (state: unknown, held = 10n): Context => {
  const ctx = context();
  pool = held;
  faces.genesis?.init(ctx, state);
  return ctx;
};
const dump = (ctx: Context) => [...ctx.store("work").iterate()].map(([k, v]) => [toHex(k), toHex(v)]);

const header = utf8("a header");
const head = { height: "20", seq: "7", hash: hash(2) };
const of = { task_id: "1", slot: 0, head, created_height: "25", deadline: "55" };
const verdict = (validator: string, code: string) => ({ validator, code, reason: 1, height: "30" });
const jobs = [
  { ...of, id: "2", kind: "JOB_CLAIM", seq: "3", submitter: A, header: hex(header), header_hash: hex(headerHash(nodeCrypto, header)), decided: true, decision: "VERDICT_VALID", decided_height: "30", reward: "5", verdicts: [verdict(A, "VERDICT_VALID"), verdict(B, "VERDICT_VOID")] },
  { ...of, id: "3", kind: "JOB_AUDIT", seq: "4", decided: true, decided_height: "30" },
  { ...of, id: "4", kind: "JOB_AUDIT", seq: "4", requeued: true, decided: true, decision: "VERDICT_UNSERVED", decided_height: "32", verdicts: [verdict(A, "VERDICT_UNSERVED")] },
  { ...of, id: "5", kind: "JOB_AUDIT", seq: "5", decided: true, decision: "VERDICT_UNSERVED", decided_height: "31", verdicts: [verdict(A, "VERDICT_UNSERVED")] },
  { ...of, id: "6", kind: "JOB_REQUESTED_AUDIT", seq: "6", submitter: B, deposit: "10", verdicts: [verdict(A, "VERDICT_INVALID")] },
];
const state = {
  params: { target0 },
  lottery: { target: hash(8), paid_claims: "20", window_claims: "4", window_ms: "7", idle_ms: "6", last_time_ms: "5", counting: true, minted: "100", burned: "3" },
  next_job: "9",
  jobs,
  targets: [{ height: "39", target: hash(7) }, { height: "40", target: hash(8) }],
  anchored: [{ height: "39", time_ms: "4", iterations: "12", flop: `${2n ** 70n}` }],
  totals: [{ task_id: "1", totals: { claims_submitted: "1", audits_drawn: "3" } }],
};

test("an export begins a chain with the same state", (t) => {
  const ctx = init(state);
  const exported = JSON.parse(JSON.stringify(faces.genesis?.export(ctx)));
  t.is(exported.params.max_open_jobs, 256, "what is not named has its default");
  t.is(exported.anchored[0].flop, `${2n ** 70n}`);
  t.is(exported.jobs.length, 5);
  t.deepEqual(dump(init(exported)), dump(ctx));
  for (const check of Object.values(faces.invariants ?? {})) t.is(check(ctx), undefined);
});

test("a new chain's lottery begins with target0", (t) => {
  const ctx = init({ params: { target0 } }, 0n);
  t.like(lottery.get(ctx), { target: BigInt(target0), paidClaims: 0n, lastTimeMs: undefined, counting: false });
  t.deepEqual(counters.get(ctx), { nextId: 1n, open: 0, openClaims: 0 });
  t.is(targets.keys(ctx).length, 0);
  t.regex(t.throws(() => init({}))?.message ?? "", /^app_state\.work\.params\.target0: got 0 bytes, want 32/);
  t.throws(() => lottery.get(context()), { message: "work: there is no lottery; InitChain writes it" });
});

test("what follows from the jobs is made from them", (t) => {
  const ctx = init(state);
  t.deepEqual(openIds.keys(ctx), [[6n]]);
  t.deepEqual(counters.get(ctx), { nextId: 9n, open: 1, openClaims: 0 });
  t.is(faces.keeper.auditOf(ctx, 1n, 0, 4n), 4n, "the newest audit of an iteration");
  t.is(faces.keeper.auditOf(ctx, 1n, 0, 3n), undefined);
  t.deepEqual([...faces.keeper.agreeing(ctx, 1n)], [[A, 3n]]);
  t.is(convictions.get(ctx, 1n, 0, V.VERDICT_UNSERVED, 7n), 5n, "decided a block before job 4");
  t.false(faces.keeper.settled(ctx, 1n));
});

test("a job is told as it was, to modules and to queries", (t) => {
  const ctx = init(state);
  t.like(faces.keeper.job(ctx, 2n), { kind: "claim", miner: A, reward: 5n, outcome: { kind: "decided", code: V.VERDICT_VALID, reason: 0, height: 30n } });
  t.like(faces.keeper.job(ctx, 3n), { kind: "audit", requeued: false, outcome: { kind: "lapsed", height: 30n } });
  t.like(faces.keeper.job(ctx, 6n), { kind: "requested_audit", supervisor: B, deposit: 10n, outcome: undefined });
  t.like(faces.keeper.wireJob(ctx, 3n), { decided: true, decision: V.VERDICT_UNSPECIFIED, decidedHeight: 30n, submitter: "" });
  t.like(faces.keeper.wireJob(ctx, 6n), { decided: false, decidedHeight: undefined, submitter: B });
});

test("a state that cannot be is refused by its path", (t) => {
  const refusal = (change: object, held = 10n) => t.throws(() => init({ ...state, ...change }, held))?.message ?? "";
  const job = (i: number, change: object) => refusal({ jobs: jobs.map((j, k) => (k === i ? { ...j, ...change } : j)) });
  const at = "app_state.work";
  t.is(refusal({ params: { target0: hash(0) } }), `${at}.params.target0: is 0, so that nothing could win`);
  t.is(refusal({ params: { target0, reward0: `${10n ** 16n}` } }), `${at}.params.reward0: got ${10n ** 16n}, want 0 to ${10n ** 15n}`);
  t.is(refusal({ params: { target0, max_open_jobs: 0 } }), `${at}.params.max_open_jobs: got 0, want 1 to 65536`);
  t.is(refusal({ params: { target0, max_audits: 129 } }), `${at}.params.max_audits: got 129, want 1 to 128`);
  t.is(refusal({ params: { target0, audit_flop: "0" } }), `${at}.params.audit_flop: got 0, want 1 to ${1n << 40n}`);
  t.is(refusal({ lottery: { ...state.lottery, target: "0x01" } }), `${at}.lottery.target: got 1 bytes, want 32`);
  t.is(refusal({ lottery: { ...state.lottery, window_claims: "21" } }), `${at}.lottery.window_claims: got 21, want at most paid_claims, which is 20`);
  t.regex(refusal({ lottery: { ...state.lottery, window_claims: "20" } }), /lottery\.window_claims: got 20, want less than retarget_claims, which is 16$/);
  t.regex(refusal({ lottery: { ...state.lottery, idle_ms: "40000" } }), /lottery\.idle_ms: got 40000, want less than four times target_spacing_ms, which is 10000$/);
  t.is(refusal({ lottery: { ...state.lottery, window_ms: `${(1n << 64n) - 1n}` } }), `${at}.lottery.window_ms: got ${(1n << 64n) - 1n}, want at most ${1n << 62n}`);
  t.is(refusal({ next_job: `${(1n << 64n) - 1n}` }), `${at}.next_job: got ${(1n << 64n) - 1n}, want at most ${1n << 62n}`);
  t.is(job(1, { id: "2" }), `${at}.jobs[1].id: job 2 is named twice`);
  t.is(job(1, { head: null }), `${at}.jobs[1].head: want the anchored head at or above the iteration`);
  t.is(job(1, { kind: "JOB_UNSPECIFIED" }), `${at}.jobs[1].kind: got 0, want a claim or an audit`);
  t.is(job(1, { decided_height: null }), `${at}.jobs[1].decided_height: want that of a decided or lapsed job`);
  t.is(job(1, { submitter: A }), `${at}.jobs[1].submitter: does not go with a job of kind audit`);
  t.is(job(4, { decided_height: "31" }), `${at}.jobs[4].decided_height: does not go with an open job of kind requested_audit`);
  t.is(job(1, { slot: 2 }), `${at}.jobs[1]: slot 2 of task 1 is not there`);
  t.is(job(1, { seq: "8" }), `${at}.jobs[1].head.seq: got 7, want 8 to 10`);
  t.is(job(1, { seq: "0" }), `${at}.jobs[1].seq: got 0, want at least 1`);
  t.is(job(0, { header_hash: hash(1) }), `${at}.jobs[0].header_hash: is not that of the header`);
  t.regex(job(0, { submitter: "nobody" }), /^app_state\.work\.jobs\[0\]\.submitter: /);
  t.is(job(1, { ...jobs[0], id: "3" }), `${at}.jobs[1]: a claim of slot 0, seq 3 of task 1 is named twice`);
  t.is(job(0, { verdicts: [verdict(A, "VERDICT_VALID"), verdict(A, "VERDICT_VOID")] }), `${at}.jobs[0].verdicts[1].validator: ${A} is named twice`);
  t.is(refusal({ next_job: "6" }), `${at}.next_job: got 6, there is a job 6`);
  t.is(refusal({}, 11n), `${at}.jobs: open deposits add up to 10, the pool holds 11`);
  t.is(refusal({ targets: [state.targets[0], state.targets[0]] }), `${at}.targets[1].height: target of 39 is named twice`);
  t.is(refusal({ anchored: [{ ...state.anchored[0], flop: "1e3" }] }), `${at}.anchored[0].flop: got "1e3", want a decimal number`);
  t.is(refusal({ totals: [{ task_id: "2" }] }), `${at}.totals[0].task_id: task 2 is not there`);
});
