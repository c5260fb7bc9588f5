/** Parameters of `distribution`: the Cosmos SDK's, with its defaults. */
import { fromWire, ONE } from "#kernel/dec.js";
import { defineParams } from "#kernel/params.js";
import { Params } from "#proto/gen/cosmos/distribution/v1beta1/distribution.js";
import { store } from "./store.js";

export const params = defineParams(store, 0x09, Params, {
  defaults: { communityTax: `${ONE / 50n}`, baseProposerReward: "0", bonusProposerReward: "0", withdrawAddrEnabled: true },
  check(p) {
    const tax = fromWire(p.communityTax);
    if (tax < 0n || tax > ONE) return "community_tax: want 0 to 1";
    return undefined;
  },
});
