/**
 * The only writer of proposals and their queues. Invariant kept here: a proposal stands in the queue of its status, with its
 * end, and those that are voted on in the index of them.
 */
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import { nanosecondsOf } from "#kernel/time.js";
import { params } from "../params.js";
import { activeQueue, closings, inactiveQueue, inVoting, nextId, proposals, tallies } from "../store.js";
import { type Closing, type Proposal, ProposalStatus } from "../types.js";
import { closingNumber, closingOf } from "../wire.js";

const { PROPOSAL_STATUS_DEPOSIT_PERIOD, PROPOSAL_STATUS_VOTING_PERIOD } = ProposalStatus;

export const proposalAt = (view: View, id: bigint): Proposal | undefined => proposals.get(view, id);
export const isOpen = ({ status }: Pick<Proposal, "status">): boolean => status === PROPOSAL_STATUS_DEPOSIT_PERIOD || status === PROPOSAL_STATUS_VOTING_PERIOD;
export const closingAt = (view: View, id: bigint): Closing | undefined => {
  const n = closings.get(view, id);
  return n === undefined ? undefined : closingOf(n);
};
/** Whether its votes are being counted, or taken away: nobody votes on it then. */
export const isCounted = (view: View, id: bigint): boolean => tallies.has(view, id) || closings.has(view, id);

export function takeId(ctx: Context): bigint {
  const id = nextId.get(ctx) ?? 1n;
  nextId.set(ctx, id + 1n);
  return id;
}

export function putProposal(ctx: Context, p: Proposal): void {
  if (p.status === PROPOSAL_STATUS_VOTING_PERIOD) inVoting.add(ctx, p.id);
  else inVoting.delete(ctx, p.id);
  proposals.set(ctx, p, p.id);
}

/** Into the queue of its status, where it has one. */
export function enqueue(ctx: Context, p: Proposal): void {
  if (p.status === PROPOSAL_STATUS_DEPOSIT_PERIOD) inactiveQueue.add(ctx, p.depositEndNs, p.id);
  else if (p.status === PROPOSAL_STATUS_VOTING_PERIOD && p.voting) activeQueue.add(ctx, p.voting.endNs, p.id);
}

export function dequeue(ctx: Context, p: Proposal): void {
  inactiveQueue.delete(ctx, p.depositEndNs, p.id);
  if (p.voting) activeQueue.delete(ctx, p.voting.endNs, p.id);
}

export function deleteProposal(ctx: Context, p: Proposal): void {
  dequeue(ctx, p);
  inVoting.delete(ctx, p.id);
  proposals.delete(ctx, p.id);
}

/** Voting begins: the deposit is there. */
export function activate(ctx: Context, p: Proposal): void {
  const { votingPeriod, expeditedVotingPeriod } = params.get(ctx);
  const startNs = ctx.block.timeNs;
  const endNs = startNs + nanosecondsOf(p.expedited ? expeditedVotingPeriod : votingPeriod);
  dequeue(ctx, p);
  const active: Proposal = { ...p, status: PROPOSAL_STATUS_VOTING_PERIOD, voting: { startNs, endNs } };
  putProposal(ctx, active);
  enqueue(ctx, active);
}

export const setClosing = (ctx: Context, id: bigint, c: Closing): void => closings.set(ctx, closingNumber(c), id);
