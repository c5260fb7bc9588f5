/** Parameters of `validators`. */
import { defineParams } from "#kernel/params.js";
import { Params } from "#proto/gen/pouw/validators/v1/types.js";
import { store } from "./store.js";

export const params = defineParams(store, 4, Params, {
  defaults: { bondDenom: "upouw" },
  check: ({ bondDenom }) => (/^[a-z][a-z0-9]{2,31}$/.test(bondDenom) ? undefined : `bond_denom: got ${JSON.stringify(bondDenom)}, want 3 to 32 of a–z and 0–9`),
});
