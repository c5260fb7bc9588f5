/** What holds of `tasks` after every block. */
import type { Invariants } from "#kernel/module.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { courseFault } from "./course.js";
import { openIds, tasks } from "./store.js";
import { termsFault } from "./terms.js";
import type { TasksKeeper, TasksPorts } from "./types.js";

export const tasksInvariants = (ports: Pick<TasksPorts, "bank">, keeper: TasksKeeper): Invariants => ({
  "the pool holds the open tasks' money"(ctx) {
    const all = keeper.open(ctx).reduce((s, t) => s + t.fee - t.burned + t.bond + t.slashedToPot, 0n);
    const pool = ports.bank.poolBalance(ctx, "tasks");
    return pool === all ? undefined : `the pool has ${pool}, open tasks have ${all}`;
  },
  "the index of open tasks agrees with their phases"(ctx) {
    const open = new Set(openIds.keys(ctx).map(([id]) => id));
    for (const { id, phase } of tasks.list(ctx)) {
      const closed = phase === Phase.PHASE_CLOSED;
      if (open.delete(id) === closed) return `task ${id} is in phase ${phase} and ${closed ? "indexed" : "not indexed"} as open`;
    }
    return open.size === 0 ? undefined : `${[...open].map((id) => `task ${id}`).join(", ")} is indexed as open and not there`;
  },
  "a task has what its phase has brought, and no more"(ctx) {
    for (const t of tasks.list(ctx)) {
      const unfit = termsFault(t.terms);
      const fault = courseFault(t) ?? (unfit && `terms.${unfit}`);
      if (fault) return `task ${t.id}: ${fault}`;
    }
    return undefined;
  },
});
