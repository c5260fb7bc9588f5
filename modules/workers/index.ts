/** `workers`: who offers work, with what stake. */
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { WorkersQuery } from "#proto/gen/pouw/workers/v1/query.js";
import { WorkersMsg } from "#proto/gen/pouw/workers/v1/tx.js";
import { workersErrors } from "./errors.js";
import { workersEvents } from "./events.js";
import { workersGenesis } from "./genesis.js";
import { workersInvariants } from "./invariants.js";
import { workersKeeper } from "./keeper.js";
import { workersMigrations } from "./migrations.js";
import { workersMessages } from "./messages.js";
import { workersQueries } from "./queries.js";
import { store } from "./store.js";
import { workersAccounts, type WorkersKeeper, type WorkersPorts } from "./types.js";

export type { Worker, WorkersKeeper, WorkersPorts } from "./types.js";

export const workers = defineModule({
  name: "workers",
  version: 2,
  migrations: workersMigrations,
  accounts: workersAccounts,
  store,
  errors: workersErrors,
  events: workersEvents,
  create(ports: WorkersPorts) {
    const writer = workersKeeper(ports);
    const keeper: WorkersKeeper = writer;
    return {
      keeper,
      messages: implementMsg("workers", WorkersMsg, workersMessages(ports, writer)),
      queries: implementQuery(WorkersQuery, workersQueries(keeper)),
      genesis: workersGenesis(writer),
      endBlock: (ctx) => writer.pay(ctx),
      invariants: workersInvariants(ports),
    };
  },
});
