/** `distribution`: who has earned what of fees, rewards and verifiers' pay. Messages, events, queries and genesis are the Cosmos SDK's own. */
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { DistributionQuery } from "#proto/gen/cosmos/distribution/v1beta1/query.js";
import { DistributionMsg } from "#proto/gen/cosmos/distribution/v1beta1/tx.js";
import { distributionErrors } from "./errors.js";
import { distributionEvents } from "./events.js";
import { checkGenesis, distributionGenesis } from "./genesis.js";
import { distributionInvariants } from "./invariants.js";
import { distributionKeeper } from "./keeper/index.js";
import { distributionMessages } from "./messages.js";
import { distributionQueries } from "./queries.js";
import { store } from "./store.js";
import { distributionAccounts, type DistributionKeeper, type DistributionPorts } from "./types.js";

export type { DistributionKeeper, DistributionPorts } from "./types.js";

export const distribution = defineModule({
  name: "distribution",
  accounts: distributionAccounts,
  store,
  errors: distributionErrors,
  events: distributionEvents,
  create(ports: DistributionPorts) {
    const writer = distributionKeeper(ports);
    const keeper: DistributionKeeper = writer;
    return {
      keeper,
      messages: implementMsg("distribution", DistributionMsg, distributionMessages(ports, writer)),
      queries: implementQuery(DistributionQuery, distributionQueries(ports, writer)),
      genesis: distributionGenesis(),
      afterGenesis: (ctx) => checkGenesis(ports, ctx),
      beginBlock: (ctx) => writer.allocate(ctx),
      invariants: distributionInvariants(ports, writer),
    };
  },
});
