/** What a client does in the life of a chain, in an order, and what is refused: one transaction a block. */
import type { Codec } from "#proto/wire.js";
import { toHex } from "#kernel/bytes.js";
import { ONE } from "#kernel/dec.js";
import { GenericAuthorization } from "#proto/gen/cosmos/authz/v1beta1/authz.js";
import { MsgExec, MsgGrant, MsgRevoke } from "#proto/gen/cosmos/authz/v1beta1/tx.js";
import { SendAuthorization } from "#proto/gen/cosmos/bank/v1beta1/authz.js";
import { MsgMultiSend, MsgSend, MsgUpdateParams as MsgUpdateBankParams } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { MsgCommunityPoolSpend, MsgFundCommunityPool, MsgSetWithdrawAddress, MsgWithdrawDelegatorReward, MsgWithdrawValidatorCommission } from "#proto/gen/cosmos/distribution/v1beta1/tx.js";
import { AllowedMsgAllowance, BasicAllowance, PeriodicAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/feegrant.js";
import { MsgGrantAllowance, MsgRevokeAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/tx.js";
import { VoteOption } from "#proto/gen/cosmos/gov/v1/gov.js";
import { MsgCancelProposal, MsgDeposit, MsgSubmitProposal, MsgVote, MsgVoteWeighted } from "#proto/gen/cosmos/gov/v1/tx.js";
import { TextProposal } from "#proto/gen/cosmos/gov/v1beta1/gov.js";
import { MsgSubmitProposal as MsgSubmitLegacy, MsgVote as MsgVoteLegacy } from "#proto/gen/cosmos/gov/v1beta1/tx.js";
import { MsgUnjail } from "#proto/gen/cosmos/slashing/v1beta1/tx.js";
import { AuthorizationType, StakeAuthorization } from "#proto/gen/cosmos/staking/v1beta1/authz.js";
import { MsgBeginRedelegate, MsgCancelUnbondingDelegation, MsgDelegate, MsgEditValidator, MsgUndelegate } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { MsgCreatePeriodicVestingAccount, MsgCreatePermanentLockedAccount, MsgCreateVestingAccount } from "#proto/gen/cosmos/vesting/v1beta1/tx.js";
import { BOND, environment, FEE } from "./genesis.js";
import type { Pair } from "./pair.js";
import { message, type Message, Signer, type TxShape } from "./signer.js";

const coin = (amount: number | bigint, denom = BOND) => ({ denom, amount: `${amount}` });
const fee = [coin(2_000, FEE)];
const EMPTY_DESCRIPTION = { moniker: "[do-not-modify]", identity: "[do-not-modify]", website: "[do-not-modify]", securityContact: "[do-not-modify]", details: "[do-not-modify]" };

/** Answers addresses that queries should ask about. */
export async function clientOperations(pair: Pair): Promise<readonly string[]> {
  const { accounts, validators } = pair.setting;
  const [ann, ben, cid, dan] = accounts as [Signer, Signer, Signer, Signer];
  const [first, second] = validators as [(typeof validators)[0], (typeof validators)[0]];
  const valoper = (address: string): string => environment.addresses.operator.format(environment.addresses.parse(address));
  const [one, two] = [valoper(first.operator), valoper(second.operator)];
  const nobody = environment.addresses.format(new Uint8Array(20).fill(7));
  const gov = environment.addresses.module("gov");
  const seconds = (ahead: number) => ({ seconds: pair.timeMs / 1000n + BigInt(ahead), nanos: 0 });

  const run = async (about: string, signer: Signer, messages: readonly Message[], o: TxShape & { readonly number?: bigint; readonly ahead?: bigint } = {}): Promise<void> => {
    const tx = await pair.tx(signer, messages, { fee, ...o });
    await pair.check(about, tx);
    await pair.block(about, [tx]);
  };
  const go = <M>(about: string, signer: Signer, codec: Codec<M>, m: Partial<M>, o: TxShape & { readonly number?: bigint; readonly ahead?: bigint } = {}) => run(about, signer, [message(codec, m)], o);
  const any = <M>(codec: Codec<M>, m: Partial<M>) => message(codec, m);
  const send = (from: string, to: string, amount = [coin(5)]): Message => message(MsgSend, { fromAddress: from, toAddress: to, amount });
  const by = (s: Signer) => ({ delegatorAddress: s.address });

  // bank, and what the ante refuses
  await run("send", ann, [send(ann.address, ben.address)]);
  await run("send to who was never seen", ann, [send(ann.address, nobody, [coin(3, FEE), coin(4)])]);
  await run("two messages", ann, [send(ann.address, ben.address), send(ann.address, cid.address)], { memo: "a memo" });
  await run("more than there is", ann, [send(ann.address, ben.address, [coin(10n ** 15n)])]);
  await run("the second message fails", ann, [send(ann.address, ben.address), send(ann.address, ben.address, [coin(10n ** 15n)])]);
  await run("no coins", ann, [send(ann.address, ben.address, [])]);
  await run("zero coins", ann, [send(ann.address, ben.address, [coin(0)])]);
  await run("coins out of order", ann, [send(ann.address, ben.address, [coin(1), coin(1, FEE)])]);
  await run("no denomination", ann, [send(ann.address, ben.address, [coin(1, "1")])]);
  await run("a module's account", ann, [send(ann.address, environment.addresses.module("bonded_tokens_pool"))]);
  await run("no recipient", ann, [send(ann.address, "")]);
  await run("a wrong recipient", ann, [send(ann.address, "garbage")]);
  await run("a denomination that is not there", ann, [send(ann.address, ben.address, [coin(1, "nothing")])]);
  await run("another's coins", ann, [send(ben.address, ann.address)]);
  await run("a sequence too far", ann, [send(ann.address, ben.address)], { ahead: 5n });
  await run("a wrong account number", ann, [send(ann.address, ben.address)], { number: 77n });
  await run("another chain's", ann, [send(ann.address, ben.address)], { chainId: "other" });
  await run("a memo too long", ann, [send(ann.address, ben.address)], { memo: "m".repeat(300) });
  await run("too little gas", ann, [send(ann.address, ben.address)], { gas: 4_000n });
  await run("no gas", ann, [send(ann.address, ben.address)], { gas: 0n });
  await run("more gas than a block has", ann, [send(ann.address, ben.address)], { gas: 400_000_000n });
  await run("a fee that is not there", ann, [send(ann.address, ben.address)], { fee: [coin(10n ** 15n, FEE)] });
  await run("no messages", ann, []);
  await run("an unknown message", ann, [{ typeUrl: "/cosmos.bank.v1beta1.MsgNone", value: new Uint8Array(0) }]);
  await go("multisend", ann, MsgMultiSend, { inputs: [{ address: ann.address, coins: [coin(10)] }], outputs: [{ address: ben.address, coins: [coin(4)] }, { address: cid.address, coins: [coin(6)] }] });
  await go("multisend that does not add up", ann, MsgMultiSend, { inputs: [{ address: ann.address, coins: [coin(10)] }], outputs: [{ address: ben.address, coins: [coin(4)] }] });
  await go("parameters without authority", ann, MsgUpdateBankParams, { authority: ann.address, params: { sendEnabled: [], defaultSendEnabled: false } });

  // staking and distribution
  await go("delegate", ann, MsgDelegate, { ...by(ann), validatorAddress: one, amount: coin(1_000_001) });
  await go("delegate again", ann, MsgDelegate, { ...by(ann), validatorAddress: one, amount: coin(17) });
  await go("delegate nothing", ann, MsgDelegate, { ...by(ann), validatorAddress: one, amount: coin(0) });
  await go("delegate another denomination", ann, MsgDelegate, { ...by(ann), validatorAddress: one, amount: coin(5, FEE) });
  await go("delegate to nobody", ann, MsgDelegate, { ...by(ann), validatorAddress: valoper(nobody), amount: coin(5) });
  await go("delegate to an account", ann, MsgDelegate, { ...by(ann), validatorAddress: ben.address, amount: coin(5) });
  await go("redelegate", ann, MsgBeginRedelegate, { ...by(ann), validatorSrcAddress: one, validatorDstAddress: two, amount: coin(400_000) });
  await go("redelegate on", ann, MsgBeginRedelegate, { ...by(ann), validatorSrcAddress: two, validatorDstAddress: one, amount: coin(400_000) });
  await go("redelegate to the same", ann, MsgBeginRedelegate, { ...by(ann), validatorSrcAddress: one, validatorDstAddress: one, amount: coin(1) });
  await go("redelegate too much", ann, MsgBeginRedelegate, { ...by(ann), validatorSrcAddress: one, validatorDstAddress: two, amount: coin(10n ** 12n) });
  await go("undelegate", ann, MsgUndelegate, { ...by(ann), validatorAddress: one, amount: coin(100_000) });
  const undelegated = pair.height;
  await go("undelegate too much", ann, MsgUndelegate, { ...by(ann), validatorAddress: one, amount: coin(10n ** 12n) });
  await go("undelegate of nobody", ben, MsgUndelegate, { ...by(ben), validatorAddress: one, amount: coin(1) });
  await go("cancel a part", ann, MsgCancelUnbondingDelegation, { ...by(ann), validatorAddress: one, amount: coin(40_000), creationHeight: undelegated });
  await go("cancel too much", ann, MsgCancelUnbondingDelegation, { ...by(ann), validatorAddress: one, amount: coin(70_000), creationHeight: undelegated });
  await go("cancel at another height", ann, MsgCancelUnbondingDelegation, { ...by(ann), validatorAddress: one, amount: coin(1), creationHeight: 1n });
  await go("withdraw", ann, MsgWithdrawDelegatorReward, { ...by(ann), validatorAddress: one });
  await go("withdraw of nobody", ben, MsgWithdrawDelegatorReward, { ...by(ben), validatorAddress: one });
  await go("withdraw from nobody", ben, MsgWithdrawDelegatorReward, { ...by(ben), validatorAddress: valoper(nobody) });
  await go("commission", first.account, MsgWithdrawValidatorCommission, { validatorAddress: one });
  await go("commission of nobody", ben, MsgWithdrawValidatorCommission, { validatorAddress: valoper(ben.address) });
  await go("withdraw address", ann, MsgSetWithdrawAddress, { ...by(ann), withdrawAddress: dan.address });
  await go("withdraw address of a module", ann, MsgSetWithdrawAddress, { ...by(ann), withdrawAddress: environment.addresses.module("distribution") });
  await go("fund the pool", ben, MsgFundCommunityPool, { depositor: ben.address, amount: [coin(5_000_000)] });
  await go("fund with nothing", ben, MsgFundCommunityPool, { depositor: ben.address, amount: [] });
  await go("edit", first.account, MsgEditValidator, { validatorAddress: one, description: { ...EMPTY_DESCRIPTION, moniker: "first" }, commissionRate: "", minSelfDelegation: "" });
  await go("commission rate too soon", first.account, MsgEditValidator, { validatorAddress: one, description: EMPTY_DESCRIPTION, commissionRate: `${ONE / 10n}`, minSelfDelegation: "" });
  await go("a name too long", first.account, MsgEditValidator, { validatorAddress: one, description: { ...EMPTY_DESCRIPTION, moniker: "m".repeat(100) }, commissionRate: "", minSelfDelegation: "" });
  await go("unjail who is not jailed", first.account, MsgUnjail, { validatorAddr: one });
  await go("unjail nobody", ben, MsgUnjail, { validatorAddr: valoper(ben.address) });

  // vesting
  const [v1, v2, v3] = await Promise.all(["v1", "v2", "v3"].map((n) => Signer.of(n)));
  const later = pair.timeMs / 1000n + 100n;
  await go("vesting", ben, MsgCreateVestingAccount, { fromAddress: ben.address, toAddress: v1?.address ?? "", amount: [coin(1_000)], endTime: later, delayed: false });
  await go("vesting again", ben, MsgCreateVestingAccount, { fromAddress: ben.address, toAddress: v1?.address ?? "", amount: [coin(1_000)], endTime: later, delayed: true });
  await go("vesting without an end", ben, MsgCreateVestingAccount, { fromAddress: ben.address, toAddress: v2?.address ?? "", amount: [coin(1_000)], endTime: 0n, delayed: true });
  await go("locked", ben, MsgCreatePermanentLockedAccount, { fromAddress: ben.address, toAddress: v2?.address ?? "", amount: [coin(77)] });
  await go("periods", ben, MsgCreatePeriodicVestingAccount, { fromAddress: ben.address, toAddress: v3?.address ?? "", startTime: later - 100n, vestingPeriods: [{ length: 5n, amount: [coin(5)] }, { length: 500n, amount: [coin(6)] }] });
  await go("periods of nothing", ben, MsgCreatePeriodicVestingAccount, { fromAddress: ben.address, toAddress: nobody, startTime: later, vestingPeriods: [{ length: 0n, amount: [coin(5)] }] });

  // feegrant
  const allow = (about: string, granter: Signer, grantee: string, allowance: Message) => go(about, granter, MsgGrantAllowance, { granter: granter.address, grantee, allowance });
  await allow("allowance", ann, ben.address, any(BasicAllowance, { spendLimit: [coin(5_000, FEE)], expiration: seconds(60) }));
  await allow("allowance twice", ann, ben.address, any(BasicAllowance, { spendLimit: [] }));
  await allow("allowance to oneself", ann, ann.address, any(BasicAllowance, { spendLimit: [] }));
  await allow("allowance of the past", ann, cid.address, any(BasicAllowance, { spendLimit: [], expiration: seconds(-60) }));
  await allow("periodic allowance", ann, cid.address, any(PeriodicAllowance, { basic: BasicAllowance.create({ spendLimit: [coin(50_000, FEE)] }), period: { seconds: 3n, nanos: 0 }, periodSpendLimit: [coin(3_000, FEE)], periodCanSpend: [coin(3_000, FEE)], periodReset: seconds(3) }));
  await allow("filtered allowance", ann, dan.address, any(AllowedMsgAllowance, { allowance: any(BasicAllowance, { spendLimit: [coin(9_000, FEE)] }), allowedMessages: [MsgSend.typeUrl] }));
  await run("paid by another", ben, [send(ben.address, cid.address)], { granter: ann.address });
  await run("paid by another again", ben, [send(ben.address, cid.address)], { granter: ann.address });
  await run("paid by another too often", ben, [send(ben.address, cid.address)], { granter: ann.address });
  await run("paid in a period", cid, [send(cid.address, ben.address)], { granter: ann.address });
  await run("more than a period", cid, [send(cid.address, ben.address)], { granter: ann.address });
  await run("paid for what is allowed", dan, [send(dan.address, ben.address)], { granter: ann.address });
  await go("paid for what is not", dan, MsgDelegate, { ...by(dan), validatorAddress: one, amount: coin(5) }, { granter: ann.address });
  await run("paid by who never allowed it", dan, [send(dan.address, ben.address)], { granter: ben.address });
  await go("revoke allowance", ann, MsgRevokeAllowance, { granter: ann.address, grantee: cid.address });
  await go("revoke allowance again", ann, MsgRevokeAllowance, { granter: ann.address, grantee: cid.address });

  // authz
  const grant = (about: string, grantee: Signer, authorization: Message, ahead = 60) => go(about, ann, MsgGrant, { granter: ann.address, grantee: grantee.address, grant: { authorization, expiration: seconds(ahead) } });
  const exec = (about: string, grantee: Signer, msgs: Message[]) => go(about, grantee, MsgExec, { grantee: grantee.address, msgs });
  await grant("grant send", ben, any(SendAuthorization, { spendLimit: [coin(100)], allowList: [] }));
  await grant("grant any", ben, any(GenericAuthorization, { msg: MsgWithdrawDelegatorReward.typeUrl }));
  await grant("grant stake", cid, any(StakeAuthorization, { maxTokens: coin(1_000), allowList: { address: [one] }, authorizationType: AuthorizationType.AUTHORIZATION_TYPE_DELEGATE }));
  await grant("grant in the past", dan, any(GenericAuthorization, { msg: MsgSend.typeUrl }), -5);
  await grant("grant of an unknown message", dan, any(GenericAuthorization, { msg: "/none" }));
  await exec("exec", ben, [send(ann.address, ben.address, [coin(60)])]);
  await exec("exec too much", ben, [send(ann.address, ben.address, [coin(60)])]);
  await exec("exec the rest", ben, [send(ann.address, ben.address, [coin(40)])]);
  await exec("exec what is used up", ben, [send(ann.address, ben.address, [coin(1)])]);
  await exec("exec one's own", ben, [send(ben.address, ann.address, [coin(1)])]);
  await exec("exec nothing", ben, []);
  await exec("exec withdraw", ben, [message(MsgWithdrawDelegatorReward, { ...by(ann), validatorAddress: one })]);
  await exec("exec stake", cid, [message(MsgDelegate, { ...by(ann), validatorAddress: one, amount: coin(600) })]);
  await exec("exec stake with another", cid, [message(MsgDelegate, { ...by(ann), validatorAddress: two, amount: coin(6) })]);
  await exec("exec stake too much", cid, [message(MsgDelegate, { ...by(ann), validatorAddress: one, amount: coin(600) })]);
  await exec("exec without a grant", dan, [send(ann.address, dan.address)]);
  await go("revoke", ann, MsgRevoke, { granter: ann.address, grantee: ben.address, msgTypeUrl: MsgWithdrawDelegatorReward.typeUrl });
  await go("revoke again", ann, MsgRevoke, { granter: ann.address, grantee: ben.address, msgTypeUrl: MsgWithdrawDelegatorReward.typeUrl });

  // gov
  const proposal = (messages: Message[], initialDeposit: readonly { readonly denom: string; readonly amount: string }[], more: Partial<MsgSubmitProposal> = {}): Partial<MsgSubmitProposal> => ({ proposer: ann.address, messages, initialDeposit: [...initialDeposit], metadata: "", title: "a title", summary: "a summary", ...more });
  const pay = (amount: bigint, authority = gov): Message => message(MsgCommunityPoolSpend, { authority, recipient: dan.address, amount: [coin(amount)] });
  const enough = [coin(10_000_000)];
  const vote = (about: string, s: Signer, proposalId: bigint, option: VoteOption) => go(about, s, MsgVote, { proposalId, voter: s.address, option, metadata: "" });
  await go("propose", ann, MsgSubmitProposal, proposal([pay(1_000n)], [coin(4_000_000)]));
  await go("deposit too little", ben, MsgDeposit, { proposalId: 1n, depositor: ben.address, amount: [coin(5)] });
  await go("deposit", ben, MsgDeposit, { proposalId: 1n, depositor: ben.address, amount: [coin(6_000_000)] });
  await go("deposit of another denomination", ben, MsgDeposit, { proposalId: 1n, depositor: ben.address, amount: [coin(6, FEE)] });
  await go("deposit for nothing", ben, MsgDeposit, { proposalId: 9n, depositor: ben.address, amount: [coin(6)] });
  await go("propose in another's name", ann, MsgSubmitProposal, proposal([pay(1n, ann.address)], enough));
  await go("propose nothing", ann, MsgSubmitProposal, proposal([], enough, { metadata: "" }));
  await go("propose without a title", ann, MsgSubmitProposal, proposal([pay(1n)], enough, { title: "" }));
  await go("propose more than there is", ann, MsgSubmitProposal, proposal([pay(10n ** 14n)], enough));
  await go("propose with haste", ann, MsgSubmitProposal, proposal([pay(5n)], [coin(50_000_000)], { expedited: true }));
  await go("propose in the older form", ann, MsgSubmitLegacy, { content: any(TextProposal, { title: "old", description: "older" }), initialDeposit: enough, proposer: ann.address });
  await vote("vote yes", first.account, 1n, VoteOption.VOTE_OPTION_YES);
  await vote("vote of a delegator", ann, 1n, VoteOption.VOTE_OPTION_NO);
  await vote("vote without stake", dan, 1n, VoteOption.VOTE_OPTION_ABSTAIN);
  await vote("vote for nothing", ann, 99n, VoteOption.VOTE_OPTION_YES);
  await vote("vote with no option", ann, 1n, VoteOption.VOTE_OPTION_UNSPECIFIED);
  for (const id of [2n, 3n, 4n]) await vote(`vote on ${id}`, first.account, id, VoteOption.VOTE_OPTION_YES);
  await go("vote in the older form", second.account, MsgVoteLegacy, { proposalId: 4n, voter: second.operator, option: VoteOption.VOTE_OPTION_NO_WITH_VETO });
  await go("weighted vote", ann, MsgVoteWeighted, { proposalId: 2n, voter: ann.address, metadata: "", options: [{ option: VoteOption.VOTE_OPTION_YES, weight: `0.3` }, { option: VoteOption.VOTE_OPTION_NO, weight: `0.7` }] });
  await go("weights that do not add up", ann, MsgVoteWeighted, { proposalId: 2n, voter: ann.address, metadata: "", options: [{ option: VoteOption.VOTE_OPTION_YES, weight: `0.3` }] });
  await go("propose to cancel", ben, MsgSubmitProposal, { ...proposal([pay(7n)], enough), proposer: ben.address });
  await go("cancel another's proposal", ann, MsgCancelProposal, { proposalId: 5n, proposer: ann.address });
  await go("cancel a proposal", ben, MsgCancelProposal, { proposalId: 5n, proposer: ben.address });
  await go("propose and be forgotten", ann, MsgSubmitProposal, proposal([pay(1n)], [coin(1_000_000)]));
  await pair.compareStates();
  for (let i = 0; i < 50; i++) await pair.block("time goes by");
  await pair.compareStates();

  // jail, and back
  const away = new Set([toHex(second.address)]);
  for (let i = 0; i < 25; i++) await pair.block("away", [], { absent: away });
  await go("unjail", second.account, MsgUnjail, { validatorAddr: two });
  for (let i = 0; i < 3; i++) await pair.block("back");
  await pair.compareStates();
  return [v1?.address ?? "", v2?.address ?? "", v3?.address ?? "", gov];
}
