/** What `work` needs of other modules, and what it offers. Ports are read at call time. */
import type { Context } from "#kernel/context.js";
import type { HasStore } from "#kernel/store.js";
import type { AnchoredHead, Job, Params, Role, Seat, Slot, Task, Validator, VerdictCode, WorkTotals } from "#proto/gen/pouw.js";

export interface WorkPorts {
  readonly params: { get(ctx: HasStore): Params };
  readonly bank: {
    toPool(ctx: Context, from: string, pool: "work", amount: bigint): void;
    fromPool(ctx: Context, pool: "work", to: string, amount: bigint): void;
    poolBalance(ctx: HasStore, pool: "work"): bigint;
    mint(ctx: Context, pool: "work", amount: bigint): void;
    burn(ctx: Context, pool: "work", amount: bigint): void;
  };
  readonly validators: { byConsensusAddress(ctx: HasStore, address: Uint8Array): Validator | undefined };
  readonly beacon: { at(ctx: HasStore, height: bigint): Uint8Array | undefined };
  readonly tasks: {
    get(ctx: HasStore, id: bigint): Task | undefined;
    must(ctx: HasStore, id: bigint): Task;
    set(ctx: Context, t: Task): void;
    open(ctx: HasStore): Task[];
  };
  readonly seats: {
    seat(ctx: HasStore, taskId: bigint, role: Role, index: number): Seat | undefined;
    slash(ctx: Context, s: Seat, ppm: number, opts: { bountyTo?: string }): bigint;
  };
  readonly slots: {
    slot(ctx: HasStore, taskId: bigint, slot: number): Slot | undefined;
    firstAtOrAbove(ctx: HasStore, taskId: bigint, slot: number, seq: bigint): AnchoredHead | undefined;
    advancesAt(ctx: HasStore, height: bigint): { taskId: bigint; slot: number; from: bigint; head: AnchoredHead }[];
    attesters(ctx: HasStore, taskId: bigint, slot: number, head: AnchoredHead): number[];
    closeForFault(ctx: Context, taskId: bigint, slot: number, f: bigint, code: VerdictCode): void;
    verifiedIterations(ctx: HasStore, taskId: bigint, slot: number): bigint;
  };
}

export interface AuditRequest {
  taskId: bigint;
  slot: number;
  seq: bigint;
  head: AnchoredHead;
  submitter: string;
  /** already in the pool "work" */
  deposit: bigint;
}

export interface WorkKeeper {
  /** undecided jobs, ascending id: the oldest first */
  openJobs(ctx: HasStore): Job[];
  /** every job of the task is decided or lapsed, and no audit of it waits */
  settled(ctx: HasStore, taskId: bigint): boolean;
  job(ctx: HasStore, id: bigint): Job | undefined;
  /** operator → (job, validator) pairs of the task whose verdict agrees with the decision */
  agreeing(ctx: HasStore, taskId: bigint): Map<string, bigint>;
  totals(ctx: HasStore, taskId: bigint): WorkTotals;
  /** anchored iterations that count as verified work; none after a fault */
  verifiedIterations(ctx: HasStore, taskId: bigint, slot: number): bigint;
  /** the audit of this iteration that is open or was decided, by job id */
  auditOf(ctx: HasStore, taskId: bigint, slot: number, seq: bigint): bigint | undefined;
  requestAudit(ctx: Context, a: AuditRequest): bigint;
  /** block time of the newest block that this state knows; 0 before any */
  blockTimeMs(ctx: HasStore): bigint;
  /** the target in force in block `height`: of the newest block, the next one, and about a claim window back */
  targetAt(ctx: HasStore, height: bigint): bigint | undefined;
}
