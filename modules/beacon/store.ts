/** The store `beacon`. */
import { key, lastAddress, u64 } from "#kernel/keys.js";
import { defineStore, rawValue, record, u64Value } from "#kernel/store.js";
import { BeaconKey } from "#proto/gen/pouw/beacon/v1/types.js";
import { parseBeaconKey, wireBeaconKey } from "./types.js";

export const store = defineStore("beacon");
export const values = store.map(1, "beacon(height), 32 bytes", key(u64), rawValue);
export const newest = store.item(2, "height of the newest value", u64Value);
store.retired(3, "proof of possession of an operator's registered key, which stands in its record now");
export const keys = store.map(4, "a validator's beacon keys by its operator", key(lastAddress), record(BeaconKey, parseBeaconKey, wireBeaconKey));
