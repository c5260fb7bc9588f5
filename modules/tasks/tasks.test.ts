/** The module alone, its neighbours played by the test: money and verbs, the course of a task, genesis. */
import { oneGroup } from "#engine/quanta.js";
import test from "ava";
import type { BlockInfo } from "#kernel/context.js";
import { makeEnvironment } from "#kernel/environment.js";
import { nodeCrypto } from "#platform/crypto.js";
import { QueryTasksRequest, QueryTasksResponse, QueryTaskStateRequest, QueryTaskStateResponse } from "#proto/gen/pouw/tasks/v1/query.js";
import { MsgCreateTask } from "#proto/gen/pouw/tasks/v1/tx.js";
import { EvaluationStep, Loss, Outcome, Phase, TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { bitsOf } from "#protocol/floats.js";
import { testKeyHash } from "#protocol/hash.js";
import { cidOf } from "#protocol/tasks/cid.js";
import { TestContext } from "#test/chain/context.js";
import { Branch, Heights } from "#test/chain/state.js";
import { TERMS } from "#test/chain/terms.js";
import { tasks } from "./index.js";
import { params } from "./params.js";
import { openIds } from "./store.js";
import type { Seat, TasksPorts } from "./types.js";

const environment = makeEnvironment(nodeCrypto, "pouw");
const address = (n: number): string => environment.addresses.format(new Uint8Array(20).fill(n));
const CLIENT = address(1);
const KEY = new Uint8Array(32).fill(7);
const coin = (amount: bigint, denom = "upouw") => ({ denom, amount: `${amount}` });
const dense = (name: string, config: object) => ({ class_name: "Dense", config: { name, ...config } });
const TOPOLOGY = JSON.stringify({
  class_name: "Sequential",
  config: { name: "größer", layers: [dense("a", { units: 32, activation: "relu", batch_input_shape: [null, 64] }), dense("b", { units: 10, activation: "softmax" })] },
});

function spec(change: Partial<TaskSpec> = {}): TaskSpec {
  const cid = cidOf(nodeCrypto, Uint8Array.of(1));
  return TaskSpec.create({
    topology: TOPOLOGY, loss: Loss.LOSS_SOFTMAX_CROSS_ENTROPY, batchSize: 20, epochs: 1, batches: 8, slots: 2, supervisors: 1, lrBits: bitsOf(0.1), quanta: oneGroup({ tensors: [0, 1, 2, 3] }, -8),
    trainingBlocks: 60n, dataBlocks: 8n, manifestCid: cid, properties: [100, 0, 50, 0, 0, 80, 0, 0],
    testSet: { cid, plaintextHash: new Uint8Array(32), keyHash: testKeyHash(nodeCrypto, KEY), rows: 297 }, ...change,
  });
}

/** The module with a pool, seats that the test sets, and neighbours that agree to everything. */
class Alone {
  readonly state = new Branch(new Heights().latest());
  height = 10n;
  pool = 0n;
  /** what went out of the pool: to whom, or "burn" */
  readonly paid: [to: string, amount: bigint][] = [];
  seats: Seat[] = [];
  readonly agreed = { filled: false, done: false, submitted: false, settled: false, committed: false, revealed: false };
  readonly unlocked: Seat[] = [];
  ctx: TestContext;
  readonly ports: TasksPorts = {
    bank: {
      supply: () => 0n, poolBalances: () => [], poolBalance: () => this.pool,
      toPool: (_, __, ___, amount) => void (this.pool += amount),
      fromPool: (_, __, to, amount) => this.take(to, amount),
      betweenPools: () => undefined,
      stake: () => undefined,
      unstake: () => undefined,
      mint: () => undefined,
      burn: (_, __, amount) => this.take("burn", amount),
    },
    staking: { params: () => ({ bondDenom: "upouw" }) },
    distribution: { pay: (ctx, bank, pool, operator, amount) => bank.fromPool(ctx, pool, operator, amount) },
    workers: { params: () => ({ minSeatStake: 1_000n }) },
    beacon: { at: () => new Uint8Array(32).fill(9) },
    matching: {
      seats: (_, __, role) => this.seats.filter((s) => role === undefined || s.role === role),
      wireSeats: () => [],
      fill: () => this.agreed.filled,
      slash: () => 0n,
      unlock: (_, s) => void this.unlocked.push(s),
      vacate: (_, s) => void (this.seats = this.seats.filter((x) => x !== s)),
      params: () => TERMS,
    },
    supervision: { params: () => TERMS, start: () => undefined, freeze: () => undefined, allDone: () => this.agreed.done, lowestAnchoredRound: () => 3n, attested: () => [], wire: () => [] },
    work: { params: () => ({ ...TERMS, claimWindow: 5n }), settled: () => this.agreed.settled },
    evaluation: {
      params: () => TERMS,
      submissions: () => [],
      reveals: () => [],
      allSubmitted: () => this.agreed.submitted,
      fillSubmissions: () => undefined,
      distinctClocks: () => 2n,
      allCommitted: () => this.agreed.committed,
      allRevealed: () => this.agreed.revealed,
      slashAbsent: () => undefined,
      pay: (ctx, id, { byWork }) => this.keeper.close(ctx, id, { payments: [], burned: 0n, refunds: [this.pool], rankedByWork: byWork, best: { slot: 1, clock: [4n, 4n], score: byWork ? undefined : 7n } }),
    },
  };
  readonly faces = tasks.create(this.ports);
  readonly keeper = this.faces.keeper;

  constructor(genesis?: unknown) {
    this.ctx = this.at();
    this.faces.genesis?.init(this.ctx, genesis);
  }
  private take(to: string, amount: bigint): void {
    this.pool -= amount;
    if (amount > 0n) this.paid.push([to, amount]);
  }
  private at(): TestContext {
    const block: BlockInfo = {
      chainId: "test", height: this.height, timeMs: 1_000n, timeNs: 1_000_000_000n, proposer: new Uint8Array(20), lastCommit: { round: 0, votes: [] },
      misbehaviour: [], beaconSignature: new Uint8Array(0), extensions: [],
    };
    return new TestContext(environment, block, this.state);
  }
  /** End of this block, and on to the next; all invariants hold. */
  end(blocks = 1n): void {
    for (let i = 0n; i < blocks; i++) {
      this.ctx = this.at();
      this.faces.endBlock?.(this.ctx);
      for (const [name, holds] of Object.entries(this.faces.invariants ?? {})) {
        const broken = holds(this.ctx);
        if (broken) throw new Error(`${name}: ${broken}`);
      }
      this.height++;
      this.ctx = this.at();
    }
  }
  /** Runs a message; answers the refusal's codespace and code. */
  send(type: string, message: object): string | undefined {
    const handler = this.faces.messages?.find((h) => h.typeUrl === `/pouw.tasks.v1.${type}`);
    if (!handler) throw new Error(`no ${type}`);
    try {
      handler.run(this.ctx, message);
      return undefined;
    } catch (e) {
      const { codespace, code } = e as { codespace: string; code: number };
      return `${codespace}/${code}`;
    }
  }
  create(change: Partial<MsgCreateTask> = {}): string | undefined {
    return this.send("MsgCreateTask", MsgCreateTask.create({ client: CLIENT, spec: spec(), fee: coin(10_000_000n), bond: coin(2_000_000n), ...change }));
  }
  seat(role: Role, index: number, change: Partial<Seat> = {}): void {
    this.seats.push({ taskId: 1n, role, index, worker: address(10 * role + index), joined: true, confirmed: true, drawnHeight: this.height, ...change });
  }
  group(change: Partial<Seat> = {}): void {
    for (const [role, index] of [[Role.ROLE_MINER, 0], [Role.ROLE_MINER, 1], [Role.ROLE_SUPERVISOR, 0]] as const) this.seat(role, index, change);
  }
  query<Q, R>(method: string, request: { encode(q: Q): Uint8Array }, response: { decode(b: Uint8Array): R }, q: Q): R {
    const handler = this.faces.queries?.find((h) => h.method.name === method);
    if (!handler) throw new Error(`no ${method}`);
    return response.decode(handler.run(this.ctx, request.encode(q)));
  }
  get task() {
    return this.keeper.must(this.ctx, 1n);
  }
  /** Every key and value of the store. */
  get dump(): string[] {
    return [...this.ctx.store("tasks").iterate()].map(([k, v]) => `${Buffer.from(k).toString("hex")}=${Buffer.from(v).toString("hex")}`);
  }
  export(): { params: object; next_id: string; tasks: Record<string, unknown>[]; seat_unlocks: object[] } {
    return JSON.parse(JSON.stringify(this.faces.genesis?.export(this.ctx))) as never;
  }
}

test("a task that was accepted is complete, and its topology stands apart from it", (t) => {
  const m = new Alone();
  t.is(m.create(), undefined);
  const task = m.task;
  t.like(task, { id: 1n, burned: 2_000_000n, mintCap: 2_000_000n, phase: Phase.PHASE_REGISTRATION, deadline: 610n, redraws: 0, rankedByWork: false });
  t.deepEqual(task.seatStakes, { miner: 3_500_000n, supervisor: 1_500_000n, evaluator: 333_334n }, "rounded up");
  t.like(task.spec, { supervisors: 1, evaluators: 3, lag: 1, iterationBlocks: 1n });
  t.false("topology" in task.spec);
  for (const absent of ["training", "testKey", "lastAdvance", "best", "closedHeight", "outcome", "evaluationStep"] as const) t.is(task[absent], undefined, absent);
  t.is(m.keeper.whole(m.ctx, 1n)?.spec.topology, TOPOLOGY);
  t.is(m.keeper.wire(m.ctx, 1n)?.spec?.topology, TOPOLOGY);
  t.is(m.keeper.whole(m.ctx, 2n), undefined);
  t.true(m.keeper.memory(m.ctx, 1n) > 0n);
  t.deepEqual(m.paid, [["burn", 2_000_000n]]);
});

test("what cannot be paid or run is refused, each by its own code", (t) => {
  const m = new Alone();
  t.is(m.create({ spec: undefined }), "tasks/3");
  t.is(m.create({ spec: spec({ evaluators: 2 }) }), "tasks/3");
  t.is(m.create({ spec: spec({ testSet: undefined }) }), "tasks/3");
  t.is(m.create({ fee: coin(999_999n) }), "tasks/4");
  t.is(m.create({ bond: coin(1_999_999n) }), "tasks/5");
  t.is(m.create({ fee: coin(10_000_000n, "uatom") }), "tasks/6");
  t.is(m.create({ fee: { denom: "upouw", amount: "-1" } }), "sdk/10");
  t.is(m.pool, 0n);
  t.is(m.keeper.get(m.ctx, 1n), undefined);
});

test("slashed stake: the bounty, half burned and half to the pot; after Payout all is burned", (t) => {
  const m = new Alone();
  m.create();
  m.pool += 1_001n;
  t.deepEqual(m.keeper.addSlashed(m.ctx, 1n, 1_001n, { to: address(9), amount: 100n }), { burned: 451n, pot: 450n, bounty: 100n });
  t.like(m.task, { slashedToPot: 450n, slashedBurned: 451n });
  t.deepEqual(m.paid.slice(1), [[address(9), 100n], ["burn", 451n]]);
  m.keeper.close(m.ctx, 1n, { payments: [{ to: address(3), amount: 5_000_000n }], burned: 450n, refunds: [3_000_000n, 2_000_000n], rankedByWork: true });
  t.deepEqual(m.paid.slice(3), [[address(3), 5_000_000n], ["burn", 450n], [CLIENT, 3_000_000n], [CLIENT, 2_000_000n]], "in this order");
  t.is(m.pool, 0n);
  t.like(m.task, { phase: Phase.PHASE_CLOSED, outcome: Outcome.OUTCOME_PAID, closedHeight: 10n, deadline: undefined, rankedByWork: true, slashedBurned: 901n });
  m.pool += 11n;
  t.deepEqual(m.keeper.addSlashed(m.ctx, 1n, 11n), { burned: 11n, pot: 0n, bounty: 0n });
  t.is(m.task.slashedBurned, 912n);
  t.deepEqual(m.keeper.open(m.ctx), []);
});

test("the course of a task: every phase brings what it says, seats unlock in the end", (t) => {
  const m = new Alone();
  m.create();
  m.agreed.filled = true;
  m.end();
  t.is(m.task.phase, Phase.PHASE_REGISTRATION, "drawn by a later block's beacon");
  m.end();
  t.like(m.task, { phase: Phase.PHASE_INITIALISATION, phaseHeight: 11n, deadline: 31n }, "join_blocks, which is longer than data_blocks");
  m.group();
  m.end();
  t.deepEqual(m.task.training, { start: 12n, beacon: new Uint8Array(32).fill(9), end: undefined });
  m.keeper.noteAdvance(m.ctx, 1n);
  m.keeper.noteMinted(m.ctx, 1n, 5n);
  m.keeper.noteMinted(m.ctx, 1n, 6n);
  t.like(m.task, { lastAdvance: 13n, minted: 11n });
  m.agreed.done = true;
  m.end();
  t.like(m.task, { phase: Phase.PHASE_SUBMISSION, deadline: 23n });
  t.is(m.task.training?.end, 13n);
  m.end(10n);
  t.like(m.task, { phase: Phase.PHASE_SETTLING, deadline: undefined });
  m.end(3n);
  t.is(m.task.phase, Phase.PHASE_SETTLING, "jobs are open");
  m.agreed.settled = true;
  m.end();
  t.like(m.task, { phase: Phase.PHASE_EVALUATION, evaluationStep: EvaluationStep.EVALUATION_STEP_KEY });
  t.is(m.send("MsgRevealTestSet", { client: address(2), taskId: 1n, key: KEY }), "tasks/7");
  t.is(m.send("MsgRevealTestSet", { client: CLIENT, taskId: 1n, key: new Uint8Array(32) }), "tasks/10");
  t.is(m.send("MsgRevealTestSet", { client: CLIENT, taskId: 1n, key: KEY }), undefined);
  t.is(m.send("MsgRevealTestSet", { client: CLIENT, taskId: 1n, key: KEY }), "tasks/11");
  m.end();
  t.like(m.task, { evaluationStep: EvaluationStep.EVALUATION_STEP_COMMIT, deadline: m.height - 1n + 22n }, "commit_blocks and a block for each clock");
  m.end(22n);
  t.is(m.task.evaluationStep, EvaluationStep.EVALUATION_STEP_REVEAL);
  m.agreed.revealed = true;
  m.end();
  t.like(m.task, { phase: Phase.PHASE_CLOSED, outcome: Outcome.OUTCOME_PAID, best: { slot: 1, clock: [4n, 4n], score: 7n }, rankedByWork: false });
  m.end(199n);
  t.is(m.unlocked.length, 0);
  m.end();
  t.is(m.unlocked.length, 3);
  t.is(m.send("MsgCancelTask", { client: CLIENT, taskId: 1n }), "tasks/8");
});

test("a task without a Payout: nobody matched, cancelled, no supervisors; seats are free in the same block", (t) => {
  const noMatch = new Alone();
  noMatch.create();
  noMatch.seat(Role.ROLE_MINER, 0);
  noMatch.end(601n);
  t.is(noMatch.task.outcome, Outcome.OUTCOME_NO_MATCH);
  t.deepEqual(noMatch.paid.slice(1), [[CLIENT, 10_000_000n]], "fee less the burn, and the bond");
  t.is(noMatch.unlocked.length, 1);

  const cancelled = new Alone();
  cancelled.create();
  cancelled.group({ joined: false });
  cancelled.seat(Role.ROLE_MINER, 1);
  t.is(cancelled.send("MsgCancelTask", { client: CLIENT, taskId: 1n }), undefined);
  t.deepEqual(cancelled.paid.slice(1), [[address(11), 100_000n], [CLIENT, 9_900_000n]], "1 % of the fee to the one who joined");
  cancelled.end();
  t.is(cancelled.unlocked.length, 4);

  const silent = new Alone();
  silent.create();
  silent.agreed.filled = true;
  silent.end(2n);
  silent.group();
  silent.end();
  silent.pool += 30n;
  silent.keeper.addSlashed(silent.ctx, 1n, 30n);
  silent.keeper.endWithoutSupervisors(silent.ctx, 1n);
  t.like(silent.task, { outcome: Outcome.OUTCOME_NO_SUPERVISORS, slashedToPot: 0n, slashedBurned: 30n });
  t.deepEqual(silent.paid.slice(1), [["burn", 15n], ["burn", 15n], [CLIENT, 10_000_000n]], "slashed money never goes to the client");
});

test("who does not join is replaced; redraws are counted, and then the task ends", (t) => {
  const m = new Alone();
  m.create();
  m.agreed.filled = true;
  m.end(2n);
  m.group({ confirmed: false, drawnHeight: 11n });
  const absent = () => m.seat(Role.ROLE_SUPERVISOR, 1, { joined: false, drawnHeight: m.height - 1n });
  const late: bigint[] = [];
  for (absent(); m.task.phase === Phase.PHASE_INITIALISATION; ) {
    const from = m.height - 1n;
    const before = m.seats.length;
    while (m.seats.length === before) m.end();
    late.push(m.height - 1n - from);
    t.is(m.task.redraws, Math.min(late.length, 3));
    absent();
  }
  t.deepEqual(late, [20n, 20n, 20n, 20n], "the first draw and three redraws, join_blocks each");
  t.is(m.task.outcome, Outcome.OUTCOME_NO_SHOW);
});

test("pages of tasks, and the state of one: what it has not reached is absent", (t) => {
  const m = new Alone();
  for (let i = 0; i < 3; i++) m.create(i === 1 ? { client: address(2) } : {});
  m.send("MsgCancelTask", { client: CLIENT, taskId: 1n });
  const ids = (q: Partial<QueryTasksRequest>) => m.query("Tasks", QueryTasksRequest, QueryTasksResponse, QueryTasksRequest.create(q)).tasks.map((x) => x.id);
  t.deepEqual(ids({}), [1n, 2n, 3n]);
  t.deepEqual(ids({ startAfter: 1n, limit: 1 }), [2n]);
  t.deepEqual(ids({ openOnly: true, startAfter: 2n }), [3n]);
  t.deepEqual(ids({ client: CLIENT, limit: 2 }), [1n, 3n]);
  const state = m.query("TaskState", QueryTaskStateRequest, QueryTaskStateResponse, { id: 2n });
  t.like(state, { height: 10n, timeMs: 1_000n, lowestAnchoredRound: undefined });
  t.is(state.task?.spec?.topology, TOPOLOGY);
  t.like(t.throws(() => m.query("TaskState", QueryTaskStateRequest, QueryTaskStateResponse, { id: 9n })), { message: "task 9 not found: key not found", code: 22 });
});

test("export and init give the same store, byte for byte, at every point of the course", (t) => {
  const m = new Alone();
  const same = (): void => {
    const other = new Alone(m.export());
    t.deepEqual(other.dump, m.dump);
    t.deepEqual(other.export(), m.export());
    t.deepEqual(openIds.keys(other.ctx), openIds.keys(m.ctx));
  };
  same();
  for (let i = 0; i < 3; i++) m.create();
  m.send("MsgCancelTask", { client: CLIENT, taskId: 2n });
  same();
  m.agreed.filled = true;
  m.end(2n);
  m.group();
  m.end();
  m.keeper.noteAdvance(m.ctx, 1n);
  same();
  m.keeper.endWithoutSupervisors(m.ctx, 3n);
  Object.assign(m.agreed, { done: true, submitted: true, settled: true });
  for (let i = 0; i < 20; i++) {
    m.end();
    same();
  }
  m.send("MsgRevealTestSet", { client: CLIENT, taskId: 1n, key: KEY });
  same();
  Object.assign(m.agreed, { committed: true, revealed: true });
  m.end(3n);
  t.is(m.task.outcome, Outcome.OUTCOME_PAID);
  same();
});

test("genesis refuses by path what cannot be", (t) => {
  const m = new Alone();
  m.create();
  m.create();
  const good = m.export();
  const refused = (change: (g: typeof good) => void): string => {
    const g = structuredClone(good);
    change(g);
    return t.throws(() => new Alone(g))?.message ?? "";
  };
  const task = (change: object) => refused((g) => Object.assign(g.tasks[1] as object, change));
  t.regex(refused((g) => (g.next_id = "2")), /^app_state\.tasks\.tasks\[1\]\.id: got 2, want 1 to below next_id, which is 2$/);
  t.regex(task({ id: "1" }), /tasks\[1\]\.id: task 1 is there already$/);
  t.regex(task({ client: "pouw1x" }), /tasks\[1\]\.client: /);
  t.regex(task({ fee: "many" }), /tasks\[1\]\.fee: got "many"/);
  t.regex(task({ fees: "1" }), /tasks\[1\]\.fees: there is no such field/);
  t.regex(task({ phase: "PHASE_PAYOUT" }), /tasks\[1\]\.phase: got 7/);
  t.regex(task({ phase: "PHASE_TRAINING" }), /tasks\[1\]\.start_height: is missing in phase 3/);
  t.regex(task({ deadline: null }), /tasks\[1\]\.deadline: is missing in phase 1/);
  t.regex(task({ outcome: "OUTCOME_PAID" }), /tasks\[1\]\.outcome: /);
  t.regex(task({ test_key: "AA==" }), /tasks\[1\]\.test_key: is there before Evaluation/);
  t.regex(task({ burned: "10000001" }), /tasks\[1\]\.burned: got 10000001, want at most fee/);
  t.regex(task({ minted: "2000001" }), /tasks\[1\]\.minted: /);
  t.regex(task({ flop: "1" }), /tasks\[1\]\.flop: got 1, an iteration takes /);
  t.regex(task({ seat_stakes: ["1"] }), /tasks\[1\]\.seat_stakes: got 1, want miner, supervisor and evaluator/);
  t.regex(task({ spec: null }), /tasks\[1\]\.spec: is missing/);
  t.regex(refused((g) => Object.assign(g.tasks[1]?.spec as object, { batch_size: 0 })), /tasks\[1\]\.spec\.batch_size: got 0/);
  t.regex(refused((g) => Object.assign(g.tasks[1]?.spec as object, { test_set: null })), /tasks\[1\]\.spec\.test_set: is missing/);
  t.regex(refused((g) => (g.seat_unlocks = [{ height: "5", task_id: "1" }])), /^app_state\.tasks\.seat_unlocks\[0\]\.task_id: there is no closed task 1$/);
  t.regex(refused((g) => Object.assign(g.params, { miners_share: 1 })), /^app_state\.tasks\.params\.miners_share: the shares of miners, supervisors, evaluators and verifiers add up to 300001, want 1000000$/);
});

test("parameters: shares add up to the whole, groups are odd", (t) => {
  const fault = (change: Partial<typeof params.defaults>) => params.fault({ ...params.defaults, ...change });
  t.is(fault({}), undefined);
  t.regex(fault({ verifiersShare: 60_000 }) ?? "", /^miners_share: .* add up to 1010000/);
  t.regex(fault({ burnShare: 1_000_001 }) ?? "", /^burn_share: /);
  t.regex(fault({ joinBlocks: 0n }) ?? "", /^join_blocks: /);
  t.regex(fault({ maxRedraws: 101 }) ?? "", /^max_redraws: /);
  t.regex(fault({ maxParameters: (1n << 26n) + 1n }) ?? "", /^max_parameters: /);
  t.regex(fault({ maxSlots: 1025 }) ?? "", /^max_slots: /);
  t.regex(fault({ maxSupervisors: 4 }) ?? "", /^max_supervisors: got 4, want an odd number/);
  t.regex(fault({ minEvaluators: 33 }) ?? "", /^min_evaluators: /);
  t.regex(fault({ minEvaluators: 5, maxEvaluators: 3 }) ?? "", /^min_evaluators: got 5, want at most max_evaluators, which is 3/);
});
