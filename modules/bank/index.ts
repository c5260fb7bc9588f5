/** `bank`: balances, supplies, transfers. Messages, events and answers are the Cosmos SDK's own. */
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { BankQuery } from "#proto/gen/cosmos/bank/v1beta1/query.js";
import { BankMsg } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { bankErrors } from "./errors.js";
import { bankEvents } from "./events.js";
import { bankGenesis } from "./genesis.js";
import { bankInvariants } from "./invariants.js";
import { bankKeeper } from "./keeper.js";
import { bankChecks, bankMessages } from "./messages.js";
import { bankQueries } from "./queries.js";
import { store } from "./store.js";
import { type BankPorts } from "./types.js";

export { metadataOf } from "./metadata.js";
export { type Amount, type BankKeeper } from "./types.js";

export const bank = defineModule({
  name: "bank",
  store,
  errors: bankErrors,
  events: bankEvents,
  create(ports: BankPorts) {
    const keeper = bankKeeper(ports);
    return {
      keeper,
      messages: implementMsg("bank", BankMsg, bankMessages(keeper), bankChecks),
      queries: implementQuery(BankQuery, bankQueries(ports, keeper)),
      genesis: bankGenesis(ports, keeper),
      invariants: bankInvariants,
    };
  },
});
