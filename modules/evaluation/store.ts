/** What `evaluation` keeps, all of it by task. */
import { key, lastAddress, u32, u64 } from "#kernel/keys.js";
import { defineStore, record } from "#kernel/store.js";
import { Payout, ScoreReveal, SlotScore, Submission } from "#proto/gen/pouw/evaluation/v1/types.js";
import { parseCommitment, parsePayment, wireCommitment, wirePayment } from "./types.js";

export const store = defineStore("evaluation");
export const submissions = store.map(1, "the model that a slot stands for, by task and slot", key(u64, u32), Submission);
export const commitments = store.map(2, "what an evaluator committed to and revealed, by task and evaluator", key(u64, lastAddress), record(ScoreReveal, parseCommitment, wireCommitment));
export const payments = store.map(3, "a payment of Payout, by task and its place among them", key(u64, u32), record(Payout, parsePayment, wirePayment));
export const scores = store.map(4, "a score that stands, by task and slot", key(u64, u32), SlotScore);
/** the prefix of the parameters, which params.ts declares */
export const PARAMS_PREFIX = 5;
