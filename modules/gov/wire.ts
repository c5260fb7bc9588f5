/** Proposals as the Cosmos SDK has them on the wire, from and to the domain's. */
import { instantOf, nanosecondsOf } from "#kernel/time.js";
import { type Proposal as Wire, TallyResult } from "#proto/gen/cosmos/gov/v1/gov.js";
import { readCoins, wireCoins } from "./coins.js";
import type { Closing, Proposal } from "./types.js";

export const NO_TALLY: TallyResult = { yesCount: "0", abstainCount: "0", noCount: "0", noWithVetoCount: "0" };

export const wireProposal = (p: Proposal): Wire => ({
  id: p.id,
  messages: p.messages.map(({ typeUrl, value }) => ({ typeUrl, value })),
  status: p.status,
  finalTallyResult: { ...p.tally },
  submitTime: instantOf(p.submitNs),
  depositEndTime: instantOf(p.depositEndNs),
  totalDeposit: wireCoins(p.deposit),
  votingStartTime: p.voting && instantOf(p.voting.startNs),
  votingEndTime: p.voting && instantOf(p.voting.endNs),
  metadata: p.metadata,
  title: p.title,
  summary: p.summary,
  proposer: p.proposer,
  expedited: p.expedited,
  failedReason: p.failedReason,
});

/** Throws for what no proposal of this module could be. */
export function parseProposal(w: Wire): Proposal {
  const deposit = readCoins(w.totalDeposit);
  if (!deposit) throw new Error("total_deposit: want coins, ascending by denomination");
  if (!w.votingStartTime !== !w.votingEndTime) throw new Error("voting_end_time: want it with voting_start_time, or neither");
  return {
    id: w.id,
    messages: w.messages,
    status: w.status,
    tally: w.finalTallyResult ?? NO_TALLY,
    submitNs: nanosecondsOf(w.submitTime),
    depositEndNs: nanosecondsOf(w.depositEndTime),
    deposit,
    voting: w.votingStartTime && w.votingEndTime ? { startNs: nanosecondsOf(w.votingStartTime), endNs: nanosecondsOf(w.votingEndTime) } : undefined,
    metadata: w.metadata,
    title: w.title,
    summary: w.summary,
    proposer: w.proposer,
    expedited: w.expedited,
    failedReason: w.failedReason,
  };
}

/** By the number that stands in the store. */
const CLOSINGS: readonly Closing[] = [
  { deposits: "refund", drop: false },
  { deposits: "burn", drop: false },
  { deposits: "keep", drop: false },
  { deposits: "refund", drop: true },
  { deposits: "burn", drop: true },
];
export const closingNumber = (c: Closing): bigint => BigInt(CLOSINGS.findIndex((x) => x.deposits === c.deposits && x.drop === c.drop));
export const closingOf = (n: bigint): Closing => CLOSINGS[Number(n)] ?? { deposits: "refund", drop: false };
