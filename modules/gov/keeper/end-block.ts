/**
 * What comes due: x/gov/abci.go of the Cosmos SDK, within a budget for each block. Nothing here throws: what a proposal's
 * messages throw is the proposal's, and money that is not there is waited for.
 */
import { AUTHORITY } from "#kernel/authority.js";
import type { Context } from "#kernel/context.js";
import { ModuleError } from "#kernel/errors.js";
import type { View } from "#kernel/store.js";
import { nanosecondsOf } from "#kernel/time.js";
import { BondStatus } from "#proto/gen/cosmos/staking/v1beta1/staking.js";
import { Budget, EXECUTION_UNITS, UNITS_PER_BLOCK } from "../budget.js";
import { govEvents } from "../events.js";
import { params } from "../params.js";
import { activeQueue, closings, inactiveQueue, tallies, votes } from "../store.js";
import { type Count, goOn, newCount, parseCount, resultOf, verdict, wireCount } from "../tally.js";
import { type Closing, type GovPorts, type Proposal, ProposalStatus } from "../types.js";
import { closingOf } from "../wire.js";
import { deleteProposal, dequeue, enqueue, proposalAt, putProposal, setClosing } from "./books.js";
import type { Deposits } from "./deposits.js";

/** Bonded validators with their stake, as a count begins with. */
export const beginCount = (view: View, { staking }: Pick<GovPorts, "staking">): Count =>
  newCount(
    staking.members(view).flatMap(({ operator }) => {
      const v = staking.byOperator(view, operator);
      return v && v.status === BondStatus.BOND_STATUS_BONDED && !v.jailed ? [{ operator, tokens: v.tokens, shares: v.shares }] : [];
    }),
  );

export function endBlocker(ports: GovPorts, deposits: Deposits, unitsPerBlock = UNITS_PER_BLOCK): (ctx: Context) => void {
  /** Takes away what is left of a proposal, as far as the budget goes; what remains is noted. */
  function close(ctx: Context, id: bigint, c: Closing, budget: Budget): void {
    const gone = votes.keys(ctx, { prefix: [id], limit: budget.left });
    for (const [, voter] of gone) {
      budget.take();
      votes.delete(ctx, id, voter);
    }
    const done = budget.left > 0 && (c.deposits === "keep" || deposits.release(ctx, id, c.deposits, budget));
    if (!done) return setClosing(ctx, id, c);
    closings.delete(ctx, id);
    const proposal = c.drop ? proposalAt(ctx, id) : undefined;
    if (proposal) deleteProposal(ctx, proposal);
  }

  /** It never got its deposit. */
  function drop(ctx: Context, p: Proposal, budget: Budget): void {
    dequeue(ctx, p);
    close(ctx, p.id, { deposits: params.get(ctx).burnProposalDepositPrevote ? "burn" : "refund", drop: true }, budget);
    ctx.emit(govEvents.dropped({ proposal_id: p.id, proposal_result: "proposal_dropped" }));
  }

  /** Its messages, all or none. Answers what went wrong. */
  function execute(ctx: Context, p: Proposal): { readonly index: number; readonly reason: string } | undefined {
    const branch = ctx.branch();
    const signer = ctx.addresses.module(AUTHORITY);
    for (const [index, message] of p.messages.entries()) {
      try {
        ports.router.dispatch(branch, signer, message);
      } catch (e) {
        // The reason is state: the words of an error without a code may be of a program's version.
        return { index, reason: e instanceof ModuleError ? e.message : "internal error" };
      }
    }
    branch.commit();
    return undefined;
  }

  /** Its time is over: counts, and does what follows. */
  function decide(ctx: Context, p: Proposal, budget: Budget): void {
    const begun = tallies.get(ctx, p.id);
    const count = begun ? parseCount(begun) : beginCount(ctx, ports);
    if (!goOn(ctx, ports.staking, p.id, count, budget)) return tallies.set(ctx, wireCount(count), p.id);
    tallies.delete(ctx, p.id);
    const { passes, burn } = verdict(count.results, ports.staking.bondedTokens(ctx), params.get(ctx), p.expedited);
    dequeue(ctx, p);
    const again = p.expedited && !passes;
    close(ctx, p.id, { deposits: again ? "keep" : burn ? "burn" : "refund", drop: false }, budget);

    let [result, log] = ["proposal_rejected", "rejected"];
    let decided: Proposal = { ...p, tally: resultOf(count) };
    if (passes) {
      budget.take(EXECUTION_UNITS);
      const failed = execute(ctx, p);
      if (failed) {
        decided = { ...decided, status: ProposalStatus.PROPOSAL_STATUS_FAILED, failedReason: failed.reason };
        [result, log] = ["proposal_failed", `passed, but msg ${failed.index} (${p.messages[failed.index]?.typeUrl}) failed on execution: ${failed.reason}`];
      } else {
        decided = { ...decided, status: ProposalStatus.PROPOSAL_STATUS_PASSED };
        [result, log] = ["proposal_passed", "passed"];
      }
    } else if (again) {
      const startNs = p.voting?.startNs ?? ctx.block.timeNs;
      decided = { ...decided, expedited: false, voting: { startNs, endNs: startNs + nanosecondsOf(params.get(ctx).votingPeriod) } };
      enqueue(ctx, decided);
      [result, log] = ["expedited_proposal_rejected", "expedited proposal converted to regular"];
    } else decided = { ...decided, status: ProposalStatus.PROPOSAL_STATUS_REJECTED, failedReason: "proposal did not get enough votes to pass" };
    putProposal(ctx, decided);
    ctx.emit(govEvents.decided({ proposal_id: p.id, proposal_result: result, proposal_log: log }));
  }

  return (ctx) => {
    const budget = new Budget(unitsPerBlock);
    /** With half of what is left; what it uses is used up for the next ones. */
    const shared = (run: (share: Budget) => void): void => {
      const share = budget.half();
      const given = share.left;
      run(share);
      budget.take(Math.max(given - share.left, 1));
    };
    const due = { below: [ctx.block.timeNs + 1n] as [bigint], limit: unitsPerBlock };
    for (const { key: [id], value } of closings.entries(ctx, { limit: unitsPerBlock })) if (budget.left > 0) shared((b) => close(ctx, id, closingOf(value), b));
    for (const [queue, run] of [[inactiveQueue, drop], [activeQueue, decide]] as const) {
      for (const [, id] of queue.keys(ctx, due)) {
        if (budget.left <= 0) break;
        // What was converted is voted on anew once its old votes are gone.
        const proposal = closings.has(ctx, id) ? undefined : proposalAt(ctx, id);
        if (proposal) shared((b) => run(ctx, proposal, b));
      }
    }
  };
}
