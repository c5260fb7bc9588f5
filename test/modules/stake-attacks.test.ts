/** Attacks on votes, on who signs and on grants, each of which worked once. */
import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { MsgExec, MsgGrant } from "#proto/gen/cosmos/authz/v1beta1/tx.js";
import { SendAuthorization } from "#proto/gen/cosmos/bank/v1beta1/authz.js";
import { MsgSend } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { PubKey } from "#proto/gen/cosmos/crypto/ed25519/keys.js";
import { ProposalStatus, VoteOption } from "#proto/gen/cosmos/gov/v1/gov.js";
import { GovQuery } from "#proto/gen/cosmos/gov/v1/query.js";
import { MsgSubmitProposal, MsgUpdateParams as MsgUpdateGov, MsgVote } from "#proto/gen/cosmos/gov/v1/tx.js";
import { MsgUpdateParams } from "#proto/gen/cosmos/slashing/v1beta1/tx.js";
import { MsgUpdateParams as MsgUpdateAuth } from "#proto/gen/cosmos/auth/v1beta1/tx.js";
import { MsgUpdateParams as MsgUpdateMint } from "#proto/gen/cosmos/mint/v1beta1/tx.js";
import { MsgUpdateParams as MsgUpdateFees } from "#proto/gen/pouw/fees/v1/tx.js";
import type { Codec } from "#proto/wire.js";
import { AuthorizationType, StakeAuthorization } from "#proto/gen/cosmos/staking/v1beta1/authz.js";
import { MsgBeginRedelegate, MsgCreateValidator, MsgDelegate, MsgUndelegate } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { coin, TestChain } from "#test/chain/chain.js";

const UNIT = 1_000_000n;
const { VOTE_OPTION_YES: YES, VOTE_OPTION_NO: NO } = VoteOption;
const { PROPOSAL_STATUS_VOTING_PERIOD: VOTING, PROPOSAL_STATUS_REJECTED: REJECTED } = ProposalStatus;

const operator = (c: TestChain, account: string): string => c.environment.addresses.operator.format(c.environment.addresses.parse(account));
const valoper = (c: TestChain, i: number): string => operator(c, c.validators[i]?.operator as string);

test("stake of who has voted stays where it is while votes are counted: moved, it would count twice", (t) => {
  const gov = { max_deposit_period: "8s", voting_period: "10s", expedited_voting_period: "5s", min_deposit: [coin(1_000n)], expedited_min_deposit: [coin(5_000n)] };
  const c = new TestChain({ crypto: nodeCrypto, powers: [1n, 1n], funds: { rich: 400n * UNIT, honest: 1_000n * UNIT, ann: 10n * UNIT }, parts: { gov: { params: gov } } });
  const rich = c.address("rich");
  c.block(() => {
    c.must(MsgDelegate, { delegatorAddress: rich, validatorAddress: valoper(c, 1), amount: coin(259n * UNIT) });
    c.must(MsgDelegate, { delegatorAddress: c.address("honest"), validatorAddress: valoper(c, 0), amount: coin(739n * UNIT) });
  });
  c.block(() => {
    const change = MsgUpdateParams.encode(MsgUpdateParams.create({ authority: c.environment.addresses.module("gov"), params: { ...c.k.slashing.params(c.ctx), signedBlocksWindow: 77n } }));
    c.must(MsgSubmitProposal, { messages: [{ typeUrl: MsgUpdateParams.typeUrl, value: change }], initialDeposit: [coin(1_000n)], proposer: c.address("ann"), title: "a title", summary: "what for" });
  });
  const vote = (voter: string, option: VoteOption) => c.must(MsgVote, { proposalId: 1n, voter, option });
  c.block(() => {
    vote(c.validators[0]?.operator as string, NO);
    vote(c.validators[1]?.operator as string, YES);
    vote(rich, YES);
    // more votes than a block counts, all before that of the rich one
    for (let i = 0; i < 2_600; i++) vote(c.environment.addresses.format(Uint8Array.of(0, ...nodeCrypto.sha256(Uint8Array.of(i >> 8, i & 255)).slice(1, 20))), YES);
  });
  const status = () => c.query(GovQuery.methods.proposal, { proposalId: 1n }).proposal?.status ?? 0;
  const refused: (string | undefined)[] = [];
  c.until(() => status() !== VOTING, 30, () => {
    if (refused.length > 0 || c.send(MsgVote, { proposalId: 1n, voter: c.address("ann"), option: YES }) !== "gov/3") return;
    const own = { delegatorAddress: rich, amount: coin(259n * UNIT) };
    refused.push(
      c.send(MsgBeginRedelegate, { ...own, validatorSrcAddress: valoper(c, 1), validatorDstAddress: valoper(c, 0) }),
      c.send(MsgUndelegate, { ...own, validatorAddress: valoper(c, 1) }),
      c.send(MsgDelegate, { ...own, amount: coin(UNIT), validatorAddress: valoper(c, 0) }),
    );
    c.must(MsgDelegate, { delegatorAddress: c.address("honest"), validatorAddress: valoper(c, 0), amount: coin(1n) });
  });
  t.deepEqual(refused, ["sdk/18", "sdk/18", "sdk/18"], "all that moves stake, and of who has voted alone");
  t.is(status(), REJECTED);
  const result = c.query(GovQuery.methods.proposal, { proposalId: 1n }).proposal?.finalTallyResult;
  t.like(result, { yesCount: `${260n * UNIT}`, noCount: `${740n * UNIT}` });
  c.block(() => c.must(MsgBeginRedelegate, { delegatorAddress: rich, validatorSrcAddress: valoper(c, 1), validatorDstAddress: valoper(c, 0), amount: coin(UNIT) }));
});

test("the engine is never told that nobody signs: when all are jailed at once, they go on until one is back", (t) => {
  const c = new TestChain({ crypto: nodeCrypto, powers: [10n, 10n], params: { slashing: { signed_blocks_window: "1000", min_signed_per_window: "0.5", downtime_jail_duration: "5s" } } });
  const told: bigint[] = [];
  for (let n = 0; n < 300; n++) {
    const votes = c.validators.map((v, i) => ({ validator: v.address, power: v.power, flag: n < 120 && n % 2 === i ? "absent" : "commit" }) as const);
    c.block(() => {}, {}, { lastCommit: { round: 0, votes } });
  }
  // A shorter window by a vote: what both have missed is too much for it.
  c.block(() => c.must(MsgUpdateParams, { authority: c.environment.addresses.module("gov"), params: { ...c.k.slashing.params(c.ctx), signedBlocksWindow: 100n } }));
  for (let n = 0; n < 3; n++) {
    c.block();
    told.push(...c.updates.map((u) => u.power));
  }
  t.true(c.k.staking.all(c.ctx).every((v) => v.jailed), "both are jailed");
  t.deepEqual(told, []);
  t.is(c.k.staking.members(c.ctx).length, 2);
});

test("a consensus key that signed twice is never a validator's again", (t) => {
  const c = new TestChain({ crypto: nodeCrypto, powers: [10n, 10n, 10n], funds: { again: 100n * UNIT }, params: { staking: { unbonding_time: "20s" } } });
  const owner = c.validators[0]?.operator as string;
  c.blocks(3);
  const key = c.k.staking.byOperator(c.ctx, owner)?.consensusKey as Uint8Array;
  c.block(() => {}, {}, { misbehaviour: [{ kind: "duplicate-vote", validator: c.validators[0]?.address as Uint8Array, power: 10n, totalPower: 30n, height: c.height, timeNs: c.timeMs * 1_000_000n }] });
  c.block(() => c.must(MsgUndelegate, { delegatorAddress: owner, validatorAddress: operator(c, owner), amount: coin(9_500_000n) }));
  c.blocks(30);
  t.is(c.k.staking.byOperator(c.ctx, owner), undefined, "it is gone with all its stake");
  const create = (consensus: Uint8Array) =>
    c.send(MsgCreateValidator, {
      description: { moniker: "new", identity: "", website: "", securityContact: "", details: "" }, commission: { rate: "0", maxRate: "0", maxChangeRate: "0" }, minSelfDelegation: "1",
      validatorAddress: operator(c, c.address("again")), pubkey: { typeUrl: PubKey.typeUrl, value: PubKey.encode({ key: consensus }) }, value: coin(50n * UNIT),
    });
  c.block(() => {
    t.is(create(key), "sdk/18");
    t.is(create(nodeCrypto.sha256(key)), undefined, "another one is");
  });
});

test("addresses in capitals pass no list of a grant", (t) => {
  const c = new TestChain({ crypto: nodeCrypto, powers: [10n, 10n], funds: { a: 100n * UNIT, b: UNIT, x: UNIT } });
  const [a, b, x] = [c.address("a"), c.address("b"), c.address("x")];
  const grant = (typeUrl: string, value: Uint8Array) => c.must(MsgGrant, { granter: a, grantee: b, grant: { authorization: { typeUrl, value }, expiration: undefined } });
  const exec = (typeUrl: string, value: Uint8Array) => c.send(MsgExec, { grantee: b, msgs: [{ typeUrl, value }] });
  const delegate = (validatorAddress: string) => exec(MsgDelegate.typeUrl, MsgDelegate.encode(MsgDelegate.create({ delegatorAddress: a, validatorAddress, amount: coin(UNIT) })));
  const send = (toAddress: string) => exec(MsgSend.typeUrl, MsgSend.encode({ fromAddress: a, toAddress, amount: [coin(1n)] }));
  const stake = (lists: Partial<StakeAuthorization>) => grant(StakeAuthorization.typeUrl, StakeAuthorization.encode(StakeAuthorization.create({ authorizationType: AuthorizationType.AUTHORIZATION_TYPE_DELEGATE, ...lists })));
  c.block(() => {
    for (const denied of [valoper(c, 1), valoper(c, 1).toUpperCase()]) {
      stake({ denyList: { address: [denied] } });
      t.is(delegate(valoper(c, 1)), "sdk/4");
      t.is(delegate(valoper(c, 1).toUpperCase()), "sdk/4");
      t.is(delegate(valoper(c, 0)), undefined);
    }
    stake({ allowList: { address: [valoper(c, 0).toUpperCase()] } });
    t.is(delegate(valoper(c, 0)), undefined);
    for (const allowed of [x, x.toUpperCase()]) {
      grant(SendAuthorization.typeUrl, SendAuthorization.encode({ spendLimit: [coin(1_000n)], allowList: [allowed] }));
      t.is(send(x), undefined);
      t.is(send(x.toUpperCase()), undefined);
      t.is(send(b.toUpperCase()), "sdk/4");
    }
  });
});

test("no vote sets what would keep every later vote from coming about", (t) => {
  const c = new TestChain({ crypto: nodeCrypto, powers: [10n], funds: { a: 1_000n * UNIT } });
  const authority = c.environment.addresses.module("gov");
  const set = <P extends object>(codec: Codec<{ authority: string; params?: P | undefined }>, now: P, change: Partial<P>) => c.deliver(codec, { authority, params: { ...now, ...change } });
  const logOf = (done: object): string => ("log" in done ? String(done.log) : "done");
  c.block(() => {
    const gov = c.k.gov.params(c.ctx);
    const none = [{ denom: "unothing", amount: "1" }];
    t.like(set(MsgUpdateGov, gov, { minDeposit: none, expeditedMinDeposit: [{ denom: "unothing", amount: "2" }] }), { code: 18, log: "params.min_deposit: 1unothing is more than there is, and nothing could be proposed again: invalid request" });
    t.like(set(MsgUpdateGov, gov, { expeditedMinDeposit: [coin(1n << 200n)] }), { code: 18 });
    t.regex(logOf(set(MsgUpdateGov, gov, { votingPeriod: { seconds: 40_000_000n, nanos: 0 } })), /voting_period: .*at most a year/);
    t.regex(logOf(set(MsgUpdateAuth, c.k.auth.params(c.ctx), { txSizeCostPerByte: 1n << 40n })), /tx_size_cost_per_byte: got 1099511627776, want 1 to 1000/);
    t.regex(logOf(set(MsgUpdateFees, c.k.fees.params(c.ctx), { maxTxShare: 9_999 })), /max_tx_share: got 9999, want 10000/);
    t.regex(logOf(set(MsgUpdateMint, c.k.mint.params(c.ctx), { blocksPerYear: 1n })), /blocks_per_year: got 1, want at least 1000/);
    t.false("code" in set(MsgUpdateGov, gov, { votingPeriod: { seconds: 400_000n, nanos: 0 } }));
  });
});
