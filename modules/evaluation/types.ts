/** What `evaluation` needs of other modules. Ports are read at call time. */
import type { Context } from "#kernel/context.js";
import type { HasStore } from "#kernel/store.js";
import type { Params, Role, Seat, Slot, Task, WorkTotals } from "#proto/gen/pouw.js";

export interface EvaluationPorts {
  readonly params: { get(ctx: HasStore): Params };
  readonly bank: {
    fromPool(ctx: Context, pool: "tasks", to: string, amount: bigint): void;
    burn(ctx: Context, pool: "tasks", amount: bigint): void;
  };
  readonly tasks: {
    get(ctx: HasStore, id: bigint): Task | undefined;
    whole(ctx: HasStore, id: bigint): Task | undefined;
    must(ctx: HasStore, id: bigint): Task;
    set(ctx: Context, t: Task): void;
  };
  readonly seats: {
    seats(ctx: HasStore, taskId: bigint, role?: Role): Seat[];
    set(ctx: Context, s: Seat): void;
    slash(ctx: Context, s: Seat, ppm: number, opts: { bountyTo?: string }): bigint;
  };
  readonly slots: {
    slots(ctx: HasStore, taskId: bigint): Slot[];
    dutyDone(ctx: HasStore, t: Task, supervisorIndex: number): boolean;
    verifiedIterations(ctx: HasStore, taskId: bigint, slot: number): bigint;
  };
  readonly work: {
    agreeing(ctx: HasStore, taskId: bigint): Map<string, bigint>;
    totals(ctx: HasStore, taskId: bigint): WorkTotals;
  };
}
