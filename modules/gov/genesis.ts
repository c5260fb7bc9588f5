/**
 * Genesis of `gov`: proposals with their deposits and votes. The deposits themselves stand in bank's part, as in the Cosmos SDK.
 * A count that was under way begins anew; deposits of a decided proposal that were not given back yet are.
 */
import { AUTHORITY } from "#kernel/authority.js";
import { defineGenesis, type Genesis, inside, within } from "#kernel/genesis.js";
import type { Context } from "#kernel/context.js";
import { GenesisState } from "#proto/gen/cosmos/gov/v1/genesis.js";
import { codecs } from "#proto/gen/registry.js";
import { addCoins, type Amount, readCoins, wireCoins } from "./coins.js";
import { closingAt, enqueue, isOpen, proposalAt, putProposal, setClosing } from "./keeper/books.js";
import { EXPEDITED_MIN_DEPOSIT, MIN_DEPOSIT, params } from "./params.js";
import { constitution, deposits, nextId, proposals, votes } from "./store.js";
import { type GovPorts, ProposalStatus } from "./types.js";
import { checkOptions } from "./votes.js";
import { parseProposal, wireProposal } from "./wire.js";

export function govGenesis(ports: GovPorts): Genesis {
  const genesis = defineGenesis("gov", {
    codec: GenesisState,
    params,
    types: codecs,
    init(ctx, state, at) {
      const refuseLegacy = (["depositParams", "votingParams", "tallyParams"] as const).find((f) => state[f] !== undefined);
      if (refuseLegacy) throw new Error(`${at}: deposit_params, voting_params and tally_params are of an older form: name them in params`);
      // None named is 1, as for the SDK's own default.
      const next = state.startingProposalId === 0n ? 1n : state.startingProposalId;
      nextId.set(ctx, next);
      constitution.set(ctx, { constitution: state.constitution });
      const { proposalCancelDest } = params.get(ctx);
      if (proposalCancelDest !== "") within(`${at}.params.proposal_cancel_dest`, () => ctx.addresses.parse(proposalCancelDest));

      state.proposals.forEach((w, i) => {
        inside(`${at}.proposals[${i}]`, () => {
          if (w.id === 0n || w.id >= next) throw new Error(`id: got ${w.id}, want 1 to ${next - 1n}, below starting_proposal_id`);
          if (proposalAt(ctx, w.id)) throw new Error(`id: ${w.id} stands there twice`);
          const p = parseProposal(w);
          if (w.status === ProposalStatus.PROPOSAL_STATUS_UNSPECIFIED) throw new Error("status: is missing");
          if (w.status === ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD && !w.depositEndTime) throw new Error("deposit_end_time: is missing");
          if (w.status === ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD && !p.voting) throw new Error("voting_end_time: is missing");
          if (p.submitNs < 0n || p.depositEndNs < 0n || (p.voting && p.voting.startNs < 0n)) throw new Error("submit_time: times before 1970 are none of a proposal");
          putProposal(ctx, p);
          enqueue(ctx, p);
        });
      });
      let held: Amount[] = [];
      state.deposits.forEach((w, i) => {
        inside(`${at}.deposits[${i}]`, () => {
          const depositor = within("depositor", () => ctx.addresses.format(ctx.addresses.parse(w.depositor)));
          const coins = readCoins(w.amount);
          if (!coins) throw new Error("amount: want coins, ascending by denomination");
          known(ctx, w.proposalId);
          if (deposits.has(ctx, w.proposalId, depositor)) throw new Error(`depositor: ${depositor} stands there twice for proposal ${w.proposalId}`);
          deposits.set(ctx, { proposalId: w.proposalId, depositor, amount: wireCoins(coins) }, w.proposalId, depositor);
          held = addCoins(held, coins);
        });
      });
      state.votes.forEach((w, i) => {
        inside(`${at}.votes[${i}]`, () => {
          const voter = within("voter", () => ctx.addresses.format(ctx.addresses.parse(w.voter)));
          within("options", () => checkOptions(w.options));
          known(ctx, w.proposalId);
          if (votes.has(ctx, w.proposalId, voter)) throw new Error(`voter: ${voter} stands there twice for proposal ${w.proposalId}`);
          votes.set(ctx, { ...w, voter }, w.proposalId, voter);
        });
      });
      const missing = held.find((c) => ports.bank.poolBalance(ctx, AUTHORITY, c.denom) < c.amount);
      if (missing) throw new Error(`${at}.deposits: they are ${missing.amount}${missing.denom}, the module's account holds ${ports.bank.poolBalance(ctx, AUTHORITY, missing.denom)}: see app_state.bank.balances`);
    },
    export: (ctx) => ({
      startingProposalId: nextId.get(ctx) ?? 1n,
      deposits: deposits.list(ctx),
      votes: votes.list(ctx),
      proposals: proposals.list(ctx).map(wireProposal),
      depositParams: undefined,
      votingParams: undefined,
      tallyParams: undefined,
      params: undefined,
      constitution: constitution.get(ctx)?.constitution ?? "",
    }),
  });
  return { ...genesis, init: (ctx, json) => genesis.init(ctx, withDenom(json, ports.staking.params(ctx).bondDenom)) };
}

/** A record of a proposal that is there; of a decided one it is on its way out. */
function known(ctx: Context, id: bigint): void {
  const proposal = proposalAt(ctx, id);
  if (!proposal) throw new Error(`proposal_id: there is no proposal ${id}`);
  if (!isOpen(proposal) && !closingAt(ctx, id)) setClosing(ctx, id, { deposits: "refund", drop: false });
}

type Json = Record<string, unknown>;
const isObject = (v: unknown): v is Json => typeof v === "object" && v !== null && !Array.isArray(v);

/** Least deposits that are not named are in the chain's own denomination. */
function withDenom(json: unknown, denom: string): unknown {
  if (json !== undefined && json !== null && !isObject(json)) return json;
  const given = isObject(json) ? json : {};
  const named = isObject(given["params"]) ? given["params"] : {};
  if (given["params"] !== undefined && !isObject(given["params"])) return json;
  const least = (amount: bigint): Json[] => [{ denom, amount: `${amount}` }];
  const defaults: Json = {};
  if (named["min_deposit"] === undefined && named["minDeposit"] === undefined) defaults["min_deposit"] = least(MIN_DEPOSIT);
  if (named["expedited_min_deposit"] === undefined && named["expeditedMinDeposit"] === undefined) defaults["expedited_min_deposit"] = least(EXPEDITED_MIN_DEPOSIT);
  return { ...given, params: { ...defaults, ...named } };
}

