/** The terms of a task by the parameters' defaults, for tests of one module alone. */
import { Terms } from "#proto/gen/pouw/tasks/v1/types.js";

export const TERMS: Readonly<Terms> = Terms.create({
  supervisorsShare: 150_000, evaluatorsShare: 100_000, verifiersShare: 50_000, rankShare: 300_000,
  joinBlocks: 20n, submissionBlocks: 10n, revealKeyBlocks: 100n, commitBlocks: 20n, revealScoresBlocks: 20n, seatUnlockBlocks: 200n, maxRedraws: 3,
  anchorInterval: 5n, stallBlocks: 40n, supervisorStallBlocks: 60n, auditRequestWindow: 20n, drawDelay: 2n, claimWindow: 20n, verdictWindow: 30n,
  slashNoShow: 10_000, slashStall: 50_000, slashEquivocation: 1_000_000, slashUnavailable: 100_000, slashResidual: 500_000, slashInvalid: 1_000_000, slashEvaluator: 500_000,
  equivocationBounty: 100_000, auditDeposit: 10_000, verifiersCut: 100_000,
});
