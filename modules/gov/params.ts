/**
 * Parameters of governance: the Cosmos SDK's, with its defaults. Deposits are in the chain's own denomination, which genesis
 * writes in (genesis.ts). Decimal numbers are text with their point.
 */
import { type Dec, decText, ONE, parseDec } from "#kernel/dec.js";
import { defineParams } from "#kernel/params.js";
import { nanosecondsOf } from "#kernel/time.js";
import { Params } from "#proto/gen/cosmos/gov/v1/gov.js";
import type { Instant } from "#proto/time.js";
import { type Amount, coversAll, readCoins } from "./coins.js";
import { store } from "./store.js";

/** base units */
export const MIN_DEPOSIT = 10_000_000n;
export const EXPEDITED_MIN_DEPOSIT = 5n * MIN_DEPOSIT;
const DAY = 86_400n;
const days = (n: bigint): Instant => ({ seconds: n * DAY, nanos: 0 });
/** A year: with longer ones nothing could be decided, nor they be shortened again. */
const LONGEST = days(366n);
/** Where genesis does not say what the chain's denomination is. */
const DENOM = "upouw";

type Text = { readonly [K in keyof Params]-?: Params[K] extends string ? K : never }[keyof Params];

/** The ratio of a parameter, which was read when it was set. */
export const ratio = (p: Params, name: Text): Dec => parseDec(p[name]);
export const minDeposit = (p: Params, expedited: boolean): Amount[] => readCoins(expedited ? p.expeditedMinDeposit : p.minDeposit) ?? [];

function decimal(p: Params, name: Text, proto: string, positive = false): string | undefined {
  let d: Dec;
  try {
    d = ratio(p, name);
  } catch (e) {
    return `${proto}: ${(e as Error).message}`;
  }
  if (d > ONE || d < 0n || (positive && d === 0n)) return `${proto}: got ${decText(d)}, want ${positive ? "more than 0, at most 1" : "0 to 1"}`;
  return undefined;
}

function period(t: Instant | undefined, proto: string): string | undefined {
  const ns = nanosecondsOf(t);
  return ns > 0n && ns <= nanosecondsOf(LONGEST) ? undefined : `${proto}: want more than nothing, at most a year`;
}

export const params = defineParams(store, 0x30, Params, {
  defaults: {
    minDeposit: [{ denom: DENOM, amount: `${MIN_DEPOSIT}` }],
    maxDepositPeriod: days(2n),
    votingPeriod: days(2n),
    quorum: "0.334000000000000000",
    threshold: "0.500000000000000000",
    vetoThreshold: "0.334000000000000000",
    minInitialDepositRatio: "0.000000000000000000",
    proposalCancelRatio: "0.500000000000000000",
    proposalCancelDest: "",
    expeditedVotingPeriod: days(1n),
    expeditedThreshold: "0.667000000000000000",
    expeditedMinDeposit: [{ denom: DENOM, amount: `${EXPEDITED_MIN_DEPOSIT}` }],
    burnVoteQuorum: false,
    burnProposalDepositPrevote: false,
    burnVoteVeto: true,
    minDepositRatio: "0.010000000000000000",
  },
  check(p) {
    const [least, expedited] = [readCoins(p.minDeposit), readCoins(p.expeditedMinDeposit)];
    if (!least || least.length === 0) return "min_deposit: invalid minimum deposit";
    if (!expedited || expedited.length === 0) return "expedited_min_deposit: invalid expedited minimum deposit";
    if (coversAll(least, expedited)) return "expedited_min_deposit: must be greater than the minimum deposit";
    const wrong =
      period(p.maxDepositPeriod, "max_deposit_period") ??
      decimal(p, "quorum", "quorum") ??
      decimal(p, "threshold", "threshold", true) ??
      decimal(p, "expeditedThreshold", "expedited_threshold", true) ??
      decimal(p, "vetoThreshold", "veto_threshold", true) ??
      period(p.votingPeriod, "voting_period") ??
      period(p.expeditedVotingPeriod, "expedited_voting_period") ??
      decimal(p, "minInitialDepositRatio", "min_initial_deposit_ratio") ??
      decimal(p, "proposalCancelRatio", "proposal_cancel_ratio") ??
      decimal(p, "minDepositRatio", "min_deposit_ratio");
    if (wrong) return wrong;
    if (ratio(p, "expeditedThreshold") <= ratio(p, "threshold")) return "expedited_threshold: must be greater than the regular threshold";
    if (nanosecondsOf(p.expeditedVotingPeriod) >= nanosecondsOf(p.votingPeriod)) return "expedited_voting_period: must be less than the regular voting period";
    return undefined;
  },
});
