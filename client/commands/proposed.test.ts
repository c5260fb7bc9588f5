import test from "ava";
import { Params, Proposal, ProposalStatus } from "#proto/gen/cosmos/gov/v1/gov.js";
import { MsgSubmitProposalResponse, MsgVoteResponse } from "#proto/gen/cosmos/gov/v1/tx.js";
import { MsgSubmitProposalResponse as OlderResponse } from "#proto/gen/cosmos/gov/v1beta1/tx.js";
import { nextOf, proposalsOf } from "./proposed.js";

const upouw = (amount: string) => ({ denom: "upouw", amount });
const units = { bond: "upouw", metadata: [] };
const params = Params.create({ minDeposit: [upouw("10")], expeditedMinDeposit: [upouw("50")] });
const at = { seconds: 1_769_860_800n, nanos: 5 };

test("the numbers of proposals are read from the answers to their messages, of both versions", (t) => {
  const responses = [
    { typeUrl: MsgSubmitProposalResponse.typeUrl, value: MsgSubmitProposalResponse.encode({ proposalId: 7n }) },
    { typeUrl: MsgVoteResponse.typeUrl, value: new Uint8Array(0) },
    { typeUrl: OlderResponse.typeUrl, value: OlderResponse.encode({ proposalId: 8n }) },
  ];
  t.deepEqual(proposalsOf({ responses }), [7n, 8n]);
});

test("a proposal's next step is the deposit that is still wanted, or its vote", (t) => {
  const waiting = { id: 3n, status: ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD, totalDeposit: [upouw("4")], depositEndTime: at };
  t.is(nextOf(Proposal.create(waiting), params, units), "proposal 3 wants 6upouw more of deposits until 2026-01-31T12:00:00Z, then it is voted on: pouwd tx gov deposit 3 6upouw --from KEY");
  t.regex(nextOf(Proposal.create({ ...waiting, expedited: true }), params, units), /wants 46upouw more/);
  t.is(nextOf(Proposal.create({ id: 3n, status: ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD, votingEndTime: at }), params, units), "proposal 3 is voted on until 2026-01-31T12:00:00Z: pouwd tx gov vote 3 yes --from KEY");
});
