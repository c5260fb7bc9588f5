/** Parameters of `matching` (protocol section 14). */
import { defineParams } from "#kernel/params.js";
import { Params } from "#proto/gen/pouw/matching/v1/types.js";
import { store } from "./store.js";

export const params = defineParams(store, 3, Params, {
  defaults: { equivocationBounty: 100_000 },
  ratios: ["equivocationBounty"],
});
