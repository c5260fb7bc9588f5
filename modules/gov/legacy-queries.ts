/** The same answers in the older form, converted as the Cosmos SDK converts them (x/gov/migrations/v3/convert.go). */
import { utf8 } from "#kernel/bytes.js";
import { parseDec } from "#kernel/dec.js";
import { sdk } from "#kernel/errors.js";
import type { QueryHandlers } from "#kernel/services.js";
import type * as v1 from "#proto/gen/cosmos/gov/v1/gov.js";
import { MsgExecLegacyContent } from "#proto/gen/cosmos/gov/v1/tx.js";
import type * as legacy from "#proto/gen/cosmos/gov/v1beta1/gov.js";
import type { GovQuery as LegacyQuery } from "#proto/gen/cosmos/gov/v1beta1/query.js";
import type { GovQuery } from "#proto/gen/cosmos/gov/v1/query.js";
import { textProposal } from "./legacy.js";

/** Go's zero time, which stands for none. */
const NO_TIME = { seconds: -62_135_596_800n, nanos: 0 };
const NOTHING = { seconds: 0n, nanos: 0 };
const dec = (text: string): string => `${parseDec(text)}`;

const tallyOf = (t: v1.TallyResult | undefined): legacy.TallyResult => ({ yes: t?.yesCount ?? "0", abstain: t?.abstainCount ?? "0", no: t?.noCount ?? "0", noWithVeto: t?.noWithVetoCount ?? "0" });
const voteOf = (v: v1.Vote): legacy.Vote => ({ proposalId: v.proposalId, voter: v.voter, option: 0, options: v.options.map(({ option, weight }) => ({ option, weight: dec(weight) })) });

function proposalOf(p: v1.Proposal): legacy.Proposal {
  const [message, another] = p.messages;
  if (!message || another) throw sdk.invalidType("can't convert a gov/v1 Proposal to gov/v1beta1 Proposal when amount of proposal messages not exactly one");
  let content = message;
  if (message.typeUrl === MsgExecLegacyContent.typeUrl) {
    const inner = MsgExecLegacyContent.decode(message.value).content;
    textProposal(inner);
    content = inner ?? message;
  }
  return {
    proposalId: p.id,
    content,
    status: p.status,
    finalTallyResult: tallyOf(p.finalTallyResult),
    submitTime: p.submitTime ?? NO_TIME,
    depositEndTime: p.depositEndTime ?? NO_TIME,
    totalDeposit: p.totalDeposit,
    votingStartTime: p.votingStartTime ?? NO_TIME,
    votingEndTime: p.votingEndTime ?? NO_TIME,
  };
}

export const legacyQueries = (q: QueryHandlers<typeof GovQuery>): QueryHandlers<typeof LegacyQuery> => ({
  proposal: (ctx, request) => {
    const { proposal } = q.proposal(ctx, request);
    return { proposal: proposal && proposalOf(proposal) };
  },
  proposals(ctx, request) {
    const { proposals, pagination } = q.proposals(ctx, request);
    return { proposals: proposals.map(proposalOf), pagination };
  },
  vote(ctx, request) {
    const { vote } = q.vote(ctx, request);
    return { vote: vote && voteOf(vote) };
  },
  votes(ctx, request) {
    const { votes, pagination } = q.votes(ctx, request);
    return { votes: votes.map(voteOf), pagination };
  },
  params(ctx, { paramsType }) {
    const { votingParams, depositParams, tallyParams } = q.params(ctx, { paramsType });
    if (!votingParams && !depositParams && !tallyParams) throw sdk.invalidRequest(`${paramsType} is not a valid parameter type`);
    const bytes = (text: string | undefined): Uint8Array => utf8(text === undefined ? "0" : dec(text));
    return {
      votingParams: { votingPeriod: votingParams?.votingPeriod ?? NOTHING },
      depositParams: { minDeposit: depositParams?.minDeposit ?? [], maxDepositPeriod: depositParams?.maxDepositPeriod ?? NOTHING },
      tallyParams: { quorum: bytes(tallyParams?.quorum), threshold: bytes(tallyParams?.threshold), vetoThreshold: bytes(tallyParams?.vetoThreshold) },
    };
  },
  deposit: (ctx, request) => q.deposit(ctx, request),
  deposits: (ctx, request) => q.deposits(ctx, request),
  tallyResult: (ctx, request) => ({ tally: tallyOf(q.tallyResult(ctx, request).tally) }),
});
