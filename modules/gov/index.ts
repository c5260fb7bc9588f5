/** `gov`: what stake votes on, and what is done then. Messages, events, queries and genesis are the Cosmos SDK's own, in both forms. */
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { GovQuery } from "#proto/gen/cosmos/gov/v1/query.js";
import { GovMsg } from "#proto/gen/cosmos/gov/v1/tx.js";
import { GovQuery as LegacyQuery } from "#proto/gen/cosmos/gov/v1beta1/query.js";
import { GovMsg as LegacyMsg } from "#proto/gen/cosmos/gov/v1beta1/tx.js";
import { govErrors } from "./errors.js";
import { govEvents } from "./events.js";
import { govGenesis } from "./genesis.js";
import { govInvariants } from "./invariants.js";
import { govKeeper } from "./keeper/index.js";
import { legacyQueries } from "./legacy-queries.js";
import { govMessages, legacyMessages } from "./messages.js";
import { govQueries } from "./queries.js";
import { store } from "./store.js";
import { govAccounts, type GovKeeper, type GovPorts } from "./types.js";

export type { GovKeeper, GovPorts, Proposal } from "./types.js";

export const gov = defineModule({
  name: "gov",
  accounts: govAccounts,
  store,
  errors: govErrors,
  events: govEvents,
  create(ports: GovPorts) {
    const writer = govKeeper(ports);
    const keeper: GovKeeper = writer;
    const queries = govQueries(writer);
    return {
      keeper,
      messages: [...implementMsg("gov", GovMsg, govMessages(writer)), ...implementMsg("gov", LegacyMsg, legacyMessages(writer))],
      queries: [...implementQuery(GovQuery, queries), ...implementQuery(LegacyQuery, legacyQueries(queries))],
      genesis: govGenesis(ports),
      endBlock: (ctx) => writer.endBlock(ctx),
      invariants: govInvariants(ports),
    };
  },
});
