/** The price of gas changes by votes; messages of the simulation pay none. */
import { MsgUpdateParams } from "#proto/gen/pouw/fees/v1/tx.js";
import { encoded, type ModuleOperations } from "../operation.js";
import { changed } from "./params.js";

export const fees: ModuleOperations = {
  operations: [],
  governed: [
    (s) => encoded(MsgUpdateParams, { authority: s.authority, params: changed(s, s.chain.k.fees.params(s.chain.ctx), { maxTxShare: () => s.random.between(10_000, 1_000_001), laneShare: () => s.random.between(0, 900_001) }) }),
  ],
};
