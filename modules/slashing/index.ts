/** `slashing`: who does not sign, and what that costs, and signing twice. Messages, events, queries and genesis are the Cosmos SDK's own. */
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { SlashingQuery } from "#proto/gen/cosmos/slashing/v1beta1/query.js";
import { SlashingMsg } from "#proto/gen/cosmos/slashing/v1beta1/tx.js";
import { slashingErrors } from "./errors.js";
import { slashingEvents } from "./events.js";
import { slashingGenesis } from "./genesis.js";
import { slashingInvariants } from "./invariants.js";
import { slashingKeeper } from "./keeper.js";
import { slashingMessages } from "./messages.js";
import { slashingQueries } from "./queries.js";
import { store } from "./store.js";
import type { SlashingKeeper, SlashingPorts } from "./types.js";

export type { SigningInfo, SlashingKeeper, SlashingPorts } from "./types.js";

export const slashing = defineModule({
  name: "slashing",
  store,
  errors: slashingErrors,
  events: slashingEvents,
  create(ports: SlashingPorts) {
    const writer = slashingKeeper(ports);
    const keeper: SlashingKeeper = writer;
    return {
      keeper,
      messages: implementMsg("slashing", SlashingMsg, slashingMessages(writer)),
      queries: implementQuery(SlashingQuery, slashingQueries(keeper)),
      genesis: slashingGenesis(writer),
      beginBlock: (ctx) => writer.judge(ctx),
      invariants: slashingInvariants,
    };
  },
});
