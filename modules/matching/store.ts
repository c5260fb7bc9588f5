/** The store `matching`. */
import { address, key, u32, u64 } from "#kernel/keys.js";
import { defineStore, record } from "#kernel/store.js";
import { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import { parseSeat, wireSeat } from "./types.js";

export const store = defineStore("matching");
export const seats = store.map(1, "a seat by task, role and index", key(u64, u32, u32), record(Seat, parseSeat, wireSeat));
export const held = store.set(2, "seats that a worker holds: worker, task, role and index", key(address, u64, u32, u32));
// 3: params.ts
