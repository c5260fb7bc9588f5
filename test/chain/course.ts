/** Workers of a test chain and the course of a task: what honest daemons would send, step by step. */
import { oneGroup } from "#engine/quanta.js";
import { utf8 } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";
import type { Keepers } from "#app/assemble.js";
import { MsgCommitScores, MsgRevealScores, MsgSubmitModel } from "#proto/gen/pouw/evaluation/v1/tx.js";
import type { SlotScore } from "#proto/gen/pouw/evaluation/v1/types.js";
import { MsgJoinTask } from "#proto/gen/pouw/matching/v1/tx.js";
import { MsgAnchorLog, MsgConfirmData } from "#proto/gen/pouw/supervision/v1/tx.js";
import { MsgCreateTask, MsgRevealTestSet } from "#proto/gen/pouw/tasks/v1/tx.js";
import { EvaluationStep, Loss, Phase, TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role, type VerdictCode } from "#proto/gen/pouw/v1/types.js";
import type { MsgSubmitWork } from "#proto/gen/pouw/work/v1/tx.js";
import { MsgRegisterWorker } from "#proto/gen/pouw/workers/v1/tx.js";
import { bitsOf } from "#protocol/floats.js";
import { testKeyHash } from "#protocol/hash.js";
import { cidOf } from "#protocol/tasks/cid.js";
import { EXACT_PROFILE } from "#protocol/tasks/profiles.js";
import { scoreCommit } from "#protocol/tasks/scores.js";
import { coin, type TestChain, type Verdicts } from "./chain.js";
import { type Signer, signerOf } from "./keys.js";
import { SlotLog } from "./slot-log.js";

type Task = ReturnType<Keepers["tasks"]["must"]>;
type Seat = NonNullable<ReturnType<Keepers["matching"]["seat"]>>;
type Slot = NonNullable<ReturnType<Keepers["supervision"]["slot"]>>;

const TOPOLOGY = JSON.stringify({
  class_name: "Sequential",
  config: { name: "m", layers: [{ class_name: "Dense", config: { name: "a", units: 32, activation: "relu", batch_input_shape: [null, 64] } }, { class_name: "Dense", config: { name: "b", units: 10, activation: "softmax" } }] },
});
export const TEST_KEY = new Uint8Array(32).fill(7);

export function spec(hash: Hash, change: Partial<TaskSpec> = {}): TaskSpec {
  const cid = cidOf(hash, Uint8Array.of(1));
  return TaskSpec.create({
    topology: TOPOLOGY, loss: Loss.LOSS_SOFTMAX_CROSS_ENTROPY, batchSize: 20, epochs: 1, batches: 8, slots: 2, lrBits: bitsOf(0.1), quanta: oneGroup({ tensors: [0, 1, 2, 3] }, -8),
    trainingBlocks: 60n, dataBlocks: 8n, iterationBlocks: 1n, manifestCid: cid, properties: [100, 0, 50, 0, 0, 80, 0, 0],
    testSet: { cid, plaintextHash: new Uint8Array(32), keyHash: testKeyHash(hash, TEST_KEY), rows: 297 }, ...change,
  });
}

export const MINERS = ["m0", "m1", "m2"];
export const SUPERVISORS = ["s0", "s1", "s2", "s3"];
export const EVALUATORS = ["e0", "e1", "e2"];
export const FUNDS: Readonly<Record<string, bigint>> = Object.fromEntries([...MINERS, ...SUPERVISORS, ...EVALUATORS, "client", "stranger"].map((n) => [n, 1_000_000n]));

export const registration = (c: TestChain, name: string, role: Role, stake: bigint, change: Partial<MsgRegisterWorker> = {}): MsgRegisterWorker =>
  MsgRegisterWorker.create({ worker: c.address(name), roles: [role], profiles: [EXACT_PROFILE], memory: 1n << 34n, maxSeats: 1, stake: coin(stake), ...change });

/** Registers workers with one stake each. */
export function enlist(c: TestChain, stake = 100_000n, change: Partial<MsgRegisterWorker> = {}): void {
  c.block(() => {
    for (const [names, role] of [[MINERS, Role.ROLE_MINER], [SUPERVISORS, Role.ROLE_SUPERVISOR], [EVALUATORS, Role.ROLE_EVALUATOR]] as const) {
      for (const n of names) c.must(MsgRegisterWorker, registration(c, n, role, stake, change));
    }
  });
}

export class Course {
  readonly logs: SlotLog[] = [];

  constructor(
    readonly c: TestChain,
    readonly id: bigint,
  ) {}

  /** Submits a task of "client" in a block of its own. */
  static submit(c: TestChain, change: Partial<TaskSpec> = {}, fee = 100_000n, bond = 20_000n): Course {
    const before = c.k.tasks.open(c.ctx).map((t) => t.id);
    c.block(() => c.must(MsgCreateTask, { client: c.address("client"), spec: spec(c.environment.crypto, change), fee: coin(fee), bond: coin(bond) }));
    const made = c.k.tasks.open(c.ctx).find((t) => !before.includes(t.id));
    if (!made) throw new Error("no task was made");
    return new Course(c, made.id);
  }

  /** The same course on another chain, which an export of this one began. */
  on(c: TestChain): Course {
    const course = new Course(c, this.id);
    course.logs.push(...this.logs);
    return course;
  }

  get task(): Task {
    return this.c.k.tasks.must(this.c.ctx, this.id);
  }
  /** Last block of the phase that the task is in. */
  get deadline(): bigint {
    const { phase, deadline } = this.task;
    if (deadline === undefined) throw new Error(`phase ${phase} has no deadline`);
    return deadline;
  }
  /** The block in which Training began. */
  get start(): bigint {
    const { phase, training } = this.task;
    if (!training) throw new Error(`Training has not begun in phase ${phase}`);
    return training.start;
  }
  seats(role?: Role): readonly Seat[] {
    return this.c.k.matching.seats(this.c.ctx, this.id, role);
  }
  seat(role: Role, index: number): Seat {
    const s = this.c.k.matching.seat(this.c.ctx, this.id, role, index);
    if (!s) throw new Error(`no seat ${role}/${index}`);
    return s;
  }
  slot(i: number): Slot {
    const s = this.c.k.supervision.slot(this.c.ctx, this.id, i);
    if (!s) throw new Error(`no slot ${i}`);
    return s;
  }
  /** Sequence number of the anchored head, 0 before any. */
  headSeq(slot: number): bigint {
    return this.slot(slot).head?.seq ?? 0n;
  }
  keyOf(worker: string): Signer {
    return signerOf(this.c.environment.crypto, `session of ${worker}`);
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
    for (const worker of workers) this.c.must(MsgJoinTask, { worker, taskId: this.id, sessionKey: this.keyOf(worker).key, endpoint: "127.0.0.1:4000" });
  }
  confirm(supervisors: readonly string[] = this.workers(Role.ROLE_SUPERVISOR)): void {
    for (const supervisor of supervisors) this.c.must(MsgConfirmData, { supervisor, taskId: this.id });
  }
  /** Training has begun, everybody joined. */
  training(): this {
    this.drawn();
    this.c.block(() => (this.join(), this.confirm()));
    this.mustBeIn(Phase.PHASE_TRAINING);
    const { environment, chainId } = this.c;
    this.seats(Role.ROLE_MINER).forEach((s, slot) => (this.logs[slot] = new SlotLog({ hash: environment.crypto, chainId, taskId: this.id, slot, keys: this.keyOf(s.worker) })));
    return this;
  }
  log(slot: number): SlotLog {
    return this.logs[slot] as SlotLog;
  }
  /** In a block: these supervisors attest these heads (slot → seq). */
  anchor(heads: Readonly<Record<number, number>> = {}, supervisors = this.workers(Role.ROLE_SUPERVISOR)): void {
    const list = Object.entries(heads).map(([slot, seq]) => this.log(Number(slot)).head(seq));
    for (const supervisor of supervisors) this.c.must(MsgAnchorLog, { supervisor, taskId: this.id, heads: list, seen: [] });
  }
  last(slot: number): number {
    return Number(this.slot(slot).positions);
  }
  /** Anchors every slot's last position in one block: Training ends with it. */
  trained(): this {
    this.c.block(() => this.anchor(Object.fromEntries(this.logs.map((_, i) => [i, this.last(i)]))));
    return this;
  }
  submitModel(slot: number, clock: readonly bigint[], miner = this.seat(Role.ROLE_MINER, slot).worker): string | undefined {
    return this.c.send(MsgSubmitModel, { miner, taskId: this.id, slot, clock: [...clock] });
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
  claim(slot: number, seq: number, head: number): Partial<MsgSubmitWork> {
    const log = this.log(slot);
    return { miner: this.seat(Role.ROLE_MINER, slot).worker, taskId: this.id, slot, header: log.bytes(seq), headHeader: log.bytes(head), proof: log.proof(seq, head) };
  }
  reveal(client = this.c.address("client"), key = TEST_KEY): string | undefined {
    return this.c.send(MsgRevealTestSet, { client, taskId: this.id, key });
  }
  /** Evaluation, key revealed, evaluators drawn. */
  opened(): this {
    this.settle(Phase.PHASE_EVALUATION);
    this.c.block(() => this.reveal());
    this.c.until(() => this.task.evaluationStep === EvaluationStep.EVALUATION_STEP_COMMIT, 3);
    return this;
  }
  salt(worker: string): Uint8Array {
    return this.c.environment.crypto.sha256(utf8(`salt of ${worker}`));
  }
  commitScores(worker: string, scores: readonly SlotScore[]): string | undefined {
    const { crypto, addresses } = this.c.environment;
    const commitment = scoreCommit(crypto, { taskId: this.id, address: addresses.parse(worker), salt: this.salt(worker), scores });
    return this.c.send(MsgCommitScores, { evaluator: worker, taskId: this.id, commitment });
  }
  revealScores(worker: string, scores: readonly SlotScore[]): string | undefined {
    return this.c.send(MsgRevealScores, { evaluator: worker, taskId: this.id, salt: this.salt(worker), scores: [...scores] });
  }
  /** All evaluators find these scores, slots ascending; ends with Payout. */
  scored(...scores: bigint[]): this {
    this.opened();
    const list = scores.map((score, slot) => ({ slot, score }));
    this.c.block(() => this.workers(Role.ROLE_EVALUATOR).forEach((w) => this.commitScores(w, list)));
    this.c.block(() => this.workers(Role.ROLE_EVALUATOR).forEach((w) => this.revealScores(w, list)));
    this.mustBeIn(Phase.PHASE_CLOSED);
    return this;
  }
  private mustBeIn(phase: Phase): void {
    if (this.task.phase !== phase) throw new Error(`phase ${this.task.phase}, want ${phase}`);
  }
}
