/** What `tasks` needs of other modules, and what it offers. Ports are read at call time. */
import type { Context } from "#kernel/context.js";
import type { HasStore } from "#kernel/store.js";
import type { AttestedHead, Outcome, Params, Role, ScoreReveal, Seat, Slot, Submission, Task } from "#proto/gen/pouw.js";

export interface TasksPorts {
  readonly params: { get(ctx: HasStore): Params };
  readonly beacon: { at(ctx: HasStore, height: bigint): Uint8Array | undefined };
  readonly bank: {
    toPool(ctx: Context, from: string, pool: "tasks", amount: bigint): void;
    fromPool(ctx: Context, pool: "tasks", to: string, amount: bigint): void;
    burn(ctx: Context, pool: "tasks", amount: bigint): void;
    poolBalance(ctx: HasStore, pool: "tasks"): bigint;
  };
  readonly seats: {
    seats(ctx: HasStore, taskId: bigint, role?: Role): Seat[];
    set(ctx: Context, s: Seat): void;
    slash(ctx: Context, s: Seat, ppm: number, opts: { bountyTo?: string }): bigint;
    unlock(ctx: Context, s: Seat): void;
    vacate(ctx: Context, s: Seat): void;
    fill(ctx: Context, t: Task, roles: readonly Role[]): boolean;
  };
  readonly slots: {
    slots(ctx: HasStore, taskId: bigint): Slot[];
    start(ctx: Context, t: Task, seats: Seat[]): void;
    freeze(ctx: Context, t: Task): void;
    lowestAnchoredRound(ctx: HasStore, t: Task): bigint;
    allDone(ctx: HasStore, t: Task): boolean;
    attested(ctx: HasStore, taskId: bigint): AttestedHead[];
  };
  readonly work: { settled(ctx: HasStore, taskId: bigint): boolean };
  readonly evaluation: {
    submissions(ctx: HasStore, taskId: bigint): Submission[];
    reveals(ctx: HasStore, taskId: bigint): ScoreReveal[];
    /** every slot without a fault has: one that was closed late is ranked too */
    allSubmitted(ctx: HasStore, t: Task): boolean;
    /** the last anchored heads for every slot that did not submit */
    fillSubmissions(ctx: Context, t: Task): void;
    distinctClocks(ctx: HasStore, taskId: bigint): bigint;
    allCommitted(ctx: HasStore, t: Task): boolean;
    allRevealed(ctx: HasStore, t: Task): boolean;
    slashAbsent(ctx: Context, t: Task, step: "commit" | "reveal"): void;
    /** Ranks, pays and writes the task's best model; the task it answers is in phase CLOSED. */
    pay(ctx: Context, t: Task): void;
  };
}

/** Tasks come without their topology, but from `whole`. */
export interface TasksKeeper {
  whole(ctx: HasStore, id: bigint): Task | undefined;
  get(ctx: HasStore, id: bigint): Task | undefined;
  must(ctx: HasStore, id: bigint): Task;
  set(ctx: Context, t: Task): void;
  /** not closed, ascending */
  open(ctx: HasStore): Task[];
  /** bytes that an engine of the task takes */
  memory(ctx: HasStore, id: bigint): bigint;
  endWithoutSupervisors(ctx: Context, t: Task): void;
  /** Refunds what is left of the fee and the bond, gives every seat back, closes. */
  refund(ctx: Context, t: Task, outcome: Outcome, paidAlready?: bigint): void;
}
