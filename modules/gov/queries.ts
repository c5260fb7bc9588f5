/** What anybody can ask of proposals, as the Cosmos SDK answers it. */
import type { QueryContext } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { paginate } from "#kernel/pagination.js";
import type { QueryHandlers } from "#kernel/services.js";
import type { GovQuery, QueryParamsResponse } from "#proto/gen/cosmos/gov/v1/query.js";
import { isOpen } from "./keeper/books.js";
import type { GovWriter } from "./keeper/index.js";
import { constitution, deposits, proposals, votes } from "./store.js";
import { type Proposal, ProposalStatus } from "./types.js";
import { wireProposal } from "./wire.js";

const STATUSES: readonly number[] = Object.values(ProposalStatus).filter((s) => s !== ProposalStatus.PROPOSAL_STATUS_UNSPECIFIED);

export function govQueries(keeper: GovWriter): QueryHandlers<typeof GovQuery> {
  const numbered = (id: bigint): void => {
    if (id === 0n) throw sdk.invalidRequest("proposal id can not be 0");
  };
  const must = (ctx: QueryContext, id: bigint): Proposal => {
    numbered(id);
    const proposal = keeper.proposal(ctx, id);
    if (!proposal) throw sdk.keyNotFound(`proposal ${id} doesn't exist`);
    return proposal;
  };
  const account = (ctx: QueryContext, text: string): string => ctx.addresses.format(ctx.addresses.parse(text));

  return {
    constitution: (ctx) => ({ constitution: constitution.get(ctx)?.constitution ?? "" }),
    proposal: (ctx, { proposalId }) => ({ proposal: wireProposal(must(ctx, proposalId)) }),
    proposals(ctx, { proposalStatus, voter, depositor, pagination: request }) {
      const by = voter === "" ? undefined : account(ctx, voter);
      const from = depositor === "" ? undefined : account(ctx, depositor);
      const status = STATUSES.includes(proposalStatus) ? proposalStatus : undefined;
      const { items, pagination } = paginate(ctx, proposals, request, undefined, ({ key: [id], value }) =>
        (status === undefined || value.status === status) && (by === undefined || votes.has(ctx, id, by)) && (from === undefined || deposits.has(ctx, id, from)),
      );
      return { proposals: items.map(({ value }) => wireProposal(value)), pagination };
    },
    vote(ctx, { proposalId, voter }) {
      numbered(proposalId);
      if (voter === "") throw sdk.invalidRequest("empty voter address");
      const vote = votes.get(ctx, proposalId, account(ctx, voter));
      if (!vote) throw sdk.invalidRequest(`voter: ${voter} not found for proposal: ${proposalId}`);
      return { vote };
    },
    votes(ctx, { proposalId, pagination: request }) {
      numbered(proposalId);
      const { items, pagination } = paginate(ctx, votes, request, [proposalId]);
      return { votes: items.map(({ value }) => value), pagination };
    },
    params(ctx, { paramsType }) {
      const p = keeper.params(ctx);
      const parts: Readonly<Record<string, Partial<QueryParamsResponse>>> = {
        "": {},
        deposit: { depositParams: { minDeposit: p.minDeposit, maxDepositPeriod: p.maxDepositPeriod } },
        voting: { votingParams: { votingPeriod: p.votingPeriod } },
        tallying: { tallyParams: { quorum: p.quorum, threshold: p.threshold, vetoThreshold: p.vetoThreshold } },
      };
      const part = Object.hasOwn(parts, paramsType) ? parts[paramsType] : undefined;
      if (!part) throw sdk.invalidRequest(`unknown params type: ${paramsType.slice(0, 100)}`);
      return { ...part, params: p };
    },
    deposit(ctx, { proposalId, depositor }) {
      numbered(proposalId);
      if (depositor === "") throw sdk.invalidRequest("empty depositor address");
      const deposit = deposits.get(ctx, proposalId, account(ctx, depositor));
      if (!deposit) throw sdk.keyNotFound(`depositor: ${depositor} not found for proposal: ${proposalId}`);
      return { deposit };
    },
    deposits(ctx, { proposalId, pagination: request }) {
      numbered(proposalId);
      const { items, pagination } = paginate(ctx, deposits, request, [proposalId]);
      return { deposits: items.map(({ value }) => value), pagination };
    },
    tallyResult(ctx, { proposalId }) {
      const proposal = must(ctx, proposalId);
      const voted = isOpen(proposal) && proposal.status === ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD;
      return { tally: voted ? keeper.tally(ctx, proposal) : proposal.tally };
    },
  };
}
