/** `staking`: validators, who delegates to them, and who signs. Messages, events, queries and genesis are the Cosmos SDK's own. */
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { StakingQuery } from "#proto/gen/cosmos/staking/v1beta1/query.js";
import { StakingMsg } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { stakingErrors } from "./errors.js";
import { stakingEvents } from "./events.js";
import { stakingGenesis } from "./genesis.js";
import { stakingInvariants } from "./invariants.js";
import { trackHistory } from "./keeper/history.js";
import { stakingKeeper } from "./keeper/index.js";
import { stakingMessages } from "./messages.js";
import { stakingQueries } from "./queries.js";
import { store } from "./store.js";
import { stakingAccounts, type StakingKeeper, type StakingPorts } from "./types.js";

export { BONDED, POWER_REDUCTION } from "./types.js";
export type { Member, StakingHooks, StakingKeeper, StakingPorts, Validator } from "./types.js";

export const staking = defineModule({
  name: "staking",
  accounts: stakingAccounts,
  store,
  errors: stakingErrors,
  events: stakingEvents,
  create(ports: StakingPorts) {
    const writer = stakingKeeper(ports);
    const keeper: StakingKeeper = writer;
    return {
      keeper,
      messages: implementMsg("staking", StakingMsg, stakingMessages(ports, writer)),
      queries: implementQuery(StakingQuery, stakingQueries(ports, keeper)),
      genesis: stakingGenesis(writer),
      beginBlock: trackHistory,
      afterGenesis: (ctx) => writer.begin(ctx),
      validatorUpdates: (ctx) => writer.updates(ctx),
      invariants: stakingInvariants(ports),
    };
  },
});
