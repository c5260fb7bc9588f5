/** Genesis of `feegrant`: all grants. What has expired meanwhile is left out. */
import { defineGenesis, inside, within } from "#kernel/genesis.js";
import { GenesisState } from "#proto/gen/cosmos/feegrant/v1beta1/genesis.js";
import { allowanceTypes, readAllowance } from "./allowances/index.js";
import type { FeegrantWriter } from "./keeper.js";
import { grants } from "./store.js";

export const feegrantGenesis = (keeper: FeegrantWriter) =>
  defineGenesis("feegrant", {
    codec: GenesisState,
    types: allowanceTypes,
    init(ctx, state, at) {
      state.allowances.forEach(({ granter, grantee, allowance: any }, i) => {
        inside(`${at}.allowances[${i}]`, () => {
          within("granter", () => ctx.addresses.parse(granter));
          within("grantee", () => ctx.addresses.parse(grantee));
          if (granter === grantee) throw new Error("grantee: cannot self-grant fee authorization");
          within("allowance", () => {
            if (!any) throw new Error("is missing");
            const allowance = readAllowance(any);
            allowance.check();
            // the queue ends what is before an instant
            if (allowance.expiresNs !== undefined && allowance.expiresNs < ctx.block.timeNs) return;
            keeper.grant(ctx, granter, grantee, allowance);
          });
        });
      });
    },
    export: (ctx) => ({ allowances: grants.list(ctx) }),
  });
