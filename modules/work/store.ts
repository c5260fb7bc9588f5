/** The store `work`. What belongs to a task goes when its seats have been unlocked for a while; its totals stay for good. */
import { key, lastText, u32, u64 } from "#kernel/keys.js";
import { defineStore, record, u256Value, u64Value, type View } from "#kernel/store.js";
import { JobCounters, Job as WireJob, WorkTotals } from "#proto/gen/pouw/work/v1/types.js";
import { anchoredWorkRecord, type Lottery, lotteryRecord } from "./records.js";
import { parseJob, wireJob } from "./types.js";

export const store = defineStore("work");

export const jobs = store.map(1, "a job by id", key(u64), record(WireJob, parseJob, wireJob));
export const openIds = store.set(2, "undecided jobs by id", key(u64));
export const jobsOfTask = store.set(3, "jobs by task and id", key(u64, u64));
export const claims = store.map(4, "the claim's job by task, slot and sequence number", key(u64, u32, u64), u64Value);
export const targets = store.map(5, "the target in force in a block, by height", key(u64), u256Value);
const lotteryItem = store.item(6, "the lottery", lotteryRecord);
// An operator as text: verifiers are paid in this order.
export const agreeing = store.map(7, "how many verdicts agree with their decision, by task and operator", key(u64, lastText), u64Value);
export const totals = store.map(8, "a task's counters by task, kept for good", key(u64), WorkTotals);
export const anchored = store.map(9, "what a block anchored, by height: the last hundred", key(u64), anchoredWorkRecord);
export const audits = store.map(10, "the newest audit's job by task, slot and sequence number", key(u64, u32, u64), u64Value);
export const convictions = store.map(11, "the job that convicted, by task, slot, verdict code, and sequence number of the head or 0 for a miner's fault", key(u64, u32, u32, u64), u64Value);
store.retired(12, "drawn audits that waited to be queued");
const countersItem = store.item(13, "how jobs are numbered and how many are open", JobCounters);
export const PARAMS_PREFIX = 14;
export const openOfHead = store.set(15, "undecided jobs by task, slot, sequence number of their head, and id", key(u64, u32, u64, u64));
export const openClaims = store.set(16, "undecided claims by task, slot and id", key(u64, u32, u64));

export const lottery = {
  /** Throws before InitChain has written it. */
  get(view: View): Lottery {
    const l = lotteryItem.get(view);
    if (!l) throw new Error("work: there is no lottery; InitChain writes it");
    return l;
  },
  set: lotteryItem.set,
};

export const counters = {
  get: (view: View): JobCounters => countersItem.get(view) ?? { nextId: 1n, open: 0, openClaims: 0 },
  set: countersItem.set,
};
