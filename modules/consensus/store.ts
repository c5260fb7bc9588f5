/** The store `consensus`. */
import { defineStore } from "#kernel/store.js";
import { ConsensusParams } from "#proto/gen/tendermint/types/params.js";

export const store = defineStore("consensus");
export const engineParams = store.item(1, "what the engine is set to from the next block on", ConsensusParams);
