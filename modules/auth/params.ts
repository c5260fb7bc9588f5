/** Parameters of transactions: the Cosmos SDK's record and its defaults. */
import { defineParams } from "#kernel/params.js";
import { Params } from "#proto/gen/cosmos/auth/v1beta1/auth.js";
import { PARAMS, store } from "./store.js";

export const params = defineParams(store, PARAMS, Params, {
  defaults: { maxMemoCharacters: 256n, txSigLimit: 7n, txSizeCostPerByte: 10n, sigVerifyCostEd25519: 590n, sigVerifyCostSecp256k1: 1000n },
  positive: ["maxMemoCharacters", "txSigLimit", "txSizeCostPerByte", "sigVerifyCostEd25519", "sigVerifyCostSecp256k1"],
});
