/** The store `validators`. */
import { bytes, key, lastAddress } from "#kernel/keys.js";
import { decimalValue, defineStore, textValue } from "#kernel/store.js";
import { Validator } from "#proto/gen/pouw/validators/v1/types.js";

export const store = defineStore("validators");
export const validators = store.map(1, "a validator by its operator", key(lastAddress), Validator);
export const operators = store.map(2, "the operator of the validator with a consensus address", key(bytes(20)), textValue);
export const told = store.map(3, "power as CometBFT last heard of it, by consensus key", key(bytes(32)), decimalValue);
// 4: params.ts
