/** The store `supervision`. Advances and attestations are pruned together; slots are kept for good. */
import { address, key, u32, u64 } from "#kernel/keys.js";
import { defineStore, rawValue, record } from "#kernel/store.js";
import { AnchoredHead, AttestedHead, Advance as WireAdvance, Slot as WireSlot } from "#proto/gen/pouw/supervision/v1/types.js";
import { parseAdvance, parseSlot, wireSlot, type Advance } from "./types.js";

export const store = defineStore("supervision");

export const slots = store.map(1, "a slot by task and index", key(u64, u32), record(WireSlot, parseSlot, wireSlot));
export const advances = store.map(2, "the head of a kept advance by task, slot and sequence number", key(u64, u32, u64), AnchoredHead);
export const advancesByHeight = store.map(3, "a kept advance by height, task and slot", key(u64, u64, u32), record(WireAdvance, parseAdvance, (a: Advance) => a));
export const attestations = store.map(4, "the header hash that a seat attested there first, by task, slot, sequence number and supervisor's seat", key(u64, u32, u64, u32), rawValue);
export const highest = store.map(5, "the highest head that a seat attested, by task, slot and supervisor's seat", key(u64, u32, u32), AttestedHead);
export const reported = store.set(6, "slots whose miner was proven to have signed two histories, by task and slot", key(u64, u32));
export const requests = store.set(7, "audits that were asked for, kept an anchor interval, by task, supervisor, height and job", key(u64, address, u64, u64));
export const PARAMS_PREFIX = 8;
