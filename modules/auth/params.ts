/** Parameters of transactions: the Cosmos SDK's record and its defaults. */
import { defineParams } from "#kernel/params.js";
import { Params } from "#proto/gen/cosmos/auth/v1beta1/auth.js";
import { PARAMS, store } from "./store.js";

const MOST = 1_000_000n;

export const params = defineParams(store, PARAMS, Params, {
  defaults: { maxMemoCharacters: 256n, txSigLimit: 7n, txSizeCostPerByte: 10n, sigVerifyCostEd25519: 590n, sigVerifyCostSecp256k1: 1000n },
  positive: ["maxMemoCharacters", "txSigLimit", "txSizeCostPerByte", "sigVerifyCostEd25519", "sigVerifyCostSecp256k1"],
  // More, and no block would have room for the proposal that lowers them again.
  check(p) {
    if (p.txSizeCostPerByte > 1_000n) return `tx_size_cost_per_byte: got ${p.txSizeCostPerByte}, want 1 to 1000`;
    if (p.sigVerifyCostEd25519 > MOST) return `sig_verify_cost_ed25519: got ${p.sigVerifyCostEd25519}, want 1 to ${MOST}`;
    if (p.sigVerifyCostSecp256k1 > MOST) return `sig_verify_cost_secp256k1: got ${p.sigVerifyCostSecp256k1}, want 1 to ${MOST}`;
    return undefined;
  },
});
