/** What must hold of proposals after every block. */
import { AUTHORITY } from "#kernel/authority.js";
import type { Invariants } from "#kernel/module.js";
import { addCoins, type Amount, coinsText, coversAll, readCoins } from "./coins.js";
import { isOpen } from "./keeper/books.js";
import { activeQueue, closings, deposits, inactiveQueue, inVoting, proposals, votes } from "./store.js";
import { type GovPorts, ProposalStatus } from "./types.js";

const { PROPOSAL_STATUS_DEPOSIT_PERIOD, PROPOSAL_STATUS_VOTING_PERIOD } = ProposalStatus;

export const govInvariants = (ports: GovPorts): Invariants => ({
  /** The module's account holds all deposits. It may hold more: a proposal can have coins sent there. */
  deposits(ctx) {
    let held: Amount[] = [];
    for (const d of deposits.list(ctx)) held = addCoins(held, readCoins(d.amount) ?? []);
    const missing = held.find((c) => ports.bank.poolBalance(ctx, AUTHORITY, c.denom) < c.amount);
    return missing && `deposits are ${missing.amount}${missing.denom}, the account holds ${ports.bank.poolBalance(ctx, AUTHORITY, missing.denom)}`;
  },
  /** An open proposal's deposit is what was put down for it. */
  totals(ctx) {
    for (const p of proposals.list(ctx)) {
      if (!isOpen(p) || closings.has(ctx, p.id)) continue;
      let sum: Amount[] = [];
      for (const d of deposits.list(ctx, { prefix: [p.id] })) sum = addCoins(sum, readCoins(d.amount) ?? []);
      if (!coversAll(sum, p.deposit) || !coversAll(p.deposit, sum)) return `proposal ${p.id} says ${coinsText(p.deposit)}, its deposits are ${coinsText(sum)}`;
    }
    return undefined;
  },
  /** Every open proposal waits for its end, and nothing else does. */
  queues(ctx) {
    const all = proposals.list(ctx);
    const active = all.filter((p) => p.status === PROPOSAL_STATUS_VOTING_PERIOD);
    const inactive = all.filter((p) => p.status === PROPOSAL_STATUS_DEPOSIT_PERIOD && !closings.has(ctx, p.id));
    const lost = active.find((p) => !p.voting || !activeQueue.has(ctx, p.voting.endNs, p.id) || !inVoting.has(ctx, p.id)) ?? inactive.find((p) => !inactiveQueue.has(ctx, p.depositEndNs, p.id));
    if (lost) return `proposal ${lost.id} waits in no queue`;
    const counts = [activeQueue.keys(ctx).length, inVoting.keys(ctx).length, inactiveQueue.keys(ctx).length];
    const wanted = [active.length, active.length, inactive.length];
    return counts.every((n, i) => n === wanted[i]) ? undefined : `queues and index have ${counts.join(", ")} proposals, ${wanted.join(", ")} are open`;
  },
  /** Votes and deposits are of proposals that are there, and of decided ones only until they are taken away. */
  records(ctx) {
    const stray = [...votes.keys(ctx), ...deposits.keys(ctx)].find(([id]) => {
      const p = proposals.get(ctx, id);
      return !p || (!isOpen(p) && !closings.has(ctx, id));
    });
    return stray && `proposal ${stray[0]} is not open, and has a vote or a deposit of ${stray[1]}`;
  },
});
