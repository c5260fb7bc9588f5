/** Parameters of ranking and payout (protocol section 14). Ratios are parts per million. */
import { defineParams } from "#kernel/params.js";
import { Params } from "#proto/gen/pouw/evaluation/v1/types.js";
import { PARAMS_PREFIX, store } from "./store.js";

const PERCENT = 10_000;

export const params = defineParams(store, PARAMS_PREFIX, Params, {
  defaults: { rankShare: 30 * PERCENT, slashEvaluator: 50 * PERCENT },
  ratios: ["rankShare", "slashEvaluator"],
});
