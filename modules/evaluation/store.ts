/** Keys of `evaluation`: 1 submission by slot · 2 commitment and reveal by evaluator · 3 payouts · 4 scores that stand. */
import { concat, u32be, u64be } from "#kernel/bytes.js";
import { collection } from "#kernel/store.js";
import { Payout, ScoreReveal, SlotScore, Submission } from "#proto/gen/pouw.js";

export const STORE = "evaluation";
export const submissions = collection<[task: bigint, slot: number], Submission>(STORE, 1, (_, task, slot) => concat(u64be(task), u32be(slot)), Submission);
export const reveals = collection<[task: bigint, evaluator: string], ScoreReveal>(STORE, 2, (env, task, evaluator) => concat(u64be(task), env.addresses.parse(evaluator)), ScoreReveal);
export const payouts = collection<[task: bigint, number: number], Payout>(STORE, 3, (_, task, n) => concat(u64be(task), u32be(n)), Payout);
export const scores = collection<[task: bigint, slot: number], SlotScore>(STORE, 4, (_, task, slot) => concat(u64be(task), u32be(slot)), SlotScore);
