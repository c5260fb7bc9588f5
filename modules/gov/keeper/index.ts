/** Proposals from their submission on: x/gov/keeper of the Cosmos SDK. */
import { AUTHORITY } from "#kernel/authority.js";
import type { Context } from "#kernel/context.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import type { EncodedMessage } from "#kernel/services.js";
import type { View } from "#kernel/store.js";
import { nanosecondsOf } from "#kernel/time.js";
import { type Params, Proposal as WireProposal, type TallyResult, type WeightedVoteOption } from "#proto/gen/cosmos/gov/v1/gov.js";
import { codecs } from "#proto/gen/registry.js";
import { anyTypes } from "#proto/json.js";
import { checkAny } from "#proto/any.js";
import { MsgExecLegacyContent } from "#proto/gen/cosmos/gov/v1/tx.js";
import { Budget, UNITS_PER_QUERY } from "../budget.js";
import type { Coins } from "../coins.js";
import { govErrors } from "../errors.js";
import { govEvents } from "../events.js";
import { checkMetadata, checkTexts } from "../metadata.js";
import { params } from "../params.js";
import { inVoting, tallies, votes } from "../store.js";
import { goOn, resultOf } from "../tally.js";
import { type GovKeeper, type GovPorts, type Proposal, ProposalStatus } from "../types.js";
import { optionsText } from "../votes.js";
import { NO_TALLY, wireProposal } from "../wire.js";
import { deleteProposal, enqueue, isCounted, isOpen, proposalAt, putProposal, takeId } from "./books.js";
import { depositing } from "./deposits.js";
import { beginCount, endBlocker } from "./end-block.js";

export interface Draft {
  readonly messages: readonly EncodedMessage[];
  readonly deposit: Coins;
  /** bech32 account, as the Cosmos SDK writes it */
  readonly proposer: string;
  readonly metadata: string;
  readonly title: string;
  readonly summary: string;
  readonly expedited: boolean;
}

export interface GovWriter extends GovKeeper {
  /** Answers the proposal's number. */
  submit(ctx: Context, draft: Draft): bigint;
  deposit(ctx: Context, id: bigint, depositor: string, coins: Coins): void;
  vote(ctx: Context, id: bigint, voter: string, options: readonly WeightedVoteOption[], metadata: string): void;
  cancel(ctx: Context, id: bigint, proposer: string): void;
  /** The votes on a proposal as they stand. Throws where they are more than a query counts. */
  tally(view: View, proposal: Proposal): TallyResult;
  /** Throws what is wrong with them, a deposit that nobody could put down among it. */
  setParams(ctx: Context, next: Params): void;
  endBlock(ctx: Context): void;
}

/** All that a message may hold; what no genesis could say would stand in the way of every export. */
const TYPES = anyTypes(...codecs);
/** Gas for a byte of a new proposal: three times what writing it costs. */
const GAS_PER_BYTE = 90n;

export function govKeeper(ports: GovPorts): GovWriter {
  const deposits = depositing(ports);

  /** A message that can be proposed: the account of governance alone signs it. */
  function checkMessage(ctx: Context, message: EncodedMessage): void {
    const account = ctx.addresses.module(AUTHORITY);
    let signers: readonly string[];
    try {
      signers = ports.router.signers(message);
    } catch (e) {
      if (!(e instanceof ModuleError) || e.codespace !== "sdk") throw e;
      if (!ports.router.takes(message.typeUrl)) throw govErrors.unroutable(message.typeUrl.slice(0, 100));
      throw e.code === sdk.txDecode.code ? e : govErrors.invalidMessage(e.message);
    }
    try {
      checkAny({ ...message }, TYPES);
    } catch (e) {
      throw sdk.txDecode((e as Error).message);
    }
    if (signers.length !== 1) throw govErrors.invalidSigner("");
    if (signers[0] !== account) throw govErrors.invalidSigner(signers[0] as string);
    // Of all others only the vote shows whether they can be run, as in the SDK.
    if (message.typeUrl !== MsgExecLegacyContent.typeUrl) return;
    try {
      ports.router.dispatch(ctx.branch(), account, message);
    } catch (e) {
      if (!(e instanceof ModuleError) || e.codespace !== AUTHORITY || e.code === govErrors.noHandler.code) throw e;
      throw govErrors.invalidContent(e.message);
    }
  }

  return {
    params: (view) => params.get(view),
    proposal: proposalAt,
    countedVoteOf(ctx, account) {
      // few at a time: each block begins a count with half of what is left of its budget
      for (const [id] of tallies.keys(ctx)) if (votes.has(ctx, id, account)) return id;
      return undefined;
    },

    submit(ctx, draft) {
      checkTexts(draft);
      const { messages, deposit, proposer, metadata, title, summary, expedited } = draft;
      if (messages.length === 0 && metadata === "") throw govErrors.noMessages("either metadata or Msgs length must be non-nil");
      const p = params.get(ctx);
      deposits.checkInitial(p, deposit, expedited);
      for (const m of messages) checkMessage(ctx, m);
      const id = takeId(ctx);
      const submitNs = ctx.block.timeNs;
      const proposal: Proposal = {
        id, messages, status: ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD, tally: NO_TALLY, submitNs, depositEndNs: submitNs + nanosecondsOf(p.maxDepositPeriod),
        deposit: [], metadata, title, summary, proposer, expedited, failedReason: "",
      };
      putProposal(ctx, proposal);
      enqueue(ctx, proposal);
      ctx.emit(govEvents.submitted({ proposal_id: id, proposal_proposer: proposer, proposal_messages: messages.map((m) => `,${m.typeUrl}`).join("") }));
      ctx.gas.consume(GAS_PER_BYTE * BigInt(WireProposal.encode(wireProposal(proposal)).length), "submit proposal");
      if (deposits.add(ctx, id, proposer, deposit)) ctx.emit(govEvents.submittedToVote({ voting_period_start: id }));
      return id;
    },

    deposit(ctx, id, depositor, coins) {
      if (deposits.add(ctx, id, depositor, coins)) ctx.emit(govEvents.depositedToVote({ voting_period_start: id }));
    },

    vote(ctx, id, voter, options, metadata) {
      if (!inVoting.has(ctx, id) || isCounted(ctx, id)) throw govErrors.inactive(`${id}`);
      checkMetadata(metadata);
      votes.set(ctx, { proposalId: id, voter, options: [...options], metadata }, id, voter);
      ctx.emit(govEvents.voted({ voter, option: optionsText(options), proposal_id: id }));
    },

    cancel(ctx, id, proposer) {
      const proposal = proposalAt(ctx, id);
      if (!proposal) throw sdk.keyNotFound(`proposal ${id} doesn't exist`);
      if (proposal.proposer === "") throw govErrors.invalidProposal(`proposal ${id} doesn't have proposer ${proposer}, so cannot be canceled`);
      if (proposal.proposer !== proposer) throw govErrors.invalidProposer(`invalid proposer ${proposer}`);
      if (!isOpen(proposal)) throw govErrors.invalidProposal("proposal should be in the deposit or voting period");
      if (isCounted(ctx, id) || (proposal.voting && proposal.voting.endNs < ctx.block.timeNs)) throw govErrors.votingEnded(`voting period is already ended for this proposal ${id}`);
      deposits.charge(ctx, id);
      for (const [, voter] of votes.keys(ctx, { prefix: [id] })) votes.delete(ctx, id, voter);
      deleteProposal(ctx, proposal);
      ctx.emit(govEvents.cancelled({ sender: proposer, proposal_id: id }));
    },

    setParams(ctx, next) {
      params.check(next);
      for (const [name, coins] of [["min_deposit", next.minDeposit], ["expedited_min_deposit", next.expeditedMinDeposit]] as const) {
        const beyond = coins.find((c) => BigInt(c.amount) > ports.bank.supply(ctx, c.denom));
        if (beyond) throw sdk.invalidRequest(`params.${name}: ${beyond.amount}${beyond.denom} is more than there is, and nothing could be proposed again`);
      }
      params.set(ctx, next);
    },

    tally(view, { id }) {
      const count = beginCount(view, ports);
      if (!goOn(view, ports.staking, id, count, new Budget(UNITS_PER_QUERY))) throw sdk.invalidRequest(`the votes on proposal ${id} with their delegations are more than ${UNITS_PER_QUERY}, which is more than a query counts`);
      return resultOf(count);
    },

    endBlock: endBlocker(ports, deposits),
  };
}
