/** `auth`: accounts, their numbers, keys and sequences, and the parameters of transactions. */
import { defineModule } from "#kernel/module.js";
import { implementQuery } from "#kernel/services.js";
import { AuthQuery } from "#proto/gen/cosmos/auth/v1beta1/query.js";
import { authGenesis } from "./genesis.js";
import { authInvariants } from "./invariants.js";
import { authKeeper } from "./keeper.js";
import { authQueries } from "./queries.js";
import { store } from "./store.js";
import { type AuthPorts } from "./types.js";

export { type Account, type AuthKeeper } from "./types.js";

export const auth = defineModule({
  name: "auth",
  store,
  create(ports: AuthPorts) {
    const keeper = authKeeper;
    return {
      keeper,
      queries: implementQuery(AuthQuery, authQueries(ports, keeper)),
      genesis: authGenesis(ports, keeper),
      beginBlock: (ctx) => keeper.forgetTimeouts(ctx),
      invariants: authInvariants,
    };
  },
});
