/** What `evaluation` needs of other modules. Ports are read at call time. */
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import type { Params, Role, Seat, Slot, Task, WorkTotals } from "#proto/gen/pouw.js";

export interface EvaluationPorts {
  readonly params: { get(ctx: View): Params };
  readonly bank: {
    fromPool(ctx: Context, pool: "tasks", to: string, amount: bigint): void;
    burn(ctx: Context, pool: "tasks", amount: bigint): void;
  };
  readonly tasks: {
    get(ctx: View, id: bigint): Task | undefined;
    whole(ctx: View, id: bigint): Task | undefined;
    must(ctx: View, id: bigint): Task;
    set(ctx: Context, t: Task): void;
  };
  readonly seats: {
    seats(ctx: View, taskId: bigint, role?: Role): Seat[];
    set(ctx: Context, s: Seat): void;
    slash(ctx: Context, s: Seat, ppm: number, opts: { bountyTo?: string }): bigint;
  };
  readonly slots: {
    slots(ctx: View, taskId: bigint): Slot[];
    dutyDone(ctx: View, t: Task, supervisorIndex: number): boolean;
    verifiedIterations(ctx: View, taskId: bigint, slot: number): bigint;
  };
  readonly work: {
    agreeing(ctx: View, taskId: bigint): Map<string, bigint>;
    totals(ctx: View, taskId: bigint): WorkTotals;
  };
}
