/**
 * What a task is behind the door, what `tasks` needs of other modules, and what it offers them.
 *
 * A task that was accepted is complete: what is not there yet is undefined. Ports are read at call time.
 */
import { defineAccounts, type ModuleBank, type Payer } from "#kernel/accounts.js";
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import type { ScoreReveal, Submission } from "#proto/gen/pouw/evaluation/v1/types.js";
import type { Seat as WireSeat } from "#proto/gen/pouw/matching/v1/types.js";
import type { AttestedHead, Slot as WireSlot } from "#proto/gen/pouw/supervision/v1/types.js";
import type { EvaluationStep, Outcome, Params, Phase, Task as WireTask, TaskSpec, Terms, TestSet } from "#proto/gen/pouw/tasks/v1/types.js";
import type { Role } from "#proto/gen/pouw/v1/types.js";

/** The pool holds the money of the open tasks. */
export const tasksAccounts = defineAccounts({ name: "tasks", may: ["burn"] });

/** Payout takes no time of its own: no record is ever in it. */
export type TaskPhase = Exclude<Phase, typeof Phase.PHASE_UNSPECIFIED | typeof Phase.PHASE_PAYOUT>;
export type OpenPhase = Exclude<TaskPhase, typeof Phase.PHASE_CLOSED>;
export type TaskOutcome = Exclude<Outcome, typeof Outcome.OUTCOME_UNSPECIFIED>;
export type TaskStep = Exclude<EvaluationStep, typeof EvaluationStep.EVALUATION_STEP_UNSPECIFIED>;

/** What was asked for, with every default filled in, without the topology. `optimizer` absent is SGD. */
export type Spec = Omit<TaskSpec, "topology"> & { readonly testSet: TestSet };

/** A task as every block reads it. */
export interface Task {
  readonly id: bigint;
  readonly client: string;
  readonly spec: Spec;
  readonly fee: bigint;
  readonly bond: bigint;
  /** of the fee, when the task was created */
  readonly burned: bigint;
  readonly phase: TaskPhase;
  /** block whose FinalizeBlock entered the phase */
  readonly phaseHeight: bigint;
  /** last block of the phase; Settling and Closed have none */
  readonly deadline?: bigint;
  /** once it is closed */
  readonly outcome?: TaskOutcome;
  readonly createdHeight: bigint;
  /** once Training has begun: x, beacon(x), and the block that ended it */
  readonly training?: { readonly start: bigint; readonly beacon: Uint8Array; readonly end?: bigint };
  /** n */
  readonly parameters: bigint;
  /** F */
  readonly flop: bigint;
  readonly redraws: number;
  readonly slashedToPot: bigint;
  readonly slashedBurned: bigint;
  /** mining rewards so far, and the most there may be */
  readonly minted: bigint;
  readonly mintCap: bigint;
  /** once the client has opened the test set */
  readonly testKey?: Uint8Array;
  /** block of the last advance of any head */
  readonly lastAdvance?: bigint;
  /** models were ranked by verified work, since scores were missing */
  readonly rankedByWork: boolean;
  /** once models were ranked; no score where that was by work */
  readonly best?: Best;
  readonly seatStakes: { readonly miner: bigint; readonly supervisor: bigint; readonly evaluator: bigint };
  readonly closedHeight?: bigint;
  /** since Evaluation began */
  readonly evaluationStep?: TaskStep;
  /** parameters of its creation */
  readonly terms: Readonly<Terms>;
}

/** A task with its topology. */
export type WholeTask = Task & { readonly spec: Spec & { readonly topology: string } };

export interface Best {
  readonly slot: number;
  readonly clock: readonly bigint[];
  readonly score?: bigint;
}

/** What `tasks` reads of a seat. */
export interface Seat {
  readonly taskId: bigint;
  readonly role: Role;
  readonly index: number;
  readonly worker: string;
  readonly joined: boolean;
  readonly confirmed: boolean;
  readonly drawnHeight: bigint;
}

export interface TasksPorts {
  readonly bank: ModuleBank<typeof tasksAccounts>;
  /** pays a validator so that its delegators share it */
  readonly distribution: { pay<N extends string>(ctx: Context, bank: Payer<N>, pool: N, operator: string, amount: bigint): void };
  readonly staking: { params(view: View): { readonly bondDenom: string } };
  readonly workers: { params(view: View): { readonly minSeatStake: bigint } };
  readonly beacon: { at(view: View, height: bigint): Uint8Array | undefined };
  readonly matching: {
    /** miners by slot, then supervisors, then evaluators */
    seats(view: View, taskId: bigint, role?: Role): readonly Seat[];
    /** the same as the generated messages, for queries */
    wireSeats(view: View, taskId: bigint): WireSeat[];
    /** Draws what is empty. True when every seat of these roles is taken. */
    fill(ctx: Context, task: Task, roles: readonly Role[]): boolean;
    slash(ctx: Context, seat: Seat, ppm: number, options: { readonly bountyTo?: string }): bigint;
    unlock(ctx: Context, seat: Seat): void;
    vacate(ctx: Context, seat: Seat): void;
    params(view: View): Pick<Terms, "equivocationBounty">;
  };
  readonly supervision: {
    params(view: View): Pick<Terms, "anchorInterval" | "stallBlocks" | "supervisorStallBlocks" | "auditRequestWindow" | "slashStall" | "slashEquivocation" | "auditDeposit">;
    /** On entering Training: a slot for each of the task's miners. */
    start(ctx: Context, task: Task): void;
    /** On leaving it: heads move no more. */
    freeze(ctx: Context, task: Task): void;
    /** every open slot anchored its last position */
    allDone(view: View, task: Task): boolean;
    /** A; undefined before any anchor */
    lowestAnchoredRound(view: View, taskId: bigint): bigint | undefined;
    attested(view: View, taskId: bigint): AttestedHead[];
    wire(view: View, taskId: bigint): WireSlot[];
  };
  readonly work: {
    params(view: View): Pick<Terms, "drawDelay" | "claimWindow" | "verdictWindow" | "slashUnavailable" | "slashResidual" | "slashInvalid" | "verifiersCut">;
    /** every job of the task is decided or lapsed */
    settled(view: View, taskId: bigint): boolean;
  };
  readonly evaluation: {
    params(view: View): Pick<Terms, "rankShare" | "slashEvaluator">;
    submissions(view: View, taskId: bigint): Submission[];
    reveals(view: View, taskId: bigint): ScoreReveal[];
    /** every slot without a fault has: one that was closed late is ranked too */
    allSubmitted(view: View, taskId: bigint): boolean;
    /** the last anchored heads for every slot that did not submit */
    fillSubmissions(ctx: Context, taskId: bigint): void;
    distinctClocks(view: View, taskId: bigint): bigint;
    allCommitted(view: View, taskId: bigint): boolean;
    allRevealed(view: View, taskId: bigint): boolean;
    slashAbsent(ctx: Context, taskId: bigint, step: "commit" | "reveal"): void;
    /** Ranks and pays; closes the task. */
    pay(ctx: Context, taskId: bigint, how: { readonly byWork: boolean }): void;
  };
}

/** What Payout makes of a task: evaluation computes it, tasks pays it. */
export interface Closing {
  /** to those who earned something, in this order */
  readonly payments: readonly { readonly to: string; readonly amount: bigint; readonly validator?: true }[];
  /** of the slashed money in the pot, after the payments */
  readonly burned: bigint;
  /** to the client, after that: what the floors left, and the bond where it returns */
  readonly refunds: readonly bigint[];
  readonly rankedByWork: boolean;
  readonly best?: Best;
}

/** The only writer of tasks and of the pool "tasks". Tasks come without their topology, but from `whole` and `wire`. */
export interface TasksKeeper {
  params(view: View): Params;
  get(view: View, id: bigint): Task | undefined;
  /** Throws tasksErrors.unknown. */
  must(view: View, id: bigint): Task;
  whole(view: View, id: bigint): WholeTask | undefined;
  /** `whole` as the generated message, for queries and verifiers */
  wire(view: View, id: bigint): WireTask | undefined;
  /** closed tasks whose seats are still locked */
  unlocking(view: View): ReadonlySet<bigint>;
  /** not closed, ascending */
  open(view: View): Task[];
  /** bytes that an engine of the task takes */
  memory(view: View, id: bigint): bigint;
  /** A head of the task moved in this block. */
  noteAdvance(ctx: Context, id: bigint): void;
  /** A mining reward was paid. */
  noteMinted(ctx: Context, id: bigint, amount: bigint): void;
  /**
   * Slashed stake that has arrived in the pool: pays the bounty, burns half of the rest and keeps the other half in the
   * pot. After Payout all of the rest is burned.
   */
  addSlashed(ctx: Context, id: bigint, amount: bigint, bounty?: { readonly to: string; readonly amount: bigint }): { burned: bigint; pot: bigint; bounty: bigint };
  /** Every supervisor is gone: what is left of the fee and the bond return, every seat is given back. */
  endWithoutSupervisors(ctx: Context, id: bigint): void;
  /** Payout: pays, burns, closes with outcome PAID. */
  close(ctx: Context, id: bigint, closing: Closing): void;
}
