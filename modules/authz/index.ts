/** `authz`: messages in another's name. Messages, events, queries and genesis are the Cosmos SDK's own. */
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { AuthzQuery } from "#proto/gen/cosmos/authz/v1beta1/query.js";
import { AuthzMsg } from "#proto/gen/cosmos/authz/v1beta1/tx.js";
import { authzErrors } from "./errors.js";
import { authzEvents } from "./events.js";
import { authzGenesis } from "./genesis.js";
import { authzInvariants } from "./invariants.js";
import { authzKeeper } from "./keeper.js";
import { authzChecks, authzMessages } from "./messages.js";
import { authzQueries } from "./queries.js";
import { store } from "./store.js";
import type { AuthzKeeper, AuthzPorts } from "./types.js";

export type { AuthzKeeper, AuthzPorts } from "./types.js";

export const authz = defineModule({
  name: "authz",
  store,
  errors: authzErrors,
  events: authzEvents,
  create(ports: AuthzPorts) {
    const writer = authzKeeper(ports);
    const keeper: AuthzKeeper = writer;
    return {
      keeper,
      messages: implementMsg("authz", AuthzMsg, authzMessages(ports, writer), authzChecks(ports)),
      queries: implementQuery(AuthzQuery, authzQueries(keeper)),
      genesis: authzGenesis(ports, writer),
      beginBlock: (ctx) => writer.prune(ctx),
      invariants: authzInvariants,
    };
  },
});
