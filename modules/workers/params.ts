/** Parameters of `workers` (protocol section 14). */
import { defineParams } from "#kernel/params.js";
import { Params } from "#proto/gen/pouw/workers/v1/types.js";
import { store } from "./store.js";

export const params = defineParams(store, 5, Params, {
  defaults: { minSeatStake: 100_000_000n, unbondBlocks: 200n },
  positive: ["minSeatStake", "unbondBlocks"],
});
