/** Genesis of `evidence`: the proofs that something followed from. */
import { defineGenesis, inside } from "#kernel/genesis.js";
import { Equivocation } from "#proto/gen/cosmos/evidence/v1beta1/evidence.js";
import { GenesisState } from "#proto/gen/cosmos/evidence/v1beta1/genesis.js";
import type { Codec } from "#proto/wire.js";
import { basicFault, hashOf, hashText, unwrapped } from "./equivocation.js";
import { put } from "./keeper.js";
import { evidences } from "./store.js";

export const evidenceGenesis = defineGenesis("evidence", {
  codec: GenesisState,
  types: [Equivocation] as readonly Codec<unknown>[],
  init(ctx, { evidence }, at) {
    evidence.forEach((any, i) => {
      inside(`${at}.evidence[${i}]`, () => {
        const e = unwrapped(any);
        const fault = basicFault(e);
        if (fault) throw new Error(fault);
        const hash = hashOf(ctx.crypto, e);
        if (evidences.has(ctx, hash)) throw new Error(`evidence with hash ${hashText(hash)} already exists`);
        put(ctx, e);
      });
    });
  },
  export: (ctx) => ({ evidence: evidences.list(ctx) }),
});
