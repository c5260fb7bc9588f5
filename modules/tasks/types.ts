/** What `tasks` needs of other modules, and what it offers. Ports are read at call time. */
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import type { AttestedHead, Outcome, Params, Role, ScoreReveal, Seat, Slot, Submission, Task } from "#proto/gen/pouw.js";

export interface TasksPorts {
  readonly params: { get(ctx: View): Params };
  readonly beacon: { at(ctx: View, height: bigint): Uint8Array | undefined };
  readonly bank: {
    toPool(ctx: Context, from: string, pool: "tasks", amount: bigint): void;
    fromPool(ctx: Context, pool: "tasks", to: string, amount: bigint): void;
    burn(ctx: Context, pool: "tasks", amount: bigint): void;
    poolBalance(ctx: View, pool: "tasks"): bigint;
  };
  readonly seats: {
    seats(ctx: View, taskId: bigint, role?: Role): Seat[];
    set(ctx: Context, s: Seat): void;
    slash(ctx: Context, s: Seat, ppm: number, opts: { bountyTo?: string }): bigint;
    unlock(ctx: Context, s: Seat): void;
    vacate(ctx: Context, s: Seat): void;
    fill(ctx: Context, t: Task, roles: readonly Role[]): boolean;
  };
  readonly slots: {
    slots(ctx: View, taskId: bigint): Slot[];
    start(ctx: Context, t: Task, seats: Seat[]): void;
    freeze(ctx: Context, t: Task): void;
    lowestAnchoredRound(ctx: View, t: Task): bigint;
    allDone(ctx: View, t: Task): boolean;
    attested(ctx: View, taskId: bigint): AttestedHead[];
  };
  readonly work: { settled(ctx: View, taskId: bigint): boolean };
  readonly evaluation: {
    submissions(ctx: View, taskId: bigint): Submission[];
    reveals(ctx: View, taskId: bigint): ScoreReveal[];
    /** every slot without a fault has: one that was closed late is ranked too */
    allSubmitted(ctx: View, t: Task): boolean;
    /** the last anchored heads for every slot that did not submit */
    fillSubmissions(ctx: Context, t: Task): void;
    distinctClocks(ctx: View, taskId: bigint): bigint;
    allCommitted(ctx: View, t: Task): boolean;
    allRevealed(ctx: View, t: Task): boolean;
    slashAbsent(ctx: Context, t: Task, step: "commit" | "reveal"): void;
    /** Ranks, pays and writes the task's best model; the task it answers is in phase CLOSED. */
    pay(ctx: Context, t: Task): void;
  };
}

/** Tasks come without their topology, but from `whole`. */
export interface TasksKeeper {
  whole(ctx: View, id: bigint): Task | undefined;
  get(ctx: View, id: bigint): Task | undefined;
  must(ctx: View, id: bigint): Task;
  set(ctx: Context, t: Task): void;
  /** not closed, ascending */
  open(ctx: View): Task[];
  /** bytes that an engine of the task takes */
  memory(ctx: View, id: bigint): bigint;
  endWithoutSupervisors(ctx: Context, t: Task): void;
  /** Refunds what is left of the fee and the bond, gives every seat back, closes. */
  refund(ctx: Context, t: Task, outcome: Outcome, paidAlready?: bigint): void;
}
