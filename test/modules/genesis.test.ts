/** An export of a chain at any point of a task's course is the genesis of a chain that goes on in the same way. */
import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { MsgRegisterBeaconKey } from "#proto/gen/pouw/beacon/v1/tx.js";
import { EvaluationQuery } from "#proto/gen/pouw/evaluation/v1/query.js";
import { MsgAnchorLog, MsgReportEquivocation, MsgRequestAudit } from "#proto/gen/pouw/supervision/v1/tx.js";
import { MsgCancelTask } from "#proto/gen/pouw/tasks/v1/tx.js";
import { EvaluationStep, Optimizer, OptimizerKind, Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role, VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { MsgSubmitWork } from "#proto/gen/pouw/work/v1/tx.js";
import { MsgUnbond } from "#proto/gen/pouw/workers/v1/tx.js";
import type { MethodInfo } from "#proto/wire.js";
import { bitsOf } from "#protocol/floats.js";
import { coin, refusal, TestChain, type Verdicts } from "#test/chain/chain.js";
import { Course, enlist, EVALUATORS, FUNDS, MINERS, SUPERVISORS } from "#test/chain/course.js";
import { beaconSignerOf, possessionProof } from "#test/chain/keys.js";

const { ROLE_MINER, ROLE_SUPERVISOR, ROLE_EVALUATOR } = Role;
/** Its miner is convicted. */
const CHEAT = 2;
/** with the stake of the four validators */
const FUNDS_TOTAL = Object.values(FUNDS).reduce((sum, amount) => sum + amount, 40_000_000n);
const SCORES = [7n, 9n, 8n].map((score, slot) => ({ slot, score }));
const OPTIMIZER = Optimizer.create({ kind: OptimizerKind.OPTIMIZER_MOMENTUM, momentumBits: bitsOf(0.5), nesterov: true, weightDecayBits: bitsOf(0.01), clipNormBits: bitsOf(1) });
/** Fields that have nothing at any stage of this task: other optimizers, moving averages, and what its validators have no reason to say. */
const NOWHERE = [
  "tasks.tasks.ranked_by_work",
  "tasks.tasks.spec.optimizer.beta2_bits",
  "tasks.tasks.spec.optimizer.epsilon_bits",
  "tasks.tasks.spec.quanta.statistics",
  "work.totals.totals.claims_rejected",
  "work.totals.totals.verdicts_no_residual",
  "work.totals.totals.verdicts_unserved",
  "work.totals.totals.verdicts_void",
];
const passed = (refused: string | undefined): void => {
  if (refused) throw new Error(refused);
};

const begin = (): TestChain => {
  // So many positions are audited that some wait to be queued.
  const first = new TestChain({ crypto: nodeCrypto, funds: FUNDS, params: { work: { audit_ppm: 500_000 } } });
  const { bank, ...rest } = first.exported() as Record<string, { denom_metadata: { denom_units: { aliases: string[] }[] }[] }>;
  bank?.denom_metadata[0]?.denom_units[0]?.aliases.push("micropouw");
  const c = new TestChain({ crypto: nodeCrypto, genesis: { ...rest, bank: { ...bank, send_enabled: [{ denom: "gold", enabled: false }] } } });
  enlist(c, 100_000n, { preferences: [100, 0, 50, 0, 0, 80, 0, 0], minFee: coin(7n) });
  return c;
};

/** What validators find of all open jobs: valid, but for the cheat's. */
function judged({ c, id }: Course): Verdicts {
  const jobs = c.k.work.openJobs(c.ctx).filter((j) => j.taskId === id).map((j) => [j.id, j.slot === CHEAT ? VerdictCode.VERDICT_INVALID : VerdictCode.VERDICT_VALID, j.slot === CHEAT ? 3 : 0] as const);
  return Object.fromEntries(c.validators.map((_, i) => [i, jobs]));
}

/** Two of three supervisors; the third is silent until it is dropped. */
const watching = (course: Course) => course.workers(ROLE_SUPERVISOR).slice(0, 2) as [string, string];

/** Each goes on where the one before has ended, and leaves something open. Together they are a task from submission to the last payment. */
const STAGES: readonly (readonly [name: string, run: (course: Course) => void])[] = [
  ["registration", ({ c }) => {
    const beacon = beaconSignerOf(nodeCrypto, "another");
    const worker = c.address("e2");
    c.block(() => {
      c.must(MsgUnbond, { worker, amount: coin(5_000n) });
      c.must(MsgCancelTask, { client: c.address("client"), taskId: 1n });
      c.must(MsgRegisterBeaconKey, { validator: c.validators[0]?.operator ?? "", key: beacon.key, proof: possessionProof(nodeCrypto, beacon) });
    });
    Course.submit(c, { slots: 3, epochs: 2, batches: 300, runAhead: 1_000n, schedule: [{ epoch: 1, lrBits: bitsOf(0.05) }], optimizer: OPTIMIZER, title: "a task" });
  }],
  ["initialisation", (course) => {
    const { c } = course.drawn();
    const [absent, ...others] = course.workers(ROLE_SUPERVISOR) as [string, ...string[]];
    c.block(() => (course.join([...course.workers(ROLE_MINER), ...others]), course.confirm(others.slice(0, 1))));
    c.until(() => !course.workers().includes(absent), 10);
    c.until(() => course.seats(ROLE_SUPERVISOR).length === 3, 3);
  }],
  ["training", (course) => {
    const { c, id } = course;
    course.training();
    const anchoring = watching(course);
    const [first] = anchoring;
    c.block(() => course.anchor({ 0: 2, 1: 2, [CHEAT]: 2 }, anchoring));
    c.blocks(3);
    const unaudited = (slot: number): bigint => [1n, 2n].find((seq) => c.k.work.auditOf(c.ctx, id, slot, seq) === undefined) ?? 0n;
    c.block(() => {
      c.must(MsgSubmitWork, course.claim(0, 1, 2));
      for (const slot of [1, CHEAT]) c.must(MsgRequestAudit, { supervisor: first, taskId: id, slot, seq: unaudited(slot) });
      // What one supervisor alone attests waits for the others.
      c.must(MsgAnchorLog, { supervisor: first, taskId: id, heads: [course.log(0).head(3)], seen: [] });
      course.anchor({ 1: 190 }, anchoring);
    });
    c.blocks(2);
  }],
  ["submission", (course) => {
    const { c } = course;
    const log = course.log(CHEAT);
    c.block(() => c.must(MsgReportEquivocation, { reporter: c.address("stranger"), taskId: course.id, slot: CHEAT, first: log.signed(2), second: log.fork(1).signed(2) }));
    for (let i = 0; i < 2; i++) c.block(() => {}, judged(course));
    c.block(() => course.anchor({ 0: course.last(0), 1: course.last(1) }, watching(course)));
    c.block(() => passed(course.submitModel(0, [3n, 2n, 0n])));
  }],
  ["settling", (course) => {
    for (let i = 0; course.task.phase < Phase.PHASE_SETTLING; i++) course.c.block(() => {}, i === 0 ? judged(course) : {});
    // Nobody judges what was drawn last: it lapses and is queued again.
    course.c.blocks(6);
  }],
  ["evaluation", (course) => {
    const { c } = course;
    for (let i = 0; i < 30 && course.task.phase < Phase.PHASE_EVALUATION; i++) c.block(() => {}, judged(course));
    c.block(() => passed(course.reveal()));
    c.until(() => course.task.evaluationStep === EvaluationStep.EVALUATION_STEP_COMMIT, 3);
    c.block(() => passed(course.commitScores(course.workers(ROLE_EVALUATOR)[0] as string, SCORES)));
  }],
  ["scores revealed", (course) => {
    const { c } = course;
    const [first, ...rest] = course.workers(ROLE_EVALUATOR) as [string, ...string[]];
    c.block(() => rest.forEach((w) => passed(course.commitScores(w, SCORES))));
    c.block(() => passed(course.revealScores(first, SCORES)));
  }],
  ["closed", (course) => {
    course.c.block(() => course.workers(ROLE_EVALUATOR).slice(1).forEach((w) => passed(course.revealScores(w, SCORES))));
  }],
  ["seats unlocked", (course) => {
    course.c.blocks(course.c.k.tasks.params(course.c.ctx).seatUnlockBlocks + 5n);
  }],
];

/** A chain that the export of another one begins, as a genesis file would carry it. */
const begunBy = (c: TestChain, genesis = c.exported()): TestChain =>
  new TestChain({ crypto: nodeCrypto, genesis: JSON.parse(JSON.stringify(genesis)) as Record<string, unknown>, initialHeight: c.height + 1n, timeMs: c.timeMs });

/** Sensible requests of every query, by path. */
function requests(c: TestChain): Readonly<Record<string, readonly object[]>> {
  const names = [...MINERS, ...SUPERVISORS, ...EVALUATORS, "client", "stranger"].map((n) => c.address(n));
  const tasks = [1n, 2n, 3n].map((id) => ({ id }));
  const [, first = ""] = names;
  return {
    "beacon.v1.Query/Beacon": [{}, { height: c.height }, { height: c.height - 5n }, { height: 1n }],
    "beacon.v1.Query/Keys": [{}],
    "evaluation.v1.Query/Params": [{}],
    "fees.v1.Query/Params": [{}],
    "evaluation.v1.Query/TaskResult": tasks,
    "matching.v1.Query/Params": [{}],
    "matching.v1.Query/Seats": names.map((worker) => ({ worker })),
    "supervision.v1.Query/Anchors": [0, 1, 2, 3].map((slot) => ({ taskId: 2n, slot })),
    "supervision.v1.Query/Params": [{}],
    "tasks.v1.Query/Params": [{}],
    "tasks.v1.Query/Task": tasks,
    "tasks.v1.Query/TaskState": tasks,
    "tasks.v1.Query/Tasks": [{}, { openOnly: true }, { client: c.address("client"), limit: 1 }, { startAfter: 1n }, { client: c.address("stranger") }],
    "work.v1.Query/Job": Array.from({ length: 30 }, (_, i) => ({ id: BigInt(i) })),
    "work.v1.Query/Jobs": [{}, { openOnly: true }, { taskId: 2n }, { taskId: 2n, openOnly: true }, { startAfter: 2n, limit: 2 }],
    "work.v1.Query/MiningInfo": [{}],
    "work.v1.Query/Params": [{}],
    "workers.v1.Query/Params": [{}],
    "workers.v1.Query/Worker": names.map((address) => ({ address })),
    "workers.v1.Query/Workers": [{}, { limit: 3 }, { startAfter: first, limit: 2 }],
  };
}

/** `path request` → the answer, or the refusal. */
function answers(c: TestChain): Map<string, unknown> {
  const out = new Map<string, unknown>();
  for (const [path, list] of Object.entries(requests(c))) {
    const method = c.app.queries.get(`/pouw.${path}`)?.method as MethodInfo;
    for (const request of list) {
      const text = JSON.stringify(request, (_, v: unknown) => (typeof v === "bigint" ? `${v}` : v));
      let answer: unknown;
      const refused = refusal(() => (answer = c.query(method, request as never)));
      out.set(`${path} ${text}`, refused ?? answer);
    }
  }
  return out;
}

/** Every field in an export by its path, and whether it has more than nothing. */
function fieldsOf(value: unknown, path = ""): [path: string, filled: boolean][] {
  if (Array.isArray(value)) return [[path, value.length > 0], ...value.flatMap((v) => fieldsOf(v, path))];
  if (typeof value !== "object" || value === null) return [[path, value !== null && value !== "" && value !== "0" && value !== 0 && value !== false]];
  return [[path, true], ...Object.entries(value).flatMap(([k, v]) => fieldsOf(v, path ? `${path}.${k}` : k))];
}

test("every query of the modules is compared", (t) => {
  const c = begin();
  const paths = [...c.app.queries.keys()].filter((path) => path.startsWith("/pouw.")).map((path) => path.slice("/pouw.".length));
  t.deepEqual(Object.keys(requests(c)).sort(), paths.sort());
});

test("an exported state begins a chain that is the same, answers the same and pays the same, at every stage of a task", (t) => {
  const c = begin();
  Course.submit(c);
  const course = new Course(c, 2n);
  const empty = new Set<string>();
  const seen = new Set<string>();
  const copies = STAGES.map(([name, run], stage) => {
    run(course);
    const copy = begunBy(c);
    for (const [field, filled] of fieldsOf(c.exported())) (filled ? seen : empty).add(field);
    t.deepEqual(copy.exported(), c.exported(), `${name}: the export`);
    t.deepEqual(copy.dump(), c.dump(), `${name}: every key of the state`);
    t.deepEqual(answers(copy), answers(c), `${name}: queries`);
    return { name, copy: course.on(copy), stage, events: c.history.length };
  });
  t.deepEqual([...empty].filter((field) => !seen.has(field) && !/^(auth|authz|bank|distribution|evidence|feegrant|fees|gov|mint|slashing|staking)\./.test(field)).sort(), NOWHERE);
  t.is(course.task.phase, Phase.PHASE_CLOSED);
  const payouts = (on: TestChain) => on.query(EvaluationQuery.methods.taskResult, { id: 2n }).payouts;
  t.deepEqual([...new Set(payouts(c).map((p) => p.what))].sort(), ["bond", "evaluator", "miner", "supervisor", "verifier"]);
  for (const { name, copy, stage, events } of copies) {
    for (const [, run] of STAGES.slice(stage + 1)) run(copy);
    t.deepEqual(payouts(copy.c), payouts(c), `from ${name}: payouts`);
    t.deepEqual(copy.c.history, c.history.slice(events), `from ${name}: events`);
    t.deepEqual(copy.c.dump(), c.dump(), `from ${name}: every key of the state in the end`);
  }
});

test("a state that cannot be begins no chain, and what is wrong is named", (t) => {
  const c = begin();
  Course.submit(c).training();
  type Record = { [field: string]: unknown };
  type State = { [module: string]: { [list: string]: Record[] } };
  const refused = (change: (state: State) => void): string => {
    const state = structuredClone(c.exported()) as State;
    change(state);
    return refusal(() => begunBy(c, state)) ?? "accepted";
  };
  const list = (state: State, module: string, name: string): Record[] => state[module]?.[name] ?? [];
  const alter = (module: string, name: string, change: Record) => refused((s) => Object.assign(list(s, module, name)[0] ?? {}, change));
  const twice = (module: string, name: string) => refused((s) => list(s, module, name).push({ ...list(s, module, name)[0] }));
  t.is(refused(() => {}), "accepted");

  t.regex(alter("tasks", "tasks", { fees: "1" }), /^app_state\.tasks\.tasks\[0\]\.fees: there is no such field; there are id, client, /);
  t.regex(alter("matching", "seats", { slot: 1 }), /^app_state\.matching\.seats\[0\]\.slot: there is no such field; there are task_id, role, /);
  t.regex(refused((s) => Object.assign(s.workers ?? {}, { worker: [] })), /^app_state\.workers\.worker: there is no such field; there are params, workers, unbondings$/);

  const supply = FUNDS_TOTAL - c.k.tasks.must(c.ctx, 1n).burned;
  t.is(alter("bank", "supply", { amount: `${supply + 1n}` }), `app_state.bank.supply: got ${supply + 1n} of upouw, balances add up to ${supply}`);
  t.is(refused((s) => list(s, "bank", "supply").push(coin(1n, "zero"))), "app_state.bank.supply: got 1 of zero, no balance has any");

  const accounts = list(c.exported() as State, "auth", "accounts");
  const client = c.address("client");
  const account = accounts.find((a) => a.address === client) ?? {};
  const next = `${accounts.length}`;
  t.is(refused((s) => list(s, "auth", "accounts").push({ ...account, account_number: next })), `app_state.auth.accounts[${next}].address: ${client} stands there twice`);
  t.is(refused((s) => list(s, "auth", "accounts").push({ ...account, address: c.address("another") })), "accepted", "it gets another number");

  const metadata = { base: "silver", display: "silver", name: "Silver", symbol: "SILVER", denom_units: [{ denom: "silver", exponent: 0 }] };
  t.is(refused((s) => list(s, "bank", "denom_metadata").push(metadata, metadata)), "app_state.bank.denom_metadata[2].base: silver stands there twice");

  t.is(twice("tasks", "tasks"), "app_state.tasks.tasks[1].id: task 1 is there already");
  t.is(alter("matching", "seats", { task_id: "9" }), "app_state.matching.seats[0].task_id: there is no task 9");
  t.is(twice("matching", "seats"), `app_state.matching.seats[${c.k.matching.seats(c.ctx, 1n).length}].index: seat 0 of role 1 in task 1 stands there twice`);
});
