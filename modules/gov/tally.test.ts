import test from "ava";
import { decOf, ONE, parseDec } from "#kernel/dec.js";
import type { Params, WeightedVoteOption } from "#proto/gen/cosmos/gov/v1/gov.js";
import { params } from "./params.js";
import { addPower, type Count, deduct, newCount, ownPower, parseCount, resultOf, type Results, type ValidatorStake, verdict, wireCount } from "./tally.js";
import { VoteOption } from "./types.js";

const { VOTE_OPTION_YES: YES, VOTE_OPTION_NO: NO, VOTE_OPTION_NO_WITH_VETO: VETO, VOTE_OPTION_ABSTAIN: ABSTAIN } = VoteOption;
const whole = (option: VoteOption): WeightedVoteOption[] => [{ option, weight: "1" }];
const of = (c: Count, operator: string): ValidatorStake => c.validators.get(operator) as ValidatorStake;

test("who delegates and votes is counted with its own vote, and its validator without it", (t) => {
  const c = newCount([{ operator: "a", tokens: 100n, shares: decOf(100n) }, { operator: "b", tokens: 50n, shares: decOf(100n) }]);
  addPower(c, deduct(of(c, "a"), decOf(30n)), whole(NO));
  // A share of `b` is worth half: it was slashed.
  addPower(c, deduct(of(c, "b"), decOf(10n)), [{ option: YES, weight: "0.6" }, { option: ABSTAIN, weight: "0.4" }]);
  addPower(c, ownPower(of(c, "a")), whole(YES));
  addPower(c, ownPower(of(c, "b")), whole(VETO));
  t.deepEqual(resultOf(c), { yesCount: "73", abstainCount: "2", noCount: "30", noWithVetoCount: "45" });
  t.is(c.results.total, decOf(150n));
  t.deepEqual(parseCount(wireCount(c)), c);
});

test("parts of a base unit are cut off at the end and not before", (t) => {
  const c = newCount([{ operator: "a", tokens: 10n, shares: decOf(3n) }]);
  for (let i = 0; i < 3; i++) addPower(c, deduct(of(c, "a"), ONE), [{ option: YES, weight: "0.5" }, { option: NO, weight: "0.5" }]);
  t.deepEqual(resultOf(c), { yesCount: "4", abstainCount: "0", noCount: "4", noWithVetoCount: "0" });
  t.is(c.results.yes, 3n * 1_666_666_666_666_666_666n, "each part rounds half to even by itself");
});

test("a validator whose shares are gone, or were counted with more than it had, weighs nothing", (t) => {
  const c = newCount([{ operator: "a", tokens: 10n, shares: 0n }, { operator: "b", tokens: 10n, shares: decOf(10n) }]);
  t.is(ownPower(of(c, "a")), 0n);
  t.is(deduct(of(c, "a"), ONE), 0n);
  deduct(of(c, "b"), decOf(12n));
  t.is(ownPower(of(c, "b")), 0n);
});

const results = (yes: number, no: number, veto: number, abstain: number): Results => ({
  yes: decOf(BigInt(yes)), no: decOf(BigInt(no)), noWithVeto: decOf(BigInt(veto)), abstain: decOf(BigInt(abstain)), total: decOf(BigInt(yes + no + veto + abstain)),
});
const CASES: readonly [what: string, r: Results, expected: { passes: boolean; burn: boolean }, expedited?: boolean, change?: Partial<Params>][] = [
  ["too few", results(333, 0, 0, 0), { passes: false, burn: false }],
  ["too few, burned", results(333, 0, 0, 0), { passes: false, burn: true }, false, { burnVoteQuorum: true }],
  ["just enough", results(334, 0, 0, 0), { passes: true, burn: false }],
  ["all abstain", results(0, 0, 0, 900), { passes: false, burn: false }],
  ["half is not more than half", results(200, 200, 0, 100), { passes: false, burn: false }],
  ["more than half of those who do not abstain", results(201, 200, 0, 500), { passes: true, burn: false }],
  ["a third vetoes", results(666, 0, 334, 0), { passes: true, burn: false }],
  ["more than a third", results(665, 0, 335, 0), { passes: false, burn: true }],
  ["a veto that burns nothing", results(600, 0, 400, 0), { passes: false, burn: false }, false, { burnVoteVeto: false }],
  ["expedited needs two thirds", results(666, 334, 0, 0), { passes: false, burn: false }, true],
  ["and has them", results(668, 332, 0, 0), { passes: true, burn: false }, true],
  ["nobody voted and no quorum is asked for", results(0, 0, 0, 0), { passes: false, burn: false }, false, { quorum: "0" }],
];
for (const [what, r, expected, expedited = false, change = {}] of CASES) {
  test(`verdict: ${what}`, (t) => {
    t.deepEqual(verdict(r, 1000n, { ...params.defaults, ...change }, expedited), expected);
  });
}

test("without bonded stake nothing passes", (t) => {
  t.deepEqual(verdict(results(1, 0, 0, 0), 0n, params.defaults, false), { passes: false, burn: false });
});

test("parameters: the defaults hold, and each of these does not", (t) => {
  t.is(params.fault(params.defaults), undefined);
  const seconds = (n: bigint) => ({ seconds: n, nanos: 0 });
  const wrong: readonly [Partial<Params>, RegExp][] = [
    [{ minDeposit: [] }, /^min_deposit: invalid/],
    [{ minDeposit: [{ denom: "upouw", amount: "0" }] }, /^min_deposit: invalid/],
    [{ minDeposit: [{ denom: "b00", amount: "1" }, { denom: "a00", amount: "1" }] }, /^min_deposit: invalid/],
    [{ expeditedMinDeposit: params.defaults.minDeposit }, /^expedited_min_deposit: must be greater/],
    [{ maxDepositPeriod: undefined }, /^max_deposit_period: want more than nothing/],
    [{ votingPeriod: seconds(0n) }, /^voting_period/],
    [{ votingPeriod: seconds(1n << 40n) }, /^voting_period: .*at most a year/],
    [{ expeditedVotingPeriod: params.defaults.votingPeriod }, /^expedited_voting_period: must be less/],
    [{ quorum: "1.1" }, /^quorum: got 1\.1/],
    [{ quorum: "-0.1" }, /^quorum/],
    [{ quorum: "" }, /^quorum: got "", want a decimal number/],
    [{ threshold: "0" }, /^threshold: got 0\.0+, want more than 0/],
    [{ expeditedThreshold: "0.5" }, /^expedited_threshold: must be greater/],
    [{ vetoThreshold: "0.0000000000000000001" }, /^veto_threshold: .*at most 18 places/],
    [{ minInitialDepositRatio: "2" }, /^min_initial_deposit_ratio/],
    [{ proposalCancelRatio: "all" }, /^proposal_cancel_ratio/],
    [{ minDepositRatio: "1.5" }, /^min_deposit_ratio/],
  ];
  for (const [change, says] of wrong) t.regex(params.fault({ ...params.defaults, ...change }) ?? "nothing", says);
  t.is(parseDec(params.defaults.quorum), 334n * 10n ** 15n);
});
