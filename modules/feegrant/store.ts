/** The store `feegrant`, laid out as the Cosmos SDK has it: grantees come first. */
import { address, instant, key } from "#kernel/keys.js";
import { defineStore } from "#kernel/store.js";
import { Grant } from "#proto/gen/cosmos/feegrant/v1beta1/feegrant.js";

export const store = defineStore("feegrant");
export const grants = store.map(0x00, "what a granter pays of a grantee's fees, by grantee and granter", key(address, address), Grant);
export const queue = store.set(0x01, "what ends at an instant, by grantee and granter", key(instant, address, address));
