/** The store `workers`. */
import { key, lastAddress, u64 } from "#kernel/keys.js";
import { defineStore, record } from "#kernel/store.js";
import { Unbonding, Worker } from "#proto/gen/pouw/workers/v1/types.js";
import { parseWorker, wireWorker } from "./types.js";

export const store = defineStore("workers");
export const workers = store.map(1, "a worker by its address", key(lastAddress), record(Worker, parseWorker, wireWorker));
/** One a worker and height: however often a worker asks within a block, the end of a block has one payment to make. */
export const unbondings = store.map(2, "what is paid to a worker at the end of a block", key(u64, lastAddress), Unbonding);
store.retired(3, "the number of the next unbonding");
export const FORMERLY_DRAWABLE = 4;
store.retired(FORMERLY_DRAWABLE, "workers whose free stake was enough for a seat");
// 5: params.ts
/** A draw walks these alone, from min_seat_stake on: workers without free stake cost nothing to make and must cost nothing to have. */
export const byFreeStake = store.set(6, "workers that have free stake, by how much", key(u64, lastAddress));
