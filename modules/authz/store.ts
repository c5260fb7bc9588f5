/** The store `authz`, laid out as the Cosmos SDK has it. */
import { address, instant, key, lastText } from "#kernel/keys.js";
import { defineStore } from "#kernel/store.js";
import { Grant, GrantQueueItem } from "#proto/gen/cosmos/authz/v1beta1/authz.js";

export const store = defineStore("authz");
export const grants = store.map(0x01, "what a granter allows a grantee, by the message's type", key(address, address, lastText), Grant);
export const queue = store.map(0x02, "types of what ends at an instant, by granter and grantee", key(instant, address, address), GrantQueueItem);
