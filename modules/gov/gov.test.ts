import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { VoteOption } from "#proto/gen/cosmos/gov/v1/gov.js";
import { DistributionQuery } from "#proto/gen/cosmos/distribution/v1beta1/query.js";
import { GovQuery } from "#proto/gen/cosmos/gov/v1/query.js";
import { MsgCancelProposal, MsgDeposit, MsgExecLegacyContent, MsgSubmitProposal, MsgUpdateParams, MsgVote, MsgVoteWeighted } from "#proto/gen/cosmos/gov/v1/tx.js";
import { TextProposal } from "#proto/gen/cosmos/gov/v1beta1/gov.js";
import { GovQuery as LegacyQuery } from "#proto/gen/cosmos/gov/v1beta1/query.js";
import * as legacy from "#proto/gen/cosmos/gov/v1beta1/tx.js";
import { MsgSend } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { MsgUpdateParams as UpdateSlashing } from "#proto/gen/cosmos/slashing/v1beta1/tx.js";
import { MsgDelegate, MsgEditValidator } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { MsgSoftwareUpgrade } from "#proto/gen/cosmos/upgrade/v1beta1/tx.js";
import { UpgradeQuery } from "#proto/gen/cosmos/upgrade/v1beta1/query.js";
import type { Codec } from "#proto/wire.js";
import { coin, refusal, TestChain } from "#test/chain/chain.js";
import { UNITS_PER_BLOCK } from "./budget.js";
import { depositing } from "./keeper/deposits.js";
import { endBlocker } from "./keeper/end-block.js";
import { govAccounts, type GovPorts, ProposalStatus } from "./types.js";

const UNIT = 1_000_000n;
const { VOTE_OPTION_YES: YES, VOTE_OPTION_NO: NO, VOTE_OPTION_NO_WITH_VETO: VETO, VOTE_OPTION_ABSTAIN: ABSTAIN } = VoteOption;
const q = GovQuery.methods;
const old = LegacyQuery.methods;

const PARAMS = { max_deposit_period: "8s", voting_period: "10s", expedited_voting_period: "5s", min_deposit: [coin(1_000n)], expedited_min_deposit: [coin(5_000n)] };

/** Three validators with a power of 10. */
const chain = (params: Record<string, unknown> = {}, more: Record<string, unknown> = {}): TestChain =>
  new TestChain({ crypto: nodeCrypto, powers: [10n, 10n, 10n], funds: { ann: 100n * UNIT, bob: 100n * UNIT, cid: 100n * UNIT }, parts: { gov: { params: { ...PARAMS, ...params }, ...more } } });

const account = (c: TestChain): string => c.environment.addresses.module("gov");
const any = <M>(codec: Codec<M>, m: Partial<M>) => ({ typeUrl: codec.typeUrl, value: codec.encode(codec.create(m)) });
const window = (c: TestChain, blocks: bigint) => any(UpdateSlashing, { authority: account(c), params: { ...c.k.slashing.params(c.ctx), signedBlocksWindow: blocks } });
const draft = (c: TestChain, change: Partial<MsgSubmitProposal> = {}): Partial<MsgSubmitProposal> => ({
  messages: [window(c, 77n)], initialDeposit: [coin(1_000n)], proposer: c.address("ann"), title: "A window", summary: "of 77 blocks", ...change,
});
const submit = (c: TestChain, change: Partial<MsgSubmitProposal> = {}): string | undefined => c.send(MsgSubmitProposal, draft(c, change));
const voteAs = (c: TestChain, voter: string, option: VoteOption, proposalId = 1n) => c.send(MsgVote, { proposalId, voter, option });
const validatorsVote = (c: TestChain, options: readonly (VoteOption | undefined)[], id = 1n): void => options.forEach((o, i) => o && c.must(MsgVote, { proposalId: id, voter: c.validators[i]?.operator as string, option: o }));
const status = (c: TestChain, id = 1n) => c.query(q.proposal, { proposalId: id }).proposal?.status;
const held = (c: TestChain): bigint => c.k.bank.balance(c.ctx, account(c));

test("a deposit begins the vote, stake decides it, and another module's parameters change", (t) => {
  const c = chain();
  c.block(() => t.is(submit(c, { initialDeposit: [coin(400n)] }), undefined));
  t.is(status(c), ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD);
  t.deepEqual(c.of("submit_proposal"), [{ proposal_id: "1", proposal_proposer: c.address("ann"), proposal_messages: ",/cosmos.slashing.v1beta1.MsgUpdateParams" }]);
  c.block(() => {
    t.is(voteAs(c, c.address("bob"), YES), "gov/3", "not before the deposit is there");
    t.is(c.send(MsgDeposit, { proposalId: 1n, depositor: c.address("bob"), amount: [coin(600n)] }), undefined);
  });
  t.deepEqual(c.of("proposal_deposit"), [{ depositor: c.address("ann"), amount: "400upouw", proposal_id: "1" }, { depositor: c.address("bob"), amount: "600upouw", proposal_id: "1" }, { voting_period_start: "1" }]);
  const { proposal } = c.query(q.proposal, { proposalId: 1n });
  t.like(proposal, { status: ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD, totalDeposit: [coin(1_000n)], votingStartTime: { seconds: c.timeMs / 1000n }, votingEndTime: { seconds: c.timeMs / 1000n + 10n } });
  t.is(held(c), 1_000n);
  c.block(() => {
    validatorsVote(c, [YES, YES, NO]);
    t.is(voteAs(c, c.address("cid"), NO), undefined, "who has no stake may vote too");
    t.is(c.send(MsgVote, { proposalId: 1n, voter: c.address("cid"), option: 9 as VoteOption }), "gov/7");
    t.is(c.send(MsgVote, { proposalId: 1n, voter: c.address("cid"), option: YES, metadata: "x".repeat(256) }), "gov/15");
  });
  t.deepEqual(c.of("proposal_vote")[0], { voter: c.validators[0]?.operator as string, option: '[{"option":1,"weight":"1.000000000000000000"}]', proposal_id: "1" });
  t.deepEqual(c.query(q.tallyResult, { proposalId: 1n }).tally, { yesCount: `${20n * UNIT}`, abstainCount: "0", noCount: `${10n * UNIT}`, noWithVetoCount: "0" });
  t.is(c.query(q.votes, { proposalId: 1n }).votes.length, 4);
  c.blocks(8);
  t.is(status(c), ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD, "not before its time");
  t.not(c.k.slashing.params(c.ctx).signedBlocksWindow, 77n);
  c.block();
  t.is(status(c), ProposalStatus.PROPOSAL_STATUS_PASSED);
  t.is(c.k.slashing.params(c.ctx).signedBlocksWindow, 77n);
  t.deepEqual(c.of("active_proposal"), [{ proposal_id: "1", proposal_result: "proposal_passed", proposal_log: "passed" }]);
  t.deepEqual(c.query(q.tallyResult, { proposalId: 1n }).tally, { yesCount: `${20n * UNIT}`, abstainCount: "0", noCount: `${10n * UNIT}`, noWithVetoCount: "0" });
  t.deepEqual([held(c), c.balance("ann"), c.balance("bob")], [0n, 100n * UNIT, 100n * UNIT], "deposits are given back");
  t.deepEqual([c.query(q.votes, { proposalId: 1n }).votes.length, c.query(q.deposits, { proposalId: 1n }).deposits.length], [0, 0]);
  c.block(() => {
    t.is(voteAs(c, c.address("bob"), YES), "gov/3");
    t.is(c.send(MsgDeposit, { proposalId: 1n, depositor: c.address("bob"), amount: [coin(600n)] }), "gov/3");
  });
});

test("who delegates overrides the validator, in parts where it wants to", (t) => {
  const c = chain();
  const valoper = c.environment.addresses.operator.format(c.environment.addresses.parse(c.validators[0]?.operator as string));
  c.block(() => {
    c.must(MsgDelegate, { delegatorAddress: c.address("bob"), validatorAddress: valoper, amount: coin(6n * UNIT) });
    c.must(MsgSubmitProposal, draft(c));
    validatorsVote(c, [YES]);
    const options = [{ option: NO, weight: "0.5" }, { option: ABSTAIN, weight: "0.25" }, { option: VETO, weight: "0.25" }];
    t.is(c.send(MsgVoteWeighted, { proposalId: 1n, voter: c.address("bob"), options }), undefined);
    for (const [wrong, code] of [
      [[], "sdk/18"],
      [[{ option: NO, weight: "0.5" }], "gov/7"],
      [[{ option: NO, weight: "0.5" }, { option: NO, weight: "0.5" }], "gov/7"],
      [[{ option: NO, weight: "1" }, { option: YES, weight: "1" }], "gov/7"],
      [[{ option: NO, weight: "-1" }, { option: YES, weight: "2" }], "gov/7"],
      [[{ option: NO, weight: "one" }], "gov/7"],
    ] as const) t.is(c.send(MsgVoteWeighted, { proposalId: 1n, voter: c.address("cid"), options: [...wrong] }), code);
  });
  t.deepEqual(c.query(q.tallyResult, { proposalId: 1n }).tally, { yesCount: `${10n * UNIT}`, noCount: `${3n * UNIT}`, abstainCount: `${(3n * UNIT) / 2n}`, noWithVetoCount: `${(3n * UNIT) / 2n}` });
  t.deepEqual(c.query(old.vote, { proposalId: 1n, voter: c.address("bob") }).vote?.options[0], { option: NO, weight: "500000000000000000" });
});

test("an expedited proposal that fails is voted on anew, as any other", (t) => {
  const c = chain();
  c.block(() => t.is(submit(c, { expedited: true, initialDeposit: [coin(1_000n)] }), undefined));
  t.is(status(c), ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD, "it needs five times as much");
  c.block(() => {
    c.must(MsgDeposit, { proposalId: 1n, depositor: c.address("bob"), amount: [coin(4_000n)] });
    validatorsVote(c, [YES, NO, NO]);
  });
  const startMs = c.timeMs;
  c.blocks(5);
  t.deepEqual(c.of("active_proposal"), [{ proposal_id: "1", proposal_result: "expedited_proposal_rejected", proposal_log: "expedited proposal converted to regular" }]);
  const { proposal } = c.query(q.proposal, { proposalId: 1n });
  t.like(proposal, { status: ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD, expedited: false, votingEndTime: { seconds: startMs / 1000n + 10n } });
  t.is(held(c), 5_000n, "the deposits stay");
  t.is(c.query(q.votes, { proposalId: 1n }).votes.length, 0);
  c.block(() => validatorsVote(c, [YES, YES, NO]));
  c.blocks(4);
  t.is(status(c), ProposalStatus.PROPOSAL_STATUS_PASSED);
  t.is(c.k.slashing.params(c.ctx).signedBlocksWindow, 77n);
  t.is(held(c), 0n);
});

test("an expedited proposal with two thirds passes at once", (t) => {
  const c = chain();
  c.block(() => {
    c.must(MsgSubmitProposal, draft(c, { expedited: true, initialDeposit: [coin(5_000n)] }));
    validatorsVote(c, [YES, YES, YES]);
  });
  c.blocks(5);
  t.is(status(c), ProposalStatus.PROPOSAL_STATUS_PASSED);
});

test("a veto burns the deposits", (t) => {
  const c = chain();
  const before = c.supply;
  c.block(() => {
    c.must(MsgSubmitProposal, draft(c));
    validatorsVote(c, [YES, VETO, VETO]);
  });
  c.blocks(10);
  t.like(c.query(q.proposal, { proposalId: 1n }).proposal, { status: ProposalStatus.PROPOSAL_STATUS_REJECTED, failedReason: "proposal did not get enough votes to pass" });
  t.deepEqual([before - c.supply, held(c), c.balance("ann")], [1_000n, 0n, 100n * UNIT - 1_000n]);
  t.deepEqual(c.of("burn"), [{ burner: account(c), amount: "1000upouw" }]);
});

test("without a quorum deposits go back, or are burned where parameters say so", (t) => {
  for (const burn of [false, true]) {
    const c = chain({ burn_vote_quorum: burn });
    c.block(() => c.must(MsgSubmitProposal, draft(c)));
    c.blocks(10);
    t.is(status(c), ProposalStatus.PROPOSAL_STATUS_REJECTED);
    t.is(c.balance("ann"), 100n * UNIT - (burn ? 1_000n : 0n));
  }
});

test("a proposal without its deposit is dropped, with what was put down", (t) => {
  for (const burn of [false, true]) {
    const c = chain({ burn_proposal_deposit_prevote: burn });
    c.block(() => {
      t.is(submit(c, { initialDeposit: [coin(9n)] }), "gov/16", "less than a hundredth");
      t.is(submit(c, { initialDeposit: [coin(10n)] }), undefined);
    });
    c.blocks(7);
    t.is(status(c), ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD);
    c.block();
    t.is(refusal(() => c.query(q.proposal, { proposalId: 1n })), "sdk/22: rpc error: code = NotFound desc = proposal 1 doesn't exist: key not found");
    t.deepEqual(c.of("inactive_proposal"), [{ proposal_id: "1", proposal_result: "proposal_dropped" }]);
    t.is(c.balance("ann"), 100n * UNIT - (burn ? 10n : 0n));
    c.block(() => t.is(submit(c), undefined));
    t.is(status(c, 2n), ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD, "numbers are not given twice");
  }
});

test("who cancels pays a part of all deposits, to where parameters say", (t) => {
  for (const [dest, burned] of [["", 500n], ["cid", 0n]] as const) {
    const c = chain(dest === "" ? {} : { proposal_cancel_dest: new TestChain({ crypto: nodeCrypto }).address(dest) });
    const before = c.supply;
    c.block(() => {
      c.must(MsgSubmitProposal, draft(c, { initialDeposit: [coin(400n)] }));
      c.must(MsgDeposit, { proposalId: 1n, depositor: c.address("bob"), amount: [coin(601n)] });
      validatorsVote(c, [YES]);
      t.is(c.send(MsgCancelProposal, { proposalId: 1n, proposer: c.address("bob") }), "gov/18");
      t.is(c.send(MsgCancelProposal, { proposalId: 9n, proposer: c.address("bob") }), "sdk/22");
      const done = c.deliver(MsgCancelProposal, { proposalId: 1n, proposer: c.address("ann") });
      t.true("response" in done);
      t.is(c.send(MsgCancelProposal, { proposalId: 1n, proposer: c.address("ann") }), "sdk/22");
    });
    t.deepEqual([c.balance("ann"), c.balance("bob"), c.balance("cid")], [100n * UNIT - 200n, 100n * UNIT - 300n, 100n * UNIT + (dest === "" ? 0n : 500n)]);
    t.deepEqual([before - c.supply, held(c)], [burned, 0n]);
    t.deepEqual(c.of("cancel_proposal"), [{ sender: c.address("ann"), proposal_id: "1" }]);
    t.is(c.query(q.votes, { proposalId: 1n }).votes.length, 0);
    c.blocks(12);
    t.deepEqual(c.of("active_proposal"), []);
  }
});

test("what cancelling costs goes to the community pool where parameters name distribution's account, and to no other module's", (t) => {
  const at = (module: string): string => new TestChain({ crypto: nodeCrypto }).environment.addresses.module(module);
  const c = chain({ proposal_cancel_dest: at("distribution") });
  const pool = (): bigint => BigInt(c.query(DistributionQuery.methods.communityPool, {}).pool.find((x) => x.denom === "upouw")?.amount ?? 0n);
  const before = [c.supply, pool()] as const;
  c.block(() => {
    c.must(MsgSubmitProposal, draft(c, { initialDeposit: [coin(400n)] }));
    c.must(MsgDeposit, { proposalId: 1n, depositor: c.address("bob"), amount: [coin(601n)] });
    c.must(MsgCancelProposal, { proposalId: 1n, proposer: c.address("ann") });
  });
  t.deepEqual([c.balance("ann"), c.balance("bob"), held(c)], [100n * UNIT - 200n, 100n * UNIT - 300n, 0n]);
  t.deepEqual([c.supply, pool()], [before[0], before[1] + 500n * 10n ** 18n]);
  t.deepEqual(c.of("transfer").at(-1), { recipient: at("distribution"), sender: account(c), amount: "500upouw" });

  const other = chain({ proposal_cancel_dest: at("bonded_tokens_pool") });
  other.block(() => {
    other.must(MsgSubmitProposal, draft(other));
    t.is(other.send(MsgCancelProposal, { proposalId: 1n, proposer: other.address("ann") }), "sdk/4");
  });
  t.is(held(other), 1_000n, "and nothing of it was done");
});

test("a message that fails undoes all of them, and the reason stands in the proposal", (t) => {
  const c = chain();
  const send = any(MsgSend, { fromAddress: account(c), toAddress: c.address("cid"), amount: [coin(5n)] });
  c.block(() => {
    c.must(MsgSubmitProposal, draft(c, { messages: [window(c, 77n), send] }));
    validatorsVote(c, [YES, YES, YES]);
  });
  c.blocks(10);
  const reason = "spendable balance 0upouw is smaller than 5upouw: insufficient funds";
  t.like(c.query(q.proposal, { proposalId: 1n }).proposal, { status: ProposalStatus.PROPOSAL_STATUS_FAILED, failedReason: reason });
  t.deepEqual(c.of("active_proposal"), [{ proposal_id: "1", proposal_result: "proposal_failed", proposal_log: `passed, but msg 1 (${MsgSend.typeUrl}) failed on execution: ${reason}` }]);
  t.not(c.k.slashing.params(c.ctx).signedBlocksWindow, 77n);
  t.is(c.balance("ann"), 100n * UNIT);
});

test("an upgrade is planned, and the plan taken back, by votes alone", (t) => {
  const c = chain();
  const plan = { name: "v2", height: 1_000n, info: "see the wiki", time: undefined, upgradedClientState: undefined };
  t.is(c.send(MsgSoftwareUpgrade, { authority: c.address("ann"), plan }), "upgrade/6");
  c.block(() => {
    c.must(MsgSubmitProposal, draft(c, { messages: [any(MsgSoftwareUpgrade, { authority: account(c), plan })] }));
    c.must(MsgSubmitProposal, draft(c, { messages: [any(MsgSoftwareUpgrade, { authority: account(c), plan: { ...plan, height: 3n } })] }));
    for (const id of [1n, 2n]) validatorsVote(c, [YES, YES, YES], id);
  });
  c.blocks(10);
  t.like(c.query(UpgradeQuery.methods.currentPlan).plan, { name: "v2", height: 1_000n, info: "see the wiki" });
  t.like(c.query(q.proposal, { proposalId: 2n }).proposal, { status: ProposalStatus.PROPOSAL_STATUS_FAILED, failedReason: "upgrade cannot be scheduled in the past: invalid request" });
  t.is(c.query(UpgradeQuery.methods.authority).address, account(c));
  t.is(c.query(UpgradeQuery.methods.upgradedConsensusState, { lastHeight: 1n }).upgradedConsensusState.length, 0);
});

test("what cannot be proposed is refused by name", (t) => {
  const c = chain();
  const wrong: readonly [Partial<MsgSubmitProposal>, string][] = [
    [{ title: "" }, "sdk/18"],
    [{ summary: "" }, "sdk/18"],
    [{ title: "t".repeat(256) }, "gov/15"],
    [{ metadata: "m".repeat(256) }, "gov/15"],
    [{ summary: "s".repeat(10_201) }, "gov/22"],
    [{ messages: [] }, "gov/11"],
    [{ metadata: '{"title":"Another window","summary":"of 77 blocks"}' }, "gov/5"],
    [{ metadata: '{"Title":"A window","summary":"else"}' }, "gov/5"],
    [{ messages: [{ typeUrl: "/no.such.Msg", value: new Uint8Array(0) }] }, "gov/10"],
    [{ messages: [any(MsgSend, { fromAddress: c.address("ann"), toAddress: c.address("cid"), amount: [coin(5n)] })] }, "gov/13"],
    [{ messages: [{ typeUrl: MsgSend.typeUrl, value: Uint8Array.of(255) }] }, "sdk/2"],
    [{ messages: [any(MsgExecLegacyContent, { authority: account(c), content: { typeUrl: "/cosmos.upgrade.v1beta1.SoftwareUpgradeProposal", value: new Uint8Array(0) } })] }, "gov/9"],
    [{ messages: [any(MsgExecLegacyContent, { authority: account(c), content: any(TextProposal, { title: " ", description: "d" }) })] }, "gov/5"],
    // What no genesis could say would stop every export.
    [{ messages: [any(MsgEditValidator, { validatorAddress: c.environment.addresses.operator.format(c.environment.addresses.parse(account(c))), commissionRate: "half" })] }, "sdk/2"],
    [{ messages: [any(MsgSubmitProposal, { proposer: account(c), messages: [{ typeUrl: "/no.such.Msg", value: new Uint8Array(0) }] })] }, "sdk/2"],
    [{ initialDeposit: [coin(1_000n, "uother")] }, "gov/23"],
    [{ initialDeposit: [coin(1n), coin(1n)] }, "sdk/10"],
    [{ initialDeposit: [] }, "gov/16"],
    [{ initialDeposit: [coin(1_000_000n * UNIT)] }, "sdk/5"],
    [{ proposer: "nobody" }, "sdk/7"],
  ];
  c.block(() => {
    for (const [change, code] of wrong) {
      const handler = c.app.messages.get(MsgSubmitProposal.typeUrl);
      const said = refusal(() => handler?.run(c.ctx.branch(), MsgSubmitProposal.create(draft(c, change))));
      t.is(said?.split(":")[0], code, `${JSON.stringify(change, (_, v: unknown) => (typeof v === "bigint" ? `${v}` : v)).slice(0, 100)} ${said}`);
    }
    let deep = any(MsgSubmitProposal, { proposer: account(c) });
    for (let i = 0; i < 11; i++) deep = any(MsgSubmitProposal, { proposer: account(c), messages: [deep] });
    t.is(submit(c, { messages: [deep] }), "sdk/2");
    t.is(submit(c, { metadata: '{"title":"A window","summary":"of 77 blocks","authors":["ann"]}' }), undefined);
    t.is(submit(c, { metadata: "ipfs://CID", messages: [] }), undefined, "a proposal may be nothing but its words");
  });
  t.is(c.query(q.proposals).proposals.length, 2);
});

test("the initial deposit is a part of the least one", (t) => {
  const c = chain({ min_initial_deposit_ratio: "0.5" });
  c.block(() => {
    t.is(submit(c, { initialDeposit: [coin(499n)] }), "gov/16");
    t.is(submit(c, { initialDeposit: [coin(500n)] }), undefined);
    t.is(submit(c, { initialDeposit: [coin(2_499n)], expedited: true }), "gov/16");
    t.is(submit(c, { initialDeposit: [coin(2_500n)], expedited: true }), undefined);
  });
});

test("parameters are changed by a vote, and by nobody else", (t) => {
  const c = chain();
  const params = { ...c.k.gov.params(c.ctx), quorum: "0.2" };
  c.block(() => {
    t.is(c.send(MsgUpdateParams, { authority: c.address("ann"), params }), "gov/13");
    c.must(MsgSubmitProposal, draft(c, { messages: [any(MsgUpdateParams, { authority: account(c), params })] }));
    c.must(MsgSubmitProposal, draft(c, { messages: [any(MsgUpdateParams, { authority: account(c), params: { ...params, quorum: "2" } })] }));
    for (const id of [1n, 2n]) validatorsVote(c, [YES, YES, YES], id);
  });
  c.blocks(10);
  t.is(c.query(q.params, { paramsType: "tallying" }).tallyParams?.quorum, "0.2");
  t.like(c.query(q.proposal, { proposalId: 2n }).proposal, { status: ProposalStatus.PROPOSAL_STATUS_FAILED, failedReason: "params.quorum: got 2.000000000000000000, want 0 to 1: invalid request" });
});

test("a text proposal of the older form goes all its way, and both forms tell of it", (t) => {
  const c = chain();
  const content = any(TextProposal, { title: "A text", description: "to be voted on" });
  c.block(() => {
    t.is(c.send(legacy.MsgSubmitProposal, { content: { typeUrl: "/cosmos.params.v1beta1.ParameterChangeProposal", value: new Uint8Array(0) }, initialDeposit: [coin(1_000n)], proposer: c.address("ann") }), "gov/9");
    t.is(c.send(legacy.MsgSubmitProposal, { content, initialDeposit: [coin(400n)], proposer: c.address("ann") }), undefined);
  });
  const before = c.query(old.proposal, { proposalId: 1n }).proposal;
  t.like(before, { proposalId: 1n, content, status: 1, totalDeposit: [coin(400n)], finalTallyResult: { yes: "0", no: "0", abstain: "0", noWithVeto: "0" }, votingStartTime: { seconds: -62_135_596_800n, nanos: 0 } });
  c.block(() => {
    t.is(c.send(legacy.MsgDeposit, { proposalId: 1n, depositor: c.address("bob"), amount: [coin(600n)] }), undefined);
    const half = "500000000000000000";
    t.is(c.send(legacy.MsgVote, { proposalId: 1n, voter: c.validators[0]?.operator as string, option: YES }), undefined);
    t.is(c.send(legacy.MsgVoteWeighted, { proposalId: 1n, voter: c.validators[1]?.operator as string, options: [{ option: YES, weight: half }, { option: NO, weight: half }] }), undefined);
  });
  t.deepEqual(c.query(old.tallyResult, { proposalId: 1n }).tally, { yes: `${15n * UNIT}`, no: `${5n * UNIT}`, abstain: "0", noWithVeto: "0" });
  t.like(c.query(q.vote, { proposalId: 1n, voter: c.validators[1]?.operator as string }).vote, { options: [{ option: YES, weight: "0.500000000000000000" }, { option: NO, weight: "0.500000000000000000" }] });
  t.like(c.query(q.proposal, { proposalId: 1n }).proposal, { title: "A text", summary: "to be voted on", messages: [{ typeUrl: MsgExecLegacyContent.typeUrl }] });
  t.deepEqual(c.query(old.deposit, { proposalId: 1n, depositor: c.address("bob") }).deposit, { proposalId: 1n, depositor: c.address("bob"), amount: [coin(600n)] });
  t.deepEqual(c.query(old.deposits, { proposalId: 1n }).deposits.length, 2);
  c.blocks(10);
  t.like(c.query(old.proposal, { proposalId: 1n }).proposal, { status: 3 });
  t.is(c.query(old.proposals, { proposalStatus: 3 }).proposals.length, 1);
  c.block(() => c.must(MsgSubmitProposal, draft(c, { messages: [window(c, 8n), window(c, 9n)] })));
  t.regex(refusal(() => c.query(old.proposals)) ?? "", /can't convert a gov\/v1 Proposal to gov\/v1beta1 Proposal/);
});

test("parameters in both forms", (t) => {
  const c = chain();
  t.deepEqual(c.query(q.params, { paramsType: "voting" }).votingParams, { votingPeriod: { seconds: 10n, nanos: 0 } });
  t.deepEqual(c.query(q.params, { paramsType: "deposit" }).depositParams, { minDeposit: [coin(1_000n)], maxDepositPeriod: { seconds: 8n, nanos: 0 } });
  t.like(c.query(q.params).params, { burnVoteVeto: true, minDepositRatio: "0.010000000000000000" });
  t.regex(refusal(() => c.query(q.params, { paramsType: "toString" })) ?? "", /unknown params type: toString/);
  const text = (b: Uint8Array | undefined): string => String.fromCharCode(...(b ?? []));
  const { tallyParams, votingParams } = c.query(old.params, { paramsType: "tallying" });
  t.deepEqual([text(tallyParams?.quorum), text(tallyParams?.threshold), votingParams], ["334000000000000000", "500000000000000000", { votingPeriod: { seconds: 0n, nanos: 0 } }]);
  t.is(text(c.query(old.params, { paramsType: "voting" }).tallyParams?.quorum), "0");
  t.regex(refusal(() => c.query(old.params)) ?? "", / is not a valid parameter type/);
});

test("proposals are found by status, voter and depositor", (t) => {
  const c = chain();
  c.block(() => {
    c.must(MsgSubmitProposal, draft(c));
    c.must(MsgSubmitProposal, draft(c, { initialDeposit: [coin(10n)], proposer: c.address("bob") }));
    c.must(MsgVote, { proposalId: 1n, voter: c.address("cid"), option: YES });
  });
  const found = (request: object) => c.query(q.proposals, request).proposals.map((p) => p.id);
  t.deepEqual([found({}), found({ proposalStatus: 1 }), found({ proposalStatus: 2 }), found({ voter: c.address("cid") }), found({ depositor: c.address("bob") }), found({ voter: c.address("cid"), depositor: c.address("bob") })], [[1n, 2n], [2n], [1n], [1n], [2n], []]);
  t.regex(refusal(() => c.query(q.proposal, {})) ?? "", /proposal id can not be 0/);
  t.regex(refusal(() => c.query(q.vote, { proposalId: 1n, voter: c.address("ann") })) ?? "", /InvalidArgument.*not found for proposal: 1/);
  t.regex(refusal(() => c.query(q.deposit, { proposalId: 1n, depositor: c.address("cid") })) ?? "", /NotFound/);
});

test("genesis: deposits in the chain's denomination, an export that goes on as it was, and faults by name", (t) => {
  const c = chain({}, { constitution: "§ 1: We compute.", starting_proposal_id: "5" });
  t.is(c.query(q.constitution).constitution, "§ 1: We compute.");
  c.block(() => {
    c.must(MsgSubmitProposal, draft(c));
    c.must(MsgSubmitProposal, draft(c, { initialDeposit: [coin(10n)] }));
    c.must(legacy.MsgSubmitProposal, { content: any(TextProposal, { title: "t", description: "d" }), initialDeposit: [coin(100n)], proposer: c.address("bob") });
    validatorsVote(c, [YES, NO], 5n);
  });
  c.blocks(3);
  const begun = (change: (state: Record<string, Record<string, unknown>>) => void = () => {}): TestChain => {
    const genesis = JSON.parse(JSON.stringify(c.exported())) as Record<string, Record<string, unknown>>;
    change(genesis);
    return new TestChain({ crypto: nodeCrypto, powers: [10n, 10n, 10n], genesis, initialHeight: c.height + 1n, timeMs: c.timeMs });
  };
  const again = begun();
  t.deepEqual(again.exported(), c.exported());
  t.deepEqual(again.dump(), c.dump());
  for (const x of [c, again]) x.blocks(12);
  t.deepEqual(again.dump(), c.dump());
  t.is(c.query(q.proposals).proposals.length, 1);

  const other = new TestChain({ crypto: nodeCrypto, params: { staking: { bond_denom: "ustake" } }, parts: { bank: {} } });
  t.deepEqual([other.k.gov.params(other.ctx).minDeposit, other.k.gov.params(other.ctx).expeditedMinDeposit], [[coin(10_000_000n, "ustake")], [coin(50_000_000n, "ustake")]]);

  const d = chain();
  d.block(() => d.must(MsgSubmitProposal, draft(d)));
  const faulty = (change: (gov: Record<string, unknown[]>) => void) => refusal(() => {
    const genesis = JSON.parse(JSON.stringify(d.exported())) as Record<string, Record<string, unknown[]>>;
    change(genesis["gov"] as Record<string, unknown[]>);
    return new TestChain({ crypto: nodeCrypto, powers: [10n, 10n, 10n], genesis, initialHeight: d.height + 1n, timeMs: d.timeMs });
  });
  const first = (gov: Record<string, unknown[]>, list: string) => (gov[list] as Record<string, unknown>[])[0] as Record<string, unknown>;
  t.is(faulty(() => {}), undefined);
  t.regex(faulty((g) => (g["proposals"] as unknown[]).push(first(g, "proposals"))) ?? "", /^app_state\.gov\.proposals\[1\]\.id: 1 stands there twice/);
  t.regex(faulty((g) => (first(g, "deposits")["proposal_id"] = "7")) ?? "", /^app_state\.gov\.deposits\[0\]\.proposal_id: there is no proposal 7/);
  t.regex(faulty((g) => (first(g, "deposits")["amount"] = [coin(1_001n)])) ?? "", /^app_state\.gov\.deposits: they are 1001upouw, the module's account holds 1000/);
  t.regex(faulty((g) => Object.assign(g, { starting_proposal_id: "1" })) ?? "", /^app_state\.gov\.proposals\[0\]\.id: got 1, want 1 to 0/);
  t.regex(faulty((g) => Object.assign(g, { voting_params: { voting_period: "5s" } })) ?? "", /older form: name them in params/);
  t.regex(faulty((g) => (first(g, "proposals")["messages"] = [{ "@type": "/no.such.Msg" }])) ?? "", /no\.such\.Msg/);
});

test("what is due beyond a block's budget is done in the next ones, with the same outcome", (t) => {
  const c = chain({ min_deposit_ratio: "0", max_deposit_period: "10s" });
  const names = Array.from({ length: 12 }, (_, i) => `voter${i}`);
  const valoper = (i: number): string => c.environment.addresses.operator.format(c.environment.addresses.parse(c.validators[i]?.operator as string));
  c.block(() => {
    c.must(MsgSubmitProposal, draft(c, { expedited: true, initialDeposit: [coin(5_000n)] }));
    c.must(MsgSubmitProposal, draft(c, { initialDeposit: [coin(10n)] }));
    names.forEach((name, i) => {
      c.must(MsgSend, { fromAddress: c.address("ann"), toAddress: c.address(name), amount: [coin(2n * UNIT)] });
      for (const v of [0, 1]) c.must(MsgDelegate, { delegatorAddress: c.address(name), validatorAddress: valoper(v), amount: coin(UNIT / 2n) });
      c.must(MsgDeposit, { proposalId: 1n, depositor: c.address(name), amount: [coin(BigInt(i + 1))] });
      c.must(MsgDeposit, { proposalId: 2n, depositor: c.address(name), amount: [coin(1n)] });
      c.must(MsgVote, { proposalId: 1n, voter: c.address(name), option: i % 2 === 0 ? YES : ABSTAIN });
    });
    validatorsVote(c, [YES, NO, NO]);
  });
  const ports: GovPorts = { bank: c.k.bank.for(govAccounts), router: c.app.router, distribution: c.k.distribution, staking: c.k.staking };
  c.blocks(8);
  // The expedited one became due on the way and was voted down; all vote again, in time for both to be due at once.
  t.is(c.query(q.proposal, { proposalId: 1n }).proposal?.expedited, false);
  const outcome = (ctx: TestChain["ctx"], x: TestChain) => ({
    proposal: x.k.gov.proposal(ctx, 1n), gone: x.k.gov.proposal(ctx, 2n), balances: names.map((n) => x.k.bank.balance(ctx, x.address(n))), held: x.k.bank.balance(ctx, account(x)), window: x.k.slashing.params(ctx).signedBlocksWindow,
  });
  c.block(() => {
    names.forEach((name, i) => c.must(MsgVote, { proposalId: 1n, voter: c.address(name), option: i % 2 === 0 ? YES : ABSTAIN }));
    validatorsVote(c, [YES, YES, NO]);
  });
  let expected: ReturnType<typeof outcome> | undefined;
  let blocks = 0;
  c.block(() => {
    const branch = c.ctx.branch();
    const step = endBlocker(ports, depositing(ports), 7);
    while (blocks < 200 && (c.k.gov.proposal(branch, 1n)?.status === ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD || c.k.bank.balance(branch, account(c)) > 0n)) {
      step(branch);
      blocks++;
      if (c.k.gov.proposal(branch, 1n)?.status === ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD && blocks > 2) {
        const handler = c.app.messages.get(MsgVote.typeUrl);
        t.regex(refusal(() => handler?.run(branch, MsgVote.create({ proposalId: 1n, voter: c.address("cid"), option: NO }))) ?? "", /inactive proposal/, "nobody votes while votes are counted");
      }
    }
    expected = outcome(branch, c);
  });
  t.true(blocks > 5 && blocks < 200, `${blocks}`);
  t.is(expected?.proposal?.status, ProposalStatus.PROPOSAL_STATUS_PASSED);
  t.deepEqual(outcome(c.ctx, c), expected as NonNullable<typeof expected>);
  t.is(c.query(q.votes, { proposalId: 1n }).votes.length, 0);
  t.true(UNITS_PER_BLOCK > 7);
});

test("deposits that a proposal spent are waited for, and no block fails for it", (t) => {
  const c = chain();
  const send = any(MsgSend, { fromAddress: account(c), toAddress: c.address("cid"), amount: [coin(1_000n)] });
  c.block(() => {
    c.must(MsgSubmitProposal, draft(c, { messages: [send] }));
    validatorsVote(c, [YES, YES, YES]);
  });
  c.block(() => c.must(MsgSubmitProposal, draft(c, { proposer: c.address("bob") })));
  c.blocks(5);
  const ports: GovPorts = { bank: c.k.bank.for(govAccounts), router: c.app.router, distribution: c.k.distribution, staking: c.k.staking };
  const due = { ...c.ctx.block, timeNs: c.ctx.block.timeNs + 60_000_000_000n };
  c.block(() => {
    const branch = Object.assign(c.ctx.branch(), { block: due });
    const step = endBlocker(ports, depositing(ports));
    step(branch);
    t.is(c.k.gov.proposal(branch, 1n)?.status, ProposalStatus.PROPOSAL_STATUS_PASSED);
    t.is(c.k.bank.balance(branch, account(c)), 0n);
    step(branch);
    t.is(c.k.bank.balance(branch, c.address("bob")), 100n * UNIT - 1_000n);
    c.k.bank.send(branch, c.address("cid"), account(c), 1_000n);
    step(branch);
    t.is(c.k.bank.balance(branch, c.address("bob")), 100n * UNIT);
  });
});
