/** Genesis of `authz`: all grants. What has expired meanwhile is left out, as in the Cosmos SDK. */
import { defineGenesis, inside, within } from "#kernel/genesis.js";
import { nanosecondsOf } from "#kernel/time.js";
import { GenesisState } from "#proto/gen/cosmos/authz/v1beta1/genesis.js";
import { authorizationTypes, readAuthorization } from "./authorizations/index.js";
import { type AuthzWriter, checkReadable } from "./keeper.js";
import { grants } from "./store.js";
import type { AuthzPorts } from "./types.js";

export const authzGenesis = (ports: AuthzPorts, keeper: AuthzWriter) =>
  defineGenesis("authz", {
    codec: GenesisState,
    types: authorizationTypes,
    init(ctx, state, at) {
      state.authorization.forEach(({ granter, grantee, authorization, expiration }, i) => {
        inside(`${at}.authorization[${i}]`, () => {
          within("granter", () => ctx.addresses.parse(granter));
          within("grantee", () => ctx.addresses.parse(grantee));
          const typeUrl = within("authorization", () => {
            if (!authorization) throw new Error("is missing");
            checkReadable({ authorization, expiration });
            const a = readAuthorization(authorization);
            a.check();
            if (!ports.router.takes(a.messageType())) throw new Error(`there is no message ${a.messageType()}`);
            return a.messageType();
          });
          if (expiration && nanosecondsOf(expiration) <= ctx.block.timeNs) return;
          if (keeper.grant(ctx, granter, grantee, typeUrl)) throw new Error(`authorization: ${granter} allows ${typeUrl} to ${grantee} twice`);
          keeper.restore(ctx, granter, grantee, typeUrl, { authorization, expiration });
        });
      });
    },
    export: (ctx) => ({ authorization: grants.entries(ctx).map(({ key: [granter, grantee], value }) => ({ granter, grantee, ...value })) }),
  });
