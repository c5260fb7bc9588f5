/** What `work` tells of jobs, verdicts and what follows from them. Kinds and codes are words, roles the numbers of the .proto. */
import { defineEvent } from "#kernel/events.js";

export const workEvents = {
  jobQueued: defineEvent("job_queued", "job", "kind", "task", "slot", "seq", "deadline"),
  claimSubmitted: defineEvent("claim_submitted", "job", "task", "slot", "seq", "miner", "draw"),
  auditDrawn: defineEvent("audit_drawn", "job", "task", "slot", "seq", "head"),
  verdict: defineEvent("verdict", "job", "task", "validator", "code", "reason"),
  jobDecided: defineEvent("job_decided", "job", "kind", "task", "slot", "seq", "code", "reason"),
  jobLapsed: defineEvent("job_lapsed", "job", "kind", "task", "slot", "seq"),
  rewardPaid: defineEvent("reward_paid", "job", "task", "slot", "seq", "miner", "reward", "to_miner", "to_each_verifier", "verifiers"),
  slashed: defineEvent("slashed", "job", "task", "role", "index", "worker", "code", "amount"),
  depositBurned: defineEvent("deposit_burned", "job", "supervisor", "amount"),
  depositReturned: defineEvent("deposit_returned", "job", "supervisor", "amount"),
  retarget: defineEvent("retarget", "target", "paid_claims"),
};
