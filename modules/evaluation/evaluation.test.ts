/** The module alone, its neighbours played by the test: messages in their step, ranking, who is paid what, genesis. */
import test from "ava";
import type { BlockInfo } from "#kernel/context.js";
import { makeEnvironment } from "#kernel/environment.js";
import { nodeCrypto } from "#platform/crypto.js";
import type { SlotScore } from "#proto/gen/pouw/evaluation/v1/types.js";
import { QueryTaskResultRequest, QueryTaskResultResponse } from "#proto/gen/pouw/evaluation/v1/query.js";
import { EvaluationStep, Phase, Task as WireTask } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { WorkTotals } from "#proto/gen/pouw/work/v1/types.js";
import { scoreCommit } from "#protocol/tasks/scores.js";
import { TestContext } from "#test/chain/context.js";
import { Branch, Heights } from "#test/chain/state.js";
import { TERMS } from "#test/chain/terms.js";
import { evaluation } from "./index.js";
import type { EvaluationPorts, Seat, Slot, Task } from "./types.js";

const environment = makeEnvironment(nodeCrypto, "pouw");
const address = (n: number): string => environment.addresses.format(new Uint8Array(20).fill(n));
const [CLIENT, M0, M1, S0, S1, E0, E1, E2, V0, V1] = Array.from({ length: 10 }, (_, i) => address(i + 1)) as [string, string, string, string, string, string, string, string, string, string];
const SALT = new Uint8Array(32).fill(5);
const scores = (...list: bigint[]): SlotScore[] => list.map((score, slot) => ({ slot, score }));
const commitment = (evaluator: string, given: SlotScore[]) => scoreCommit(nodeCrypto, { taskId: 1n, address: environment.addresses.parse(evaluator), salt: SALT, scores: given });

type Closing = Parameters<EvaluationPorts["tasks"]["close"]>[2];

class Alone {
  readonly state = new Branch(new Heights().latest());
  task: Task & { phase: Phase } = { id: 1n, client: CLIENT, spec: { slots: 2 }, phase: Phase.PHASE_SUBMISSION, fee: 99_991n, burned: 19_998n, bond: 20_000n, slashedToPot: 0n, flop: 10n, testKey: new Uint8Array(32), terms: TERMS };
  seats: Seat[] = ([[Role.ROLE_MINER, [M0, M1]], [Role.ROLE_SUPERVISOR, [S0, S1]], [Role.ROLE_EVALUATOR, [E0, E1, E2]]] as const).flatMap(([role, workers]) =>
    workers.map((worker, index) => ({ taskId: 1n, role, index, worker, dropped: false })),
  );
  slots: Slot[] = [0, 1].map((slot) => ({ slot, state: { kind: "open" as const }, finalSeq: 4n }));
  closing: Closing | undefined;
  readonly slashed: [worker: string, ppm: number][] = [];
  readonly lazy = new Set<number>();
  readonly ctx: TestContext;
  readonly ports: EvaluationPorts = {
    tasks: {
      get: (_, id) => (id === 1n ? this.task : undefined),
      must: () => this.task,
      open: () => (this.task.phase === Phase.PHASE_CLOSED ? [] : [this.task]),
      wire: (_, id) => (id === 1n ? WireTask.create({ id }) : undefined),
      close: (_, __, closing) => {
        this.closing = closing;
        this.task = { ...this.task, phase: Phase.PHASE_CLOSED };
      },
    },
    matching: { seats: (_, __, role) => this.seats.filter((s) => role === undefined || s.role === role), slash: (_, s, ppm) => (this.slashed.push([s.worker, ppm]), 0n) },
    supervision: {
      slots: () => this.slots,
      dutyDone: (_, __, index) => !this.lazy.has(index),
      verifiedIterations: (_, __, i) => (this.slots[i]?.state.kind === "fault" ? 0n : (this.slots[i]?.finalSeq ?? 0n)),
      wire: () => [],
    },
    work: { agreeing: () => new Map([[V0, 3n], [V1, 1n]]), totals: () => WorkTotals.create({ claimsAccepted: 4n }) },
  };
  readonly faces = evaluation.create(this.ports);
  readonly keeper = this.faces.keeper;

  constructor(genesis?: unknown, of?: Alone) {
    const block: BlockInfo = {
      chainId: "test", height: 10n, timeMs: 1_000n, timeNs: 1_000_000_000n, proposer: new Uint8Array(20), lastCommit: { round: 0, votes: [] },
      misbehaviour: [], beaconSignature: new Uint8Array(0), extensions: [],
    };
    if (of) this.task = of.task;
    this.ctx = new TestContext(environment, block, this.state);
    this.faces.genesis?.init(this.ctx, genesis);
  }
  send(type: string, message: object): string | undefined {
    const handler = this.faces.messages?.find((h) => h.typeUrl === `/pouw.evaluation.v1.${type}`);
    if (!handler) throw new Error(`no ${type}`);
    try {
      handler.run(this.ctx, message);
      return undefined;
    } catch (e) {
      const { codespace, code } = e as { codespace: string; code: number };
      return `${codespace}/${code}`;
    }
  }
  submit = (miner: string, slot: number, ...clock: bigint[]) => this.send("MsgSubmitModel", { miner, taskId: 1n, slot, clock });
  commit = (evaluator: string, given: SlotScore[]) => this.send("MsgCommitScores", { evaluator, taskId: 1n, commitment: commitment(evaluator, given) });
  reveal = (evaluator: string, given: SlotScore[], salt = SALT) => this.send("MsgRevealScores", { evaluator, taskId: 1n, salt, scores: given });
  enter(evaluationStep: EvaluationStep): this {
    this.keeper.fillSubmissions(this.ctx, 1n);
    this.task = { ...this.task, phase: Phase.PHASE_EVALUATION, evaluationStep };
    return this;
  }
  /** These evaluators commit and reveal, and the task is paid. */
  scored(by: Readonly<Record<string, SlotScore[]>>): this {
    this.enter(EvaluationStep.EVALUATION_STEP_COMMIT);
    for (const [who, given] of Object.entries(by)) this.commit(who, given);
    this.enter(EvaluationStep.EVALUATION_STEP_REVEAL);
    for (const [who, given] of Object.entries(by)) this.reveal(who, given);
    this.keeper.pay(this.ctx, 1n, { byWork: false });
    return this;
  }
  get result() {
    const handler = this.faces.queries?.find((h) => h.method.name === "TaskResult");
    if (!handler) throw new Error("no TaskResult");
    return QueryTaskResultResponse.decode(handler.run(this.ctx, QueryTaskResultRequest.encode({ id: 1n })));
  }
  paid = (what: string): bigint[] => this.result.payouts.filter((p) => p.what === what).map((p) => p.amount);
  get dump(): string[] {
    return [...this.ctx.store("evaluation").iterate()].map(([k, v]) => `${Buffer.from(k).toString("hex")}=${Buffer.from(v).toString("hex")}`);
  }
  export(): { params: object; tasks: { submissions: object[]; reveals: object[]; payouts: object[]; scores: object[] }[] } {
    return JSON.parse(JSON.stringify(this.faces.genesis?.export(this.ctx))) as never;
  }
}

test("a miner names a clock of its own slot, in Submission; who does not stands for all that is anchored", (t) => {
  const m = new Alone();
  t.is(m.send("MsgSubmitModel", { miner: M0, taskId: 2n, slot: 0, clock: [] }), "evaluation/2");
  t.is(m.submit(M0, 1, 1n, 1n), "evaluation/4");
  t.is(m.submit(M0, 0, 1n), "evaluation/5");
  t.is(m.submit(M0, 0, 5n, 1n), "evaluation/5", "above what is anchored");
  t.is(m.submit(M0, 0, 3n, 4n), undefined);
  t.is(m.submit(M0, 0, 3n, 3n), undefined, "again, which replaces it");
  t.false(m.keeper.allSubmitted(m.ctx, 1n));
  m.slots = m.slots.map((s) => (s.slot === 1 ? { ...s, state: { kind: "fault" } } : s));
  t.true(m.keeper.allSubmitted(m.ctx, 1n), "nobody waits for a convicted one");
  m.keeper.fillSubmissions(m.ctx, 1n);
  t.deepEqual(m.keeper.submissions(m.ctx, 1n), [{ slot: 0, clock: [3n, 3n], byDefault: false }, { slot: 1, clock: [4n, 4n], byDefault: true }]);
  t.is(m.keeper.distinctClocks(m.ctx, 1n), 2n);
  m.enter(EvaluationStep.EVALUATION_STEP_KEY);
  t.is(m.submit(M0, 0, 3n, 4n), "evaluation/3");
});

test("commitments and reveals: only the drawn, once, in their step, of what was committed", (t) => {
  const m = new Alone().enter(EvaluationStep.EVALUATION_STEP_COMMIT);
  const want = scores(1n, -9_223_372_036_854_775_808n);
  t.is(m.commit(M0, want), "evaluation/6");
  t.is(m.send("MsgCommitScores", { evaluator: E0, taskId: 1n, commitment: new Uint8Array(31) }), "evaluation/7");
  t.is(m.commit(E0, want), undefined);
  t.is(m.commit(E0, want), "evaluation/8");
  t.is(m.reveal(E0, want), "evaluation/3");
  t.is(m.commit(E1, []), undefined);
  t.false(m.keeper.allCommitted(m.ctx, 1n));
  m.keeper.slashAbsent(m.ctx, 1n, "commit");
  m.enter(EvaluationStep.EVALUATION_STEP_REVEAL);
  t.is(m.commit(E2, want), "evaluation/3");
  t.is(m.reveal(E2, want), "evaluation/9");
  t.is(m.reveal(E0, scores(1n)), "evaluation/12");
  t.is(m.reveal(E0, scores(1n, 2n)), "evaluation/11");
  t.is(m.reveal(E0, want, new Uint8Array(31)), "evaluation/11");
  t.deepEqual(m.keeper.reveals(m.ctx, 1n).map((r) => [r.evaluator, r.revealed, r.salt.length]), [[E0, false, 0], [E1, false, 0]]);
  t.is(m.reveal(E0, want), undefined);
  t.is(m.reveal(E0, want), "evaluation/10");
  t.false(m.keeper.allRevealed(m.ctx, 1n));
  m.keeper.slashAbsent(m.ctx, 1n, "reveal");
  t.deepEqual(m.slashed, [[E2, 10_000], [E1, 500_000]]);
});

test("the pot is divided to the unit: floors, remainders to the client, the bond back; all in its order", (t) => {
  const m = new Alone().scored({ [E0]: scores(900_000n, 950_000n), [E1]: scores(900_000n, 950_000n), [E2]: scores(900_000n, 950_000n) });
  // the pot is 79,993: supervisors 11,998, evaluators 7,999, verifiers 3,999, miners 55,997, of it by rank 16,799 and by work 39,198
  const expected = [
    [M0, 19_599n + 5_599n], [M1, 19_599n + 11_199n], [S0, 5_999n], [S1, 5_999n], [E0, 2_666n], [E1, 2_666n], [E2, 2_666n], [V0, 2_999n], [V1, 999n],
  ] as const;
  t.deepEqual(m.closing?.payments, expected.map(([to, amount]) => ({ to, amount, ...(to === V0 || to === V1 ? { validator: true } : {}) })));
  t.like(m.closing, { burned: 0n, refunds: [3n, 20_000n], rankedByWork: false, best: { slot: 1, clock: [4n, 4n], score: 950_000n } });
  const spent = [...(m.closing?.payments ?? []).map((p) => p.amount), ...(m.closing?.refunds ?? [])].reduce((a, b) => a + b, 0n);
  t.is(spent, 99_991n - 19_998n + 20_000n);
  t.deepEqual(m.result.payouts.map((p) => [p.what, p.role, p.index]), [
    ["miner", 1, 0], ["miner", 1, 1], ["supervisor", 2, 0], ["supervisor", 2, 1], ["evaluator", 3, 0], ["evaluator", 3, 1], ["evaluator", 3, 2],
    ["verifier", 0, 0], ["verifier", 0, 0], ["client", 0, 0], ["bond", 0, 0],
  ]);
  t.deepEqual(m.result.scores, scores(900_000n, 950_000n));
  const { events } = m.ctx;
  t.deepEqual(events.slice(-12).map((e) => e.type), [...Array.from({ length: 11 }, () => "payout"), "task_paid"]);
  t.deepEqual(events.at(-1)?.attributes.map((a) => [a.key, a.value]), [["task", "1"], ["best_slot", "1"], ["ranked_by_work", "false"]]);
});

test("without a majority, or whatever was scored when it does not count, models rank by verified work", (t) => {
  const split = new Alone().scored({ [E0]: scores(1n, 1n), [E1]: scores(1n, 2n), [E2]: scores(1n, 3n) });
  t.like(split.closing, { rankedByWork: true, best: { slot: 0, score: undefined } });
  t.deepEqual(split.result.scores, []);
  t.is(split.paid("evaluator").length, 3, "who revealed is paid");

  const hidden = new Alone();
  hidden.task = { ...hidden.task, testKey: undefined };
  hidden.enter(EvaluationStep.EVALUATION_STEP_KEY).keeper.pay(hidden.ctx, 1n, { byWork: true });
  t.true(hidden.closing?.rankedByWork);
  t.deepEqual(hidden.paid("bond"), [], "it is the miners'");
  t.is(hidden.paid("miner")[0], hidden.paid("miner")[1]);

  const unusable = new Alone().scored({ [E0]: [], [E1]: [], [E2]: scores(1n, 2n) });
  t.true(unusable.closing?.rankedByWork);
  t.deepEqual(unusable.paid("bond"), []);
});

test("a fault takes rank and pay, and slashed money that nobody earned is burned", (t) => {
  const m = new Alone();
  m.task = { ...m.task, slashedToPot: 1_000n };
  m.slots = m.slots.map((s) => ({ ...s, state: { kind: "fault" } }));
  m.lazy.add(1);
  m.scored({});
  t.is(m.closing?.best, undefined);
  t.deepEqual(m.closing?.payments.map((p) => p.to), [S0, V0, V1]);
  t.is(m.closing?.burned, 1_000n);
  t.deepEqual(m.ctx.events.at(-1)?.attributes.map((a) => a.value), ["1", "-1", "false"]);
});

test("export and init give the same store, byte for byte", (t) => {
  const m = new Alone();
  const same = (): void => {
    const other = new Alone(m.export(), m);
    t.deepEqual(other.dump, m.dump);
    t.deepEqual(other.export(), m.export());
  };
  same();
  m.submit(M0, 0, 3n, 3n);
  same();
  m.enter(EvaluationStep.EVALUATION_STEP_COMMIT);
  m.commit(E0, scores(1n, 2n));
  m.commit(E1, []);
  same();
  m.enter(EvaluationStep.EVALUATION_STEP_REVEAL);
  m.reveal(E0, scores(1n, 2n));
  m.reveal(E1, []);
  same();
  m.keeper.pay(m.ctx, 1n, { byWork: false });
  same();
});

test("genesis refuses by path what cannot be", (t) => {
  const m = new Alone().scored({ [E0]: scores(1n, 2n), [E1]: scores(1n, 2n) });
  const good = m.export();
  const refused = (change: (records: (typeof good)["tasks"][number], g: typeof good) => void): string => {
    const g = structuredClone(good);
    change(g.tasks[0] as (typeof good)["tasks"][number], g);
    return t.throws(() => new Alone(g, m))?.message ?? "";
  };
  const change = (list: object[], i: number, to: object) => Object.assign(list[i] as object, to);
  const at = "^app_state\\.evaluation\\.tasks\\[0\\]\\.";
  const fits = (message: string, rest: string) => t.regex(message, new RegExp(at + rest));
  fits(refused((r) => Object.assign(r, { task_id: "2" })), "task_id: there is no task 2$");
  t.regex(refused((r, g) => g.tasks.push(r)), /tasks\[1\]\.task_id: task 1 has records already$/);
  fits(refused((r) => change(r.submissions, 1, { slot: 0 })), "submissions\\[1\\]\\.slot: slot 0 has a submission already$");
  fits(refused((r) => change(r.submissions, 1, { slot: 2 })), "submissions\\[1\\]\\.slot: got 2, want below 2$");
  fits(refused((r) => change(r.submissions, 0, { clock: ["1"] })), "submissions\\[0\\]\\.clock: got 1 entries, want 2$");
  fits(refused((r) => change(r.reveals, 0, { evaluator: M0 })), "reveals\\[0\\]\\.evaluator: .* has no seat as an evaluator");
  fits(refused((r) => change(r.reveals, 1, { evaluator: E0 })), "reveals\\[1\\]\\.evaluator: .* has committed already$");
  fits(refused((r) => change(r.reveals, 1, { revealed: false })), "reveals\\[1\\]\\.revealed: is false");
  fits(refused((r) => change(r.reveals, 1, { scores: [{ slot: 1, score: "1" }] })), "reveals\\[1\\]\\.scores: got slots 1, want 0,1$");
  fits(refused((r) => change(r.reveals, 1, { scores: [] })), "reveals\\[1\\]\\.commitment: ");
  fits(refused((r) => change(r.payouts, 3, { what: "bounty" })), 'payouts\\[3\\]\\.what: got "bounty"');
  fits(refused((r) => change(r.payouts, 3, { address: "nobody" })), "payouts\\[3\\]\\.address: ");
  fits(refused((r) => change(r.payouts, 3, { amount: "0" })), "payouts\\[3\\]\\.amount: got 0");
  fits(refused((r) => change(r.scores, 1, { slot: 0 })), "scores\\[1\\]\\.slot: slot 0 has a score already$");
  t.regex(refused((_, g) => Object.assign(g.params, { rank_share: 1_000_001 })), /^app_state\.evaluation\.params\.rank_share: /);
});

test("a task that is over without every slot's model is a broken invariant", (t) => {
  const m = new Alone();
  const check = m.faces.invariants?.["every slot stands for a model once Submission is over"];
  t.is(check?.(m.ctx), undefined);
  m.task = { ...m.task, phase: Phase.PHASE_SETTLING };
  t.is(check?.(m.ctx), "task 1 has 0 submissions of 2 slots");
});
