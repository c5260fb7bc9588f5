/**
 * `consensus`: what the engine is set to, changed by governance. Message, event and query are the Cosmos SDK's own. It has no
 * part of app_state: the engine's genesis has these parameters, as in the SDK.
 */
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { ConsensusQuery } from "#proto/gen/cosmos/consensus/v1/query.js";
import { ConsensusMsg } from "#proto/gen/cosmos/consensus/v1/tx.js";
import { consensusEvents } from "./events.js";
import { consensusInvariants } from "./invariants.js";
import { consensusKeeper as keeper } from "./keeper.js";
import { consensusMessages } from "./messages.js";
import { DEFAULTS } from "./params.js";
import { store } from "./store.js";
import type { ConsensusPorts } from "./types.js";

export { DEFAULTS, paramsFault } from "./params.js";
export type { ConsensusKeeper, ConsensusPorts } from "./types.js";

export const consensus = defineModule({
  name: "consensus",
  store,
  events: consensusEvents,
  create: (ports: ConsensusPorts) => ({
    keeper,
    messages: implementMsg("consensus", ConsensusMsg, consensusMessages(ports)),
    queries: implementQuery(ConsensusQuery, { params: (ctx) => ({ params: keeper.params(ctx) }) }),
    /** Of a state that no engine began. */
    afterGenesis(ctx) {
      if (!keeper.begun(ctx)) keeper.begin(ctx, DEFAULTS);
    },
    invariants: consensusInvariants(ports),
  }),
});
