/** `feegrant`: fees that another account pays. Messages, events, queries and genesis are the Cosmos SDK's own. */
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { FeegrantQuery } from "#proto/gen/cosmos/feegrant/v1beta1/query.js";
import { FeegrantMsg } from "#proto/gen/cosmos/feegrant/v1beta1/tx.js";
import { feegrantErrors } from "./errors.js";
import { feegrantEvents } from "./events.js";
import { feegrantGenesis } from "./genesis.js";
import { feegrantInvariants } from "./invariants.js";
import { feegrantKeeper } from "./keeper.js";
import { feegrantChecks, feegrantMessages } from "./messages.js";
import { feegrantQueries } from "./queries.js";
import { store } from "./store.js";
import type { FeegrantKeeper, FeegrantPorts } from "./types.js";

export type { FeegrantKeeper, FeegrantPorts } from "./types.js";

/** Allowances that a block removes whose time is over; the rest waits for the next. */
const PRUNED_PER_BLOCK = 200;

export const feegrant = defineModule({
  name: "feegrant",
  store,
  errors: feegrantErrors,
  events: feegrantEvents,
  create(ports: FeegrantPorts) {
    const writer = feegrantKeeper(ports);
    const keeper: FeegrantKeeper = writer;
    return {
      keeper,
      messages: implementMsg("feegrant", FeegrantMsg, feegrantMessages(writer), feegrantChecks),
      queries: implementQuery(FeegrantQuery, feegrantQueries),
      genesis: feegrantGenesis(writer),
      endBlock: (ctx) => writer.prune(ctx, PRUNED_PER_BLOCK),
      invariants: feegrantInvariants,
    };
  },
});
