/** The store `mint`: prefixes as in the Cosmos SDK. */
import { defineStore } from "#kernel/store.js";
import { Minter } from "#proto/gen/cosmos/mint/v1beta1/mint.js";

export const store = defineStore("mint");
export const minter = store.item(0x00, "what is minted at present", Minter);
// 0x01: params.ts
