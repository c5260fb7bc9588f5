/** The only writer of what the engine is set to. Invariant kept here: blocks have room for transaction 0 of all validators that there may be. */
import { mostValidators } from "#protocol/block-room.js";
import { sizeOf } from "./params.js";
import { engineParams } from "./store.js";
import type { ConsensusKeeper } from "./types.js";

export const consensusKeeper: ConsensusKeeper = {
  params(view) {
    const p = engineParams.get(view);
    if (!p) throw new Error("consensus: there are no parameters; InitChain writes them");
    return p;
  },
  begin: (ctx, params) => engineParams.set(ctx, params),
  begun: (view) => engineParams.get(view) !== undefined,
  mostValidators: (view) => mostValidators(sizeOf(consensusKeeper.params(view))),
};
