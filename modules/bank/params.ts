/** Parameters of transfers: the Cosmos SDK's record and its defaults. Its list of denominations is none of them any more. */
import { defineParams } from "#kernel/params.js";
import { Params } from "#proto/gen/cosmos/bank/v1beta1/bank.js";
import { PARAMS, store } from "./store.js";

export const params = defineParams(store, PARAMS, Params, {
  defaults: { sendEnabled: [], defaultSendEnabled: true },
  check: (p) => (p.sendEnabled.length > 0 ? "send_enabled: stands beside the parameters, not among them" : undefined),
});
