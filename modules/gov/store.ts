/** The store `gov`: prefixes as in the Cosmos SDK; a time in a key is a number of nanoseconds. The last two are this chain's own. */
import { address, key, u64 } from "#kernel/keys.js";
import { defineStore, record, u64Value } from "#kernel/store.js";
import { Deposit, Proposal, Vote } from "#proto/gen/cosmos/gov/v1/gov.js";
import { QueryConstitutionResponse } from "#proto/gen/cosmos/gov/v1/query.js";
import { TallyProgress } from "#proto/gen/pouw/gov/v1/state.js";
import { parseProposal, wireProposal } from "./wire.js";

export const store = defineStore("gov");
export const proposals = store.map(0x00, "a proposal by its number", key(u64), record(Proposal, parseProposal, wireProposal));
export const activeQueue = store.set(0x01, "when voting on a proposal ends, nanoseconds", key(u64, u64));
export const inactiveQueue = store.set(0x02, "when a proposal without its deposit is dropped, nanoseconds", key(u64, u64));
export const nextId = store.item(0x03, "the number of the next proposal", u64Value);
export const inVoting = store.set(0x04, "proposals that are voted on", key(u64));
export const deposits = store.map(0x10, "a deposit by proposal and depositor", key(u64, address), Deposit);
export const votes = store.map(0x20, "a vote by proposal and voter", key(u64, address), Vote);
// 0x30: params.ts
export const constitution = store.item(0x31, "the chain's constitution", QueryConstitutionResponse);
export const tallies = store.map(0x40, "a count that goes on in the next block, by proposal", key(u64), TallyProgress);
export const closings = store.map(0x41, "what is still to be done of a proposal that was decided", key(u64), u64Value);
