/** The Cosmos SDK's own errors of `gov`. */
import { invalidSigner } from "#kernel/authority.js";
import { defineError } from "#kernel/errors.js";

const error = (code: number, text: string) => defineError("gov", code, text);

export const govErrors = {
  inactive: error(3, "inactive proposal"),
  invalidContent: error(5, "invalid proposal content"),
  invalidVote: error(7, "invalid vote option"),
  noHandler: error(9, "no handler exists for proposal type"),
  unroutable: error(10, "proposal message not recognized by router"),
  noMessages: error(11, "no messages proposed"),
  invalidMessage: error(12, "invalid proposal message"),
  invalidSigner,
  metadataTooLong: error(15, "metadata too long"),
  depositTooSmall: error(16, "minimum deposit is too small"),
  invalidProposer: error(18, "invalid proposer"),
  votingEnded: error(20, "voting period already ended"),
  invalidProposal: error(21, "invalid proposal"),
  summaryTooLong: error(22, "summary too long"),
  depositDenom: error(23, "invalid deposit denom"),
};
