/** `supervision`: slots, their anchored heads, and who answers for the log (protocol sections 4 and 7). */
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { SupervisionQuery } from "#proto/gen/pouw/supervision/v1/query.js";
import { SupervisionMsg } from "#proto/gen/pouw/supervision/v1/tx.js";
import { supervisionEndBlock } from "./end-block.js";
import { supervisionErrors } from "./errors.js";
import { supervisionEvents } from "./events.js";
import { supervisionGenesis } from "./genesis.js";
import { supervisionInvariants } from "./invariants.js";
import { supervisionKeeper } from "./keeper.js";
import { supervisionMessages } from "./messages/index.js";
import { supervisionQueries } from "./queries.js";
import { store } from "./store.js";
import type { SupervisionPorts } from "./types.js";

export { GAS_PER_HEAD, GAS_PER_SEEN } from "./messages/anchor-log.js";

export const supervision = defineModule({
  name: "supervision",
  store,
  errors: supervisionErrors,
  events: supervisionEvents,
  create(ports: SupervisionPorts) {
    const keeper = supervisionKeeper(ports);
    return {
      keeper,
      messages: implementMsg("supervision", SupervisionMsg, supervisionMessages(ports, keeper)),
      queries: implementQuery(SupervisionQuery, supervisionQueries(keeper)),
      genesis: supervisionGenesis(ports),
      endBlock: (ctx) => supervisionEndBlock(ports, ctx),
      invariants: supervisionInvariants,
    };
  },
});
