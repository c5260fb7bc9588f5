/** Workers of a test chain and the course of a task: what honest daemons would send, step by step. */
import { utf8 } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Loss, MsgCreateTask, MsgRegisterWorker, Phase, Role, type Seat, type SlotScore, type Task, TaskSpec, type VerdictCode } from "#proto/gen/pouw.js";
import { cidOf } from "#protocol/tasks/cid.js";
import { bitsOf } from "#protocol/floats.js";
import { testKeyHash } from "#protocol/hash.js";
import { scoreCommit } from "#protocol/tasks/scores.js";
import { EXACT_PROFILE } from "#protocol/tasks/task-spec.js";
import { address, addresses, coin, type TestChain, type Verdicts } from "./chain.js";
import { type Signer, signer, SlotLog } from "./world.js";

const TOPOLOGY = JSON.stringify({
  class_name: "Sequential",
  config: { name: "m", layers: [{ class_name: "Dense", config: { name: "a", units: 32, activation: "relu", batch_input_shape: [null, 64] } }, { class_name: "Dense", config: { name: "b", units: 10, activation: "softmax" } }] },
});
export const TEST_KEY = new Uint8Array(32).fill(7);
/** F of the tests' task: 6 × multiply-accumulates of 20 rows through 64-32-10 */
export const FLOP = 6n * 20n * (64n * 32n + 320n);

export function spec(change: Partial<TaskSpec> = {}): TaskSpec {
  const cid = cidOf(nodeCrypto, Uint8Array.of(1));
  return TaskSpec.create({
    topology: TOPOLOGY, loss: Loss.LOSS_SOFTMAX_CROSS_ENTROPY, batchSize: 20, epochs: 1, batches: 8, slots: 2, lrBits: bitsOf(0.1), quantumLog2: -8,
    trainingBlocks: 60n, dataBlocks: 8n, iterationBlocks: 1n, manifestCid: cid, properties: [100, 0, 50, 0, 0, 80, 0, 0],
    testSet: { cid, plaintextHash: new Uint8Array(32), keyHash: testKeyHash(nodeCrypto, TEST_KEY), rows: 297 }, ...change,
  });
}

export const registration = (name: string, role: Role, stake: bigint, change: Partial<MsgRegisterWorker> = {}): MsgRegisterWorker =>
  MsgRegisterWorker.create({ worker: address(name), roles: [role], profiles: [EXACT_PROFILE], memory: 1n << 34n, maxSeats: 1, stake: coin(stake), ...change });

export const MINERS = ["m0", "m1", "m2"];
export const SUPERVISORS = ["s0", "s1", "s2", "s3"];
export const EVALUATORS = ["e0", "e1", "e2"];
export const FUNDS: Readonly<Record<string, bigint>> = Object.fromEntries([...MINERS, ...SUPERVISORS, ...EVALUATORS, "client", "stranger"].map((n) => [n, 1_000_000n]));

/** Registers workers with one stake each. */
export function enlist(c: TestChain, stake = 100_000n, change: Partial<MsgRegisterWorker> = {}): void {
  c.block(() => {
    for (const [names, role] of [[MINERS, Role.ROLE_MINER], [SUPERVISORS, Role.ROLE_SUPERVISOR], [EVALUATORS, Role.ROLE_EVALUATOR]] as const) {
      for (const n of names) c.must("MsgRegisterWorker", registration(n, role, stake, change));
    }
  });
}

export class Course {
  readonly keys = new Map<string, Signer>();
  readonly logs: SlotLog[] = [];
  constructor(
    readonly c: TestChain,
    readonly id: bigint,
  ) {}

  /** Submits a task of "client" in a block of its own. */
  static submit(c: TestChain, change: Partial<TaskSpec> = {}, fee = 100_000n, bond = 20_000n): Course {
    const before = c.k.tasks.open(c.ctx).map((t) => t.id);
    c.block(() => c.must("MsgCreateTask", MsgCreateTask.create({ client: address("client"), spec: spec(change), fee: coin(fee), bond: coin(bond) })));
    const made = c.k.tasks.open(c.ctx).find((t) => !before.includes(t.id));
    if (!made) throw new Error("no task was made");
    return new Course(c, made.id);
  }

  get task(): Task {
    return this.c.k.tasks.must(this.c.ctx, this.id);
  }
  seats(role?: Role): Seat[] {
    return this.c.k.seats.seats(this.c.ctx, this.id, role);
  }
  seat(role: Role, index: number): Seat {
    const s = this.c.k.seats.seat(this.c.ctx, this.id, role, index);
    if (!s) throw new Error(`no seat ${role}/${index}`);
    return s;
  }
  slot(i: number) {
    const s = this.c.k.slots.slot(this.c.ctx, this.id, i);
    if (!s?.head) throw new Error(`no slot ${i}`);
    return { ...s, head: s.head };
  }
  keyOf(worker: string): Signer {
    let key = this.keys.get(worker);
    if (!key) this.keys.set(worker, (key = signer()));
    return key;
  }
  workers(role?: Role): string[] {
    return [...new Set(this.seats(role).map((s) => s.worker))];
  }

  drawn(): this {
    this.c.until(() => this.task.phase !== Phase.PHASE_REGISTRATION, 3);
    return this;
  }
  /** Messages of one block: who joins, and which supervisors confirm. */
  join(workers: readonly string[] = this.workers()): void {
    for (const worker of workers) this.c.must("MsgJoinTask", { worker, taskId: this.id, sessionKey: this.keyOf(worker).key, endpoint: "127.0.0.1:4000" });
  }
  confirm(supervisors: readonly string[] = this.workers(Role.ROLE_SUPERVISOR)): void {
    for (const supervisor of supervisors) this.c.must("MsgConfirmData", { supervisor, taskId: this.id });
  }
  /** Training has begun, everybody joined. */
  training(): this {
    this.drawn();
    this.c.block(() => (this.join(), this.confirm()));
    if (this.task.phase !== Phase.PHASE_TRAINING) throw new Error(`phase ${this.task.phase}`);
    this.seats(Role.ROLE_MINER).forEach((s, i) => (this.logs[i] = new SlotLog(i, this.keyOf(s.worker), 0, this.id)));
    return this;
  }
  log(slot: number): SlotLog {
    return this.logs[slot] as SlotLog;
  }
  fork(slot: number, salt: number): SlotLog {
    return new SlotLog(slot, this.log(slot).keys, salt, this.id);
  }
  /** In a block: these supervisors attest these heads (slot → seq). */
  anchor(heads: Readonly<Record<number, number>> = {}, supervisors = this.workers(Role.ROLE_SUPERVISOR)): void {
    const list = Object.entries(heads).map(([slot, seq]) => this.log(Number(slot)).head(seq));
    for (const supervisor of supervisors) this.c.must("MsgAnchorLog", { supervisor, taskId: this.id, heads: list, seen: [] });
  }
  last(slot: number): number {
    return Number(this.slot(slot).positions);
  }
  /** Anchors every slot's last position in one block: Training ends with it. */
  trained(): this {
    this.c.block(() => this.anchor(Object.fromEntries(this.logs.map((_, i) => [i, this.last(i)]))));
    return this;
  }
  /** Every validator's verdict on all jobs that are open, one code each. */
  verdicts(code: VerdictCode, validators = this.c.validators.map((_, i) => i)): Verdicts {
    const jobs = this.c.k.work.openJobs(this.c.ctx).filter((j) => j.taskId === this.id).map((j) => [j.id, code] as const);
    return jobs.length === 0 ? {} : Object.fromEntries(validators.map((v) => [v, jobs]));
  }
  /** Blocks until a phase, all jobs judged alike on the way. */
  settle(to: Phase, code: VerdictCode = 1): this {
    for (let i = 0; this.task.phase < to; i++) {
      if (i > 100) throw new Error(`phase ${this.task.phase} after 100 blocks`);
      this.c.block(() => {}, this.verdicts(code));
    }
    return this;
  }
  claim(slot: number, seq: number, head: number): object {
    return { miner: this.seat(Role.ROLE_MINER, slot).worker, taskId: this.id, slot, header: this.log(slot).bytes(seq), headHeader: this.log(slot).bytes(head), proof: this.log(slot).proof(seq, head) };
  }
  reveal(): string | undefined {
    return this.c.send("MsgRevealTestSet", { client: address("client"), taskId: this.id, key: TEST_KEY });
  }
  /** Evaluation, key revealed, evaluators drawn. */
  opened(): this {
    this.settle(Phase.PHASE_EVALUATION);
    this.c.block(() => this.reveal());
    this.c.until(() => this.task.evaluationStep === 2n, 3);
    return this;
  }
  salt(worker: string): Uint8Array {
    return nodeCrypto.sha256(utf8(`salt of ${worker}`));
  }
  commitScores(worker: string, scores: readonly SlotScore[]): string | undefined {
    const commitment = scoreCommit(nodeCrypto, { taskId: this.id, address: addresses.parse(worker), salt: this.salt(worker), scores });
    return this.c.send("MsgCommitScores", { evaluator: worker, taskId: this.id, commitment });
  }
  revealScores(worker: string, scores: readonly SlotScore[]): string | undefined {
    return this.c.send("MsgRevealScores", { evaluator: worker, taskId: this.id, salt: this.salt(worker), scores });
  }
  /** All evaluators find these scores, slots ascending; ends with Payout. */
  scored(...scores: bigint[]): this {
    this.opened();
    const list = scores.map((score, slot) => ({ slot, score }));
    this.c.block(() => this.workers(Role.ROLE_EVALUATOR).forEach((w) => this.commitScores(w, list)));
    this.c.block(() => this.workers(Role.ROLE_EVALUATOR).forEach((w) => this.revealScores(w, list)));
    if (this.task.phase !== Phase.PHASE_CLOSED) throw new Error(`phase ${this.task.phase}`);
    return this;
  }
}
