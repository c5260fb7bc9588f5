/** The store `slashing`: prefixes as in the Cosmos SDK; a missed block is a key, not a bit of a chunk. */
import { bytes, key, u64 } from "#kernel/keys.js";
import { defineStore } from "#kernel/store.js";
import { ValidatorSigningInfo } from "#proto/gen/cosmos/slashing/v1beta1/slashing.js";

export const store = defineStore("slashing");
// 0x00: params.ts
export const infos = store.map(0x01, "how a validator signed of late, by its consensus address", key(bytes(20)), ValidatorSigningInfo);
export const missedBlocks = store.set(0x02, "places of the window whose blocks a validator missed", key(bytes(20), u64));
