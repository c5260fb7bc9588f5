/**
 * How votes are counted: x/gov/keeper/tally.go of the Cosmos SDK. A voter's stake counts by its own vote, the rest of a
 * validator's by the validator's. A count that is not done when its budget is used up goes on where it stood; what it began with
 * are the validators and their stake of its first block.
 */
import { type Dec, decOf, mul, mulInt, parseDec, quo, truncate } from "#kernel/dec.js";
import type { View } from "#kernel/store.js";
import type { Params, TallyResult, WeightedVoteOption } from "#proto/gen/cosmos/gov/v1/gov.js";
import { TallyProgress } from "#proto/gen/pouw/gov/v1/state.js";
import type { Budget } from "./budget.js";
import { ratio } from "./params.js";
import { votes } from "./store.js";
import { type GovPorts, VoteOption } from "./types.js";

export interface ValidatorStake {
  readonly operator: string;
  readonly tokens: bigint;
  readonly shares: Dec;
  /** shares whose owners voted themselves */
  deducted: Dec;
}

export interface Results {
  yes: Dec;
  abstain: Dec;
  no: Dec;
  noWithVeto: Dec;
  /** of all that voted */
  total: Dec;
}

export interface Count {
  readonly validators: ReadonlyMap<string, ValidatorStake>;
  readonly results: Results;
  /** the last voter whose stake is counted in whole; empty: none */
  counted: string;
  /** of the next voter, the last validator whose stake is counted; empty: none */
  operator: string;
}

const FIELDS: Readonly<Record<number, Exclude<keyof Results, "total">>> = {
  [VoteOption.VOTE_OPTION_YES]: "yes",
  [VoteOption.VOTE_OPTION_ABSTAIN]: "abstain",
  [VoteOption.VOTE_OPTION_NO]: "no",
  [VoteOption.VOTE_OPTION_NO_WITH_VETO]: "noWithVeto",
};
/** Records that are read at once. */
const PAGE = 100;

export const newCount = (stake: readonly Omit<ValidatorStake, "deducted">[]): Count => ({
  validators: new Map(stake.map((v) => [v.operator, { ...v, deducted: 0n }])),
  results: { yes: 0n, abstain: 0n, no: 0n, noWithVeto: 0n, total: 0n },
  counted: "",
  operator: "",
});

export function addPower({ results }: Count, power: Dec, options: readonly WeightedVoteOption[]): void {
  for (const { option, weight } of options) {
    const field = FIELDS[option];
    if (field) results[field] += mul(power, parseDec(weight));
  }
  results.total += power;
}

/** Stake that a delegator's shares are worth; they are the delegator's own now, whatever its validator votes. */
export function deduct(v: ValidatorStake, shares: Dec): Dec {
  v.deducted += shares;
  return powerOf(v, shares);
}

const powerOf = ({ tokens, shares }: ValidatorStake, part: Dec): Dec => (shares === 0n ? 0n : quo(mulInt(part, tokens), shares));

/** What is left to a validator. Stake that came while counting went on may have been counted with its owners: it is not counted twice. */
export const ownPower = (v: ValidatorStake): Dec => (v.deducted >= v.shares ? 0n : powerOf(v, v.shares - v.deducted));

/** Goes on with a count; answers whether it is done. */
export function goOn(view: View, staking: GovPorts["staking"], id: bigint, c: Count, budget: Budget): boolean {
  for (;;) {
    const page = votes.entries(view, { prefix: [id], limit: PAGE, ...(c.counted === "" ? {} : { after: [id, c.counted] }) });
    for (const { key: [, voter], value: { options } } of page) {
      if (!budget.take() || !countVoter(view, staking, voter, options, c, budget)) return false;
      c.counted = voter;
      c.operator = "";
    }
    if (page.length < PAGE) break;
  }
  for (const v of c.validators.values()) {
    const vote = votes.get(view, id, v.operator);
    if (vote && vote.options.length > 0) addPower(c, ownPower(v), vote.options);
  }
  return true;
}

function countVoter(view: View, staking: GovPorts["staking"], voter: string, options: readonly WeightedVoteOption[], c: Count, budget: Budget): boolean {
  for (;;) {
    const page = staking.delegationsOf(view, voter, c.operator === "" ? undefined : c.operator, PAGE);
    for (const { operator, shares } of page) {
      if (!budget.take()) return false;
      const v = c.validators.get(operator);
      if (v) addPower(c, deduct(v, shares), options);
      c.operator = operator;
    }
    if (page.length < PAGE) return true;
  }
}

export const resultOf = ({ results: r }: Count): TallyResult => ({
  yesCount: `${truncate(r.yes)}`,
  abstainCount: `${truncate(r.abstain)}`,
  noCount: `${truncate(r.no)}`,
  noWithVetoCount: `${truncate(r.noWithVeto)}`,
});

/** What follows of a count, and whether deposits are burned. */
export function verdict(r: Results, bonded: bigint, p: Params, expedited: boolean): { readonly passes: boolean; readonly burn: boolean } {
  const fails = { passes: false, burn: false };
  if (bonded === 0n) return fails;
  if (quo(r.total, decOf(bonded)) < ratio(p, "quorum")) return { passes: false, burn: p.burnVoteQuorum };
  const said = r.total - r.abstain;
  if (said === 0n) return fails;
  if (quo(r.noWithVeto, r.total) > ratio(p, "vetoThreshold")) return { passes: false, burn: p.burnVoteVeto };
  return { passes: quo(r.yes, said) > ratio(p, expedited ? "expeditedThreshold" : "threshold"), burn: false };
}

export const wireCount = (c: Count): TallyProgress => ({
  validators: [...c.validators.values()].map((v) => ({ operator: v.operator, tokens: `${v.tokens}`, shares: `${v.shares}`, deducted: `${v.deducted}` })),
  yes: `${c.results.yes}`,
  abstain: `${c.results.abstain}`,
  no: `${c.results.no}`,
  noWithVeto: `${c.results.noWithVeto}`,
  total: `${c.results.total}`,
  counted: c.counted,
  operator: c.operator,
});
export const parseCount = (w: TallyProgress): Count => ({
  validators: new Map(w.validators.map((v) => [v.operator, { operator: v.operator, tokens: BigInt(v.tokens), shares: BigInt(v.shares), deducted: BigInt(v.deducted) }])),
  results: { yes: BigInt(w.yes), abstain: BigInt(w.abstain), no: BigInt(w.no), noWithVeto: BigInt(w.noWithVeto), total: BigInt(w.total) },
  counted: w.counted,
  operator: w.operator,
});
