/** What is put down for proposals, and where it goes: x/gov/keeper/deposit.go of the Cosmos SDK. */
import type { Context } from "#kernel/context.js";
import { AUTHORITY } from "#kernel/authority.js";
import { type Dec, decOf, mul, roundInt, truncate } from "#kernel/dec.js";
import { ModuleError } from "#kernel/errors.js";
import type { Params } from "#proto/gen/cosmos/gov/v1/gov.js";
import type { Budget } from "../budget.js";
import { addCoins, amountOf, type Amount, type Coins, coinsText, coversAll, readCoins, wireCoins } from "../coins.js";
import { govErrors } from "../errors.js";
import { govEvents } from "../events.js";
import { minDeposit, params, ratio } from "../params.js";
import { deposits } from "../store.js";
import { DISTRIBUTION, type GovPorts, ProposalStatus } from "../types.js";
import { activate, closingAt, isOpen, proposalAt, putProposal } from "./books.js";

export interface Deposits {
  /** Throws what a first deposit may not be. */
  checkInitial(p: Params, coins: Coins, expedited: boolean): void;
  /** Answers whether voting began with it. */
  add(ctx: Context, id: bigint, depositor: string, coins: Coins): boolean;
  /** All deposits of a proposal that its proposer takes back. */
  charge(ctx: Context, id: bigint): void;
  /** Gives deposits back or burns them, as far as the budget goes; answers whether none are left. */
  release(ctx: Context, id: bigint, to: "refund" | "burn", budget: Budget): boolean;
}

/** Coins of a record of the store, which held when it was written. */
const read = (list: Parameters<typeof readCoins>[0]): Amount[] => readCoins(list) ?? [];

export function depositing(ports: GovPorts): Deposits {
  const pay = (ctx: Context, to: string, coins: Coins): void => coins.forEach((c) => ports.bank.fromPool(ctx, AUTHORITY, to, c.amount, c.denom));
  const burn = (ctx: Context, coins: Coins): void => coins.forEach((c) => ports.bank.burn(ctx, AUTHORITY, c.amount, c.denom));
  const holds = (ctx: Context, coins: Coins): boolean => coins.every((c) => ports.bank.poolBalance(ctx, AUTHORITY, c.denom) >= c.amount);

  function checkDenoms(p: Params, coins: Coins): void {
    const accepted = minDeposit(p, false).map((c) => c.denom);
    if (coins.some((c) => !accepted.includes(c.denom))) throw govErrors.depositDenom(`deposited ${coinsText(coins)}, but gov accepts only the following denom(s): [${accepted.join(" ")}]`);
  }

  return {
    checkInitial(p, coins, expedited) {
      const part = ratio(p, "minInitialDepositRatio");
      if (part !== 0n) {
        const least = minDeposit(p, expedited).map((c) => ({ denom: c.denom, amount: roundInt(mul(decOf(c.amount), part)) }));
        if (!coversAll(coins, least)) throw govErrors.depositTooSmall(`was (${coinsText(coins)}), need (${coinsText(least)})`);
      }
      checkDenoms(p, coins);
    },

    add(ctx, id, depositor, coins) {
      const p = params.get(ctx);
      const proposal = proposalAt(ctx, id);
      if (!proposal) throw noProposal(id);
      const closing = closingAt(ctx, id);
      if (!isOpen(proposal) || (closing && closing.deposits !== "keep")) throw govErrors.inactive(`${id}`);
      const least = minDeposit(p, proposal.expedited);
      checkDenoms(p, coins);
      const part = ratio(p, "minDepositRatio");
      if (part !== 0n) {
        const thresholds = least.map((c) => ({ denom: c.denom, amount: truncate(mul(decOf(c.amount), part)) }));
        const met = thresholds.some((t) => coins.some((c) => c.denom === t.denom && c.amount >= t.amount));
        if (!met) throw govErrors.depositTooSmall(`received ${coinsText(coins)} but need at least one of the following: ${coinsText(thresholds)}`);
      }
      for (const c of coins) ports.bank.toPool(ctx, depositor, AUTHORITY, c.amount, c.denom);
      const paid = { ...proposal, deposit: addCoins(proposal.deposit, coins) };
      putProposal(ctx, paid);
      const begins = proposal.status === ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD && coversAll(paid.deposit, least);
      if (begins) activate(ctx, paid);
      ctx.emit(govEvents.deposited({ depositor, amount: coinsText(coins), proposal_id: id }));
      const known = read(deposits.get(ctx, id, depositor)?.amount ?? []);
      deposits.set(ctx, { proposalId: id, depositor, amount: wireCoins(addCoins(known, coins)) }, id, depositor);
      return begins;
    },

    charge(ctx, id) {
      const p = params.get(ctx);
      const part: Dec = ratio(p, "proposalCancelRatio");
      let charged: Amount[] = [];
      for (const { key: [, depositor], value } of deposits.entries(ctx, { prefix: [id] })) {
        const coins = read(value.amount);
        const kept = coins.map((c) => ({ denom: c.denom, amount: truncate(mul(decOf(c.amount), part)) }));
        charged = addCoins(charged, kept);
        pay(ctx, depositor, coins.map((c) => ({ denom: c.denom, amount: c.amount - amountOf(kept, c.denom) })).filter((c) => c.amount > 0n));
        deposits.delete(ctx, id, depositor);
      }
      const to = p.proposalCancelDest;
      if (charged.length === 0) return;
      if (to === "") return burn(ctx, charged);
      // Coins that came to this account in any other way would be in nobody's books.
      if (to === ctx.addresses.module(DISTRIBUTION)) return ports.distribution.fund(ctx, ctx.addresses.module(AUTHORITY), charged);
      ports.bank.checkReceiver(ctx, to);
      pay(ctx, to, charged);
    },

    release(ctx, id, to, budget) {
      let burned: Amount[] = [];
      let all = true;
      for (const { key: [, depositor], value } of deposits.entries(ctx, { prefix: [id], limit: budget.left + 1 })) {
        const coins = read(value.amount);
        // Coins that a proposal took from the account are missed here: who comes too late waits until they are back.
        const enough = to === "refund" ? holds(ctx, coins) : holds(ctx, addCoins(burned, coins));
        if (!enough || !budget.take()) {
          all = false;
          break;
        }
        deposits.delete(ctx, id, depositor);
        if (to === "refund") pay(ctx, depositor, coins);
        else burned = addCoins(burned, coins);
      }
      burn(ctx, burned);
      return all;
    },
  };
}

/** For the Cosmos SDK an error of its store, without a code. */
const noProposal = (id: bigint): ModuleError => new ModuleError("undefined", 1, `collections: not found: key '${id}' of type github.com/cosmos/gogoproto/cosmos.gov.v1.Proposal`);
