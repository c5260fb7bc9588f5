/** `tasks`: what clients ask for, and the course of it. */
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { TasksQuery } from "#proto/gen/pouw/tasks/v1/query.js";
import { TasksMsg } from "#proto/gen/pouw/tasks/v1/tx.js";
import { tasksErrors } from "./errors.js";
import { tasksEvents } from "./events.js";
import { tasksGenesis } from "./genesis.js";
import { tasksInvariants } from "./invariants.js";
import { tasksKeeper, unlockSeats } from "./keeper.js";
import { tasksMigrations } from "./migrations.js";
import { tasksMessages } from "./messages/index.js";
import { advance } from "./phases.js";
import { tasksQueries } from "./queries.js";
import { store, tasks as storedTasks } from "./store.js";
import { areUnset, termsNow } from "./terms.js";
import { tasksAccounts, type TasksPorts } from "./types.js";

export type { Task, TasksKeeper, TasksPorts } from "./types.js";

export { topologyGas } from "./gas.js";

export const tasks = defineModule({
  name: "tasks",
  version: 2,
  migrations: tasksMigrations,
  accounts: tasksAccounts,
  store,
  errors: tasksErrors,
  events: tasksEvents,
  create(ports: TasksPorts) {
    const keeper = tasksKeeper(ports);
    return {
      keeper,
      messages: implementMsg("tasks", TasksMsg, tasksMessages(ports)),
      queries: implementQuery(TasksQuery, tasksQueries(ports, keeper)),
      genesis: tasksGenesis,
      /** Who wrote a task by hand named no terms of its own: it has those of the genesis, which by now is read. */
      afterGenesis(ctx) {
        for (const { key: [id], value } of storedTasks.entries(ctx)) if (areUnset(value.terms)) storedTasks.set(ctx, { ...value, terms: termsNow(ports, ctx, keeper.params(ctx)) }, id);
      },
      endBlock(ctx) {
        for (const t of keeper.open(ctx)) advance(ports, ctx, t);
        unlockSeats(ports, ctx);
      },
      invariants: tasksInvariants(ports, keeper),
    };
  },
});
