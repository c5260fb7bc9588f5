/** Proposals of every module's messages, deposits, votes. */
import { ONE } from "#kernel/dec.js";
import type { EncodedMessage } from "#kernel/services.js";
import { ProposalStatus, VoteOption } from "#proto/gen/cosmos/gov/v1/gov.js";
import { GovQuery } from "#proto/gen/cosmos/gov/v1/query.js";
import { MsgCancelProposal, MsgDeposit, MsgExecLegacyContent, MsgSubmitProposal, MsgUpdateParams, MsgVote, MsgVoteWeighted } from "#proto/gen/cosmos/gov/v1/tx.js";
import { TextProposal } from "#proto/gen/cosmos/gov/v1beta1/gov.js";
import * as legacy from "#proto/gen/cosmos/gov/v1beta1/tx.js";
import { coin } from "#test/chain/chain.js";
import { encoded, type ModuleOperations } from "../operation.js";
import type { Simulation } from "../simulation.js";
import { changed } from "./params.js";

type Governed = NonNullable<ModuleOperations["governed"]>[number];

const { VOTE_OPTION_YES: YES, VOTE_OPTION_NO: NO, VOTE_OPTION_NO_WITH_VETO: VETO, VOTE_OPTION_ABSTAIN: ABSTAIN } = VoteOption;
const OPTIONS: readonly (readonly [number, VoteOption])[] = [[86, YES], [6, NO], [2, VETO], [5, ABSTAIN], [1, VoteOption.VOTE_OPTION_UNSPECIFIED]];
const text = (): EncodedMessage => encoded(TextProposal, { title: "A text", description: "that does nothing" });
const seconds = (n: number) => ({ seconds: BigInt(n), nanos: 0 });
const decimal = (hundredths: number): string => `0.${`${hundredths}`.padStart(2, "0")}0000000000000000`;

/** Submits what some module's file says of `governed`. */
function submitter(governed: readonly Governed[]) {
  return (s: Simulation): void => {
    const { random } = s;
    // Each kind in its turn, so that none is left out for long; each seed begins with another.
    const turn = governed[(s.seed * 7 + (s.done.get(MsgSubmitProposal.typeUrl) ?? 0)) % governed.length] as Governed;
    const messages = [turn(s), ...Array.from({ length: random.percent(85) ? 0 : random.between(1, 2) }, () => random.pick(governed)(s))].slice(random.percent(97) ? 0 : 3);
    const enough = random.percent(85);
    const expedited = random.percent(20);
    const initialDeposit = random.percent(3) ? [] : [coin(BigInt(enough ? (expedited ? 50_000 : 10_000) : random.between(100, 9_999)))];
    s.send(MsgSubmitProposal, { messages, initialDeposit, proposer: random.pick(s.names.accounts), metadata: "", title: "A change", summary: "of what a module does", expedited });
  };
}

const submitText = (s: Simulation): void => void s.send(legacy.MsgSubmitProposal, { content: text(), initialDeposit: [coin(BigInt(s.random.between(1_000, 10_000)))], proposer: s.random.pick(s.names.accounts) });

const proposals = (s: Simulation, proposalStatus: ProposalStatus) => s.chain.query(GovQuery.methods.proposals, { proposalStatus }).proposals;

function deposit(s: Simulation): void {
  const { random } = s;
  const p = random.some(proposals(s, random.percent(80) ? ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD : ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD));
  const amount = [coin(BigInt(random.between(100, 10_000)))];
  if (p) s.send(random.percent(60) ? MsgDeposit : legacy.MsgDeposit, { proposalId: p.id, depositor: random.pick(s.names.accounts), amount });
}

/** Those with stake mostly want it. */
function vote(s: Simulation): void {
  const { random } = s;
  for (const { id: proposalId } of proposals(s, ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD)) {
    const operators = s.chain.k.staking.all(s.chain.ctx).map((v) => v.operator);
    for (const voter of [...operators.filter(() => random.percent(45)), random.pick(s.names.accounts)]) {
      const option = random.weighted(OPTIONS);
      if (random.percent(75)) s.send(random.percent(80) ? MsgVote : legacy.MsgVote, { proposalId, voter, option });
      else if (random.percent(50)) s.send(MsgVoteWeighted, { proposalId, voter, options: [{ option, weight: "0.7" }, { option: ABSTAIN, weight: "0.3" }] });
      else s.send(legacy.MsgVoteWeighted, { proposalId, voter, options: [{ option: YES, weight: `${ONE / 2n}` }, { option: NO, weight: `${ONE / 2n}` }] });
    }
  }
}

function cancel(s: Simulation): void {
  const p = s.random.some(proposals(s, ProposalStatus.PROPOSAL_STATUS_UNSPECIFIED).slice(-3));
  if (p) s.send(MsgCancelProposal, { proposalId: p.id, proposer: s.random.percent(90) ? p.proposer : s.random.pick(s.names.accounts) });
}

const own: readonly Governed[] = [
  (s) => encoded(MsgExecLegacyContent, { authority: s.authority, content: text() }),
  (s) => {
    const { random } = s;
    const params = changed(s, s.chain.k.gov.params(s.chain.ctx), {
      votingPeriod: () => seconds(random.between(6, 16)), expeditedVotingPeriod: () => seconds(random.between(2, 7)), maxDepositPeriod: () => seconds(random.between(5, 30)), quorum: () => decimal(random.between(0, 40)),
      vetoThreshold: () => decimal(random.between(20, 50)), proposalCancelRatio: () => decimal(random.between(0, 99)), proposalCancelDest: () => (random.percent(50) ? "" : random.pick(s.names.accounts)), minInitialDepositRatio: () => decimal(random.below(20)),
      burnVoteQuorum: () => random.percent(50), burnVoteVeto: () => random.percent(50), burnProposalDepositPrevote: () => random.percent(50),
    });
    return encoded(MsgUpdateParams, { authority: s.authority, params });
  },
];

/** With what the other modules leave to votes. */
export const gov = (governed: readonly Governed[]): ModuleOperations => ({
  operations: [[12, submitter([...governed, ...own])], [1, submitText], [5, deposit], [13, vote], [1, cancel]],
});
