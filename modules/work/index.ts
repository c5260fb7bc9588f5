/** `work`: the lottery, verification jobs, verdicts and what follows from them (protocol sections 9 and 10). */
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { WorkQuery } from "#proto/gen/pouw/work/v1/query.js";
import { WorkMsg } from "#proto/gen/pouw/work/v1/tx.js";
import { drawAudits } from "./audits.js";
import { beginTarget, moveTarget, noteAnchored, sweep } from "./blocks.js";
import { workErrors } from "./errors.js";
import { workEvents } from "./events.js";
import { workGenesis } from "./genesis.js";
import { workInvariants } from "./invariants.js";
import { workKeeper } from "./keeper.js";
import { workMessages } from "./messages.js";
import { workQueries } from "./queries.js";
import { store } from "./store.js";
import { workAccounts, type WorkPorts } from "./types.js";
import { tallyVerdicts } from "./verdicts.js";

export const work = defineModule({
  name: "work",
  accounts: workAccounts,
  store,
  errors: workErrors,
  events: workEvents,
  create(ports: WorkPorts) {
    const keeper = workKeeper(ports);
    return {
      keeper,
      messages: implementMsg("work", WorkMsg, workMessages(ports)),
      queries: implementQuery(WorkQuery, workQueries(ports, keeper)),
      genesis: workGenesis(ports),
      beginBlock(ctx) {
        beginTarget(ctx);
        tallyVerdicts(ports, ctx);
        drawAudits(ports, ctx);
      },
      endBlock(ctx) {
        noteAnchored(ports, ctx);
        moveTarget(ports, ctx);
        sweep(ports, ctx);
      },
      invariants: workInvariants(ports),
    };
  },
});
