/** The Cosmos SDK's own events of `gov`. */
import { defineEvent } from "#kernel/events.js";

export const govEvents = {
  submitted: defineEvent("submit_proposal", "proposal_id", "proposal_proposer", "proposal_messages"),
  submittedToVote: defineEvent("submit_proposal", "voting_period_start"),
  deposited: defineEvent("proposal_deposit", "depositor", "amount", "proposal_id"),
  depositedToVote: defineEvent("proposal_deposit", "voting_period_start"),
  voted: defineEvent("proposal_vote", "voter", "option", "proposal_id"),
  dropped: defineEvent("inactive_proposal", "proposal_id", "proposal_result"),
  decided: defineEvent("active_proposal", "proposal_id", "proposal_result", "proposal_log"),
  cancelled: defineEvent("cancel_proposal", "sender", "proposal_id"),
};
