/** The store `evidence`, as in the Cosmos SDK. */
import { bytes, key } from "#kernel/keys.js";
import { defineStore } from "#kernel/store.js";
import { Any } from "#proto/gen/google/protobuf/any.js";

export const store = defineStore("evidence");
export const evidences = store.map(0x00, "a proof that something followed from, by its hash", key(bytes(32)), Any);
