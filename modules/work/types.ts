/** What `work` needs of other modules, and what it offers. Ports are read at call time. */
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import type { AnchoredHead, Job, Params, Role, Seat, Slot, Task, Validator, VerdictCode, WorkTotals } from "#proto/gen/pouw.js";

export interface WorkPorts {
  readonly params: { get(ctx: View): Params };
  readonly bank: {
    toPool(ctx: Context, from: string, pool: "work", amount: bigint): void;
    fromPool(ctx: Context, pool: "work", to: string, amount: bigint): void;
    poolBalance(ctx: View, pool: "work"): bigint;
    mint(ctx: Context, pool: "work", amount: bigint): void;
    burn(ctx: Context, pool: "work", amount: bigint): void;
  };
  readonly validators: { byConsensusAddress(ctx: View, address: Uint8Array): Validator | undefined };
  readonly beacon: { at(ctx: View, height: bigint): Uint8Array | undefined };
  readonly tasks: {
    get(ctx: View, id: bigint): Task | undefined;
    must(ctx: View, id: bigint): Task;
    set(ctx: Context, t: Task): void;
    open(ctx: View): Task[];
  };
  readonly seats: {
    seat(ctx: View, taskId: bigint, role: Role, index: number): Seat | undefined;
    slash(ctx: Context, s: Seat, ppm: number, opts: { bountyTo?: string }): bigint;
  };
  readonly slots: {
    slot(ctx: View, taskId: bigint, slot: number): Slot | undefined;
    firstAtOrAbove(ctx: View, taskId: bigint, slot: number, seq: bigint): AnchoredHead | undefined;
    advancesAt(ctx: View, height: bigint): { taskId: bigint; slot: number; from: bigint; head: AnchoredHead }[];
    attesters(ctx: View, taskId: bigint, slot: number, head: AnchoredHead): number[];
    closeForFault(ctx: Context, taskId: bigint, slot: number, f: bigint, code: VerdictCode): void;
    verifiedIterations(ctx: View, taskId: bigint, slot: number): bigint;
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
  openJobs(ctx: View): Job[];
  /** every job of the task is decided or lapsed, and no audit of it waits */
  settled(ctx: View, taskId: bigint): boolean;
  job(ctx: View, id: bigint): Job | undefined;
  /** operator → (job, validator) pairs of the task whose verdict agrees with the decision */
  agreeing(ctx: View, taskId: bigint): Map<string, bigint>;
  totals(ctx: View, taskId: bigint): WorkTotals;
  /** anchored iterations that count as verified work; none after a fault */
  verifiedIterations(ctx: View, taskId: bigint, slot: number): bigint;
  /** the audit of this iteration that is open or was decided, by job id */
  auditOf(ctx: View, taskId: bigint, slot: number, seq: bigint): bigint | undefined;
  requestAudit(ctx: Context, a: AuditRequest): bigint;
  /** block time of the newest block that this state knows; 0 before any */
  blockTimeMs(ctx: View): bigint;
  /** the target in force in block `height`: of the newest block, the next one, and about a claim window back */
  targetAt(ctx: View, height: bigint): bigint | undefined;
}
