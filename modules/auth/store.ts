/** The store of `auth`, laid out as the Cosmos SDK has it. */
import { i64, key, lastAddress, u64 } from "#kernel/keys.js";
import { defineStore, rawValue, u64Value } from "#kernel/store.js";
import { accountValue } from "./account.js";

export const store = defineStore("acc");

/** params.ts declares what stands there. */
export const PARAMS = 0;
export const accounts = store.map(1, "an Any of the account, by its address", key(lastAddress), accountValue);
export const nextNumber = store.item(2, "the number of the next account, eight bytes", u64Value);
export const addressByNumber = store.map(3, "the raw address of an account by its number", key(u64), rawValue);
export const timeouts = store.set(90, "when an unordered transaction ends, nanoseconds, and who signed it: until then it is not taken again", key(i64, lastAddress));
