/** Transactions of the modules that every Cosmos chain has: stake, votes, grants, shares of fees. Each is recorded, those that are refused too. */
import { makeAddresses } from "#kernel/address.js";
import { nodeCrypto } from "#platform/crypto.js";
import { GenericAuthorization } from "#proto/gen/cosmos/authz/v1beta1/authz.js";
import { MsgExec, MsgGrant, MsgRevoke } from "#proto/gen/cosmos/authz/v1beta1/tx.js";
import { MsgSend } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { MsgCommunityPoolSpend, MsgFundCommunityPool, MsgSetWithdrawAddress, MsgWithdrawDelegatorReward, MsgWithdrawValidatorCommission } from "#proto/gen/cosmos/distribution/v1beta1/tx.js";
import { BasicAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/feegrant.js";
import { MsgGrantAllowance, MsgRevokeAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/tx.js";
import { VoteOption } from "#proto/gen/cosmos/gov/v1/gov.js";
import { MsgDeposit, MsgSubmitProposal, MsgVote, MsgVoteWeighted } from "#proto/gen/cosmos/gov/v1/tx.js";
import { MsgUnjail } from "#proto/gen/cosmos/slashing/v1beta1/tx.js";
import { MsgBeginRedelegate, MsgCancelUnbondingDelegation, MsgDelegate, MsgEditValidator, MsgUndelegate } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { MsgCreateVestingAccount } from "#proto/gen/cosmos/vesting/v1beta1/tx.js";
import type { Codec } from "#proto/wire.js";
import type { TestNetwork } from "#test/network/network.js";
import { message, type NamedSender as Sender, sender } from "#test/network/sender.js";

/** What governance needs to decide within the recording. */
export const COSMOS_PARAMS = { gov: { voting_period: "8s", expedited_voting_period: "4s" } };

const DEPOSIT = 10_000_000n;
const STAKE = 5_000_000n;
const FOR_YEARS = 4_000_000_000n;
const KEEP = "[do-not-modify]";

export async function cosmosModules(network: TestNetwork): Promise<void> {
  const { denom, prefix } = network.facts();
  const addresses = makeAddresses(prefix, nodeCrypto);
  const coin = (amount: bigint) => ({ denom, amount: `${amount}` });
  const any = <T>(codec: Codec<T>, value: Partial<T>) => ({ typeUrl: codec.typeUrl, value: codec.encode(codec.create(value)) });
  const [alice, bob, first, second] = (await Promise.all(["alice", "bob", "validator0", "validator1"].map((name) => sender(network, name)))) as [Sender, Sender, Sender, Sender];
  const valoper = (s: Sender) => addresses.operator.format(addresses.parse(s.address));
  const [one, two] = [valoper(first), valoper(second)];
  const by = { delegatorAddress: alice.address };

  await alice.send(message(MsgDelegate, { ...by, validatorAddress: one, amount: coin(STAKE) }));
  await alice.send(message(MsgBeginRedelegate, { ...by, validatorSrcAddress: one, validatorDstAddress: two, amount: coin(STAKE / 5n) }));
  const { height } = await alice.send(message(MsgUndelegate, { ...by, validatorAddress: one, amount: coin(STAKE / 5n) }));
  await alice.send(message(MsgCancelUnbondingDelegation, { ...by, validatorAddress: one, amount: coin(STAKE / 10n), creationHeight: BigInt(height) }));
  await alice.send(message(MsgSetWithdrawAddress, { ...by, withdrawAddress: bob.address }), message(MsgWithdrawDelegatorReward, { ...by, validatorAddress: one }));
  await first.send(message(MsgWithdrawValidatorCommission, { validatorAddress: one }));
  await first.send(message(MsgEditValidator, { validatorAddress: one, description: { moniker: "first", identity: KEEP, website: KEEP, securityContact: KEEP, details: KEEP }, commissionRate: "", minSelfDelegation: "" }));
  await first.send(message(MsgUnjail, { validatorAddr: one }));

  const expiration = { seconds: FOR_YEARS, nanos: 0 };
  await alice.send(message(MsgGrantAllowance, { granter: alice.address, grantee: bob.address, allowance: any(BasicAllowance, { spendLimit: [coin(100_000n)], expiration }) }));
  await alice.send(message(MsgGrant, { granter: alice.address, grantee: bob.address, grant: { authorization: any(GenericAuthorization, { msg: MsgSend.typeUrl }), expiration } }));
  const paid = await sender(network, "bob", { feeGranter: alice.address });
  await paid.send(message(MsgExec, { grantee: bob.address, msgs: [any(MsgSend, { fromAddress: alice.address, toAddress: bob.address, amount: [coin(7n)] })] }));
  await alice.send(message(MsgRevokeAllowance, { granter: alice.address, grantee: bob.address }), message(MsgRevoke, { granter: alice.address, grantee: bob.address, msgTypeUrl: MsgSend.typeUrl }));
  await bob.send(message(MsgExec, { grantee: bob.address, msgs: [any(MsgSend, { fromAddress: alice.address, toAddress: bob.address, amount: [coin(7n)] })] }));

  const fresh = addresses.format(nodeCrypto.sha256(new TextEncoder().encode("whose coins come free")).slice(0, 20));
  await bob.send(message(MsgCreateVestingAccount, { fromAddress: bob.address, toAddress: fresh, amount: [coin(1_000n)], endTime: FOR_YEARS, delayed: false }));
  await alice.send(message(MsgFundCommunityPool, { depositor: alice.address, amount: [coin(50_000n)] }));

  const spend = any(MsgCommunityPoolSpend, { authority: addresses.module("gov"), recipient: bob.address, amount: [coin(20_000n)] });
  await alice.send(message(MsgSubmitProposal, MsgSubmitProposal.create({ proposer: alice.address, messages: [spend], initialDeposit: [coin(DEPOSIT / 2n)], title: "to bob", summary: "a part of the pool" })));
  await bob.send(message(MsgDeposit, { proposalId: 1n, depositor: bob.address, amount: [coin(DEPOSIT / 2n)] }));
  const vote = (s: Sender, option: VoteOption) => s.send(message(MsgVote, { proposalId: 1n, voter: s.address, option, metadata: "" }));
  await Promise.all([
    vote(first, VoteOption.VOTE_OPTION_YES),
    second.send(message(MsgVoteWeighted, { proposalId: 1n, voter: second.address, metadata: "", options: [{ option: VoteOption.VOTE_OPTION_YES, weight: "0.6" }, { option: VoteOption.VOTE_OPTION_NO, weight: "0.4" }] })),
    vote(await sender(network, "validator2"), VoteOption.VOTE_OPTION_YES),
  ]);
}
