/** `auth`: accounts, their numbers, keys and sequences, and the parameters of transactions. */
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { AuthQuery } from "#proto/gen/cosmos/auth/v1beta1/query.js";
import { AuthMsg } from "#proto/gen/cosmos/auth/v1beta1/tx.js";
import { authGenesis } from "./genesis.js";
import { authInvariants } from "./invariants.js";
import { authKeeper } from "./keeper.js";
import { authMessages } from "./messages.js";
import { authQueries } from "./queries.js";
import { store } from "./store.js";
import { type AuthPorts } from "./types.js";

export { type Account, type AuthKeeper, type Vesting } from "./types.js";

export const auth = defineModule({
  name: "auth",
  store,
  create(ports: AuthPorts) {
    const keeper = authKeeper;
    return {
      keeper,
      messages: implementMsg("auth", AuthMsg, authMessages),
      queries: implementQuery(AuthQuery, authQueries(ports, keeper)),
      beginBlock: (ctx) => keeper.forgetTimeouts(ctx),
      genesis: authGenesis(ports),
      invariants: authInvariants,
    };
  },
});
