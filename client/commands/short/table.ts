/** The commands in a person's words, a line each; who adds a module adds its lines. Names are those of the Cosmos SDK's command line. */
import { AuthzQuery } from "#proto/gen/cosmos/authz/v1beta1/query.js";
import { MsgExec, MsgGrant, MsgRevoke } from "#proto/gen/cosmos/authz/v1beta1/tx.js";
import { BankQuery } from "#proto/gen/cosmos/bank/v1beta1/query.js";
import { DistributionQuery } from "#proto/gen/cosmos/distribution/v1beta1/query.js";
import { MsgCommunityPoolSpend, MsgDepositValidatorRewardsPool, MsgFundCommunityPool, MsgSetWithdrawAddress, MsgWithdrawDelegatorReward, MsgWithdrawValidatorCommission } from "#proto/gen/cosmos/distribution/v1beta1/tx.js";
import { FeegrantQuery } from "#proto/gen/cosmos/feegrant/v1beta1/query.js";
import { MsgGrantAllowance, MsgPruneAllowances, MsgRevokeAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/tx.js";
import { GovQuery } from "#proto/gen/cosmos/gov/v1/query.js";
import { MsgCancelProposal, MsgDeposit, MsgSubmitProposal, MsgVote, MsgVoteWeighted } from "#proto/gen/cosmos/gov/v1/tx.js";
import { SlashingQuery } from "#proto/gen/cosmos/slashing/v1beta1/query.js";
import { MsgUnjail } from "#proto/gen/cosmos/slashing/v1beta1/tx.js";
import { StakingQuery } from "#proto/gen/cosmos/staking/v1beta1/query.js";
import { MsgBeginRedelegate, MsgCancelUnbondingDelegation, MsgDelegate, MsgEditValidator, MsgUndelegate } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { UpgradeQuery } from "#proto/gen/cosmos/upgrade/v1beta1/query.js";
import { MsgCancelUpgrade, MsgSoftwareUpgrade } from "#proto/gen/cosmos/upgrade/v1beta1/tx.js";
import { MsgCreatePeriodicVestingAccount, MsgCreatePermanentLockedAccount, MsgCreateVestingAccount } from "#proto/gen/cosmos/vesting/v1beta1/tx.js";
import { exec, grant, grantAllowance, revoke } from "./grants.js";
import { periodicAccount, PERIODS_HELP } from "./periods.js";
import { ABOUT, cancelUpgrade, paramsRows, PROPOSAL_HELP, softwareUpgrade, spendPool, submitProposal } from "./proposals.js";
import { withdrawAllRewards, withdrawRewards } from "./rewards.js";
import { account, accounts, coin, coins, consensus, file, flag, operator, operators, option, optional, plain, query, type QueryRow, seconds, status, time, tx, type TxRow, vote, votes, words } from "./rows.js";
import { balances, validators } from "./tables.js";

const AS_IT_IS = "[do-not-modify]";
const VALIDATOR_PAGE = { pagination: { limit: "1000" } };

export const TX_ROWS: readonly TxRow[] = [
  tx(MsgDelegate, "delegate", "give a validator stake", [operator("validator_address"), coin("amount")]),
  tx(MsgUndelegate, "unbond", "take stake back; it comes when the unbonding time is over", [operator("validator_address"), coin("amount")]),
  tx(MsgBeginRedelegate, "redelegate", "move stake from one validator to another at once", [operator("validator_src_address", "from this validator", "from"), operator("validator_dst_address", "to this one", "to"), coin("amount")]),
  tx(MsgCancelUnbondingDelegation, "cancel-unbond", "give stake that is being taken back to its validator again", [operator("validator_address"), coin("amount"), plain("creation_height", "block in which it was taken back")]),
  tx(MsgEditValidator, "edit-validator", "change what one's validator says of itself, its commission or its least own stake", [], [
    option("--new-moniker <name>", plain("description.moniker", "its name"), AS_IT_IS),
    option("--identity <id>", plain("description.identity", "identity, such as of Keybase"), AS_IT_IS),
    option("--website <url>", plain("description.website", "website"), AS_IT_IS),
    option("--security-contact <email>", plain("description.security_contact", "whom to tell of faults"), AS_IT_IS),
    option("--details <text>", plain("description.details", "anything else"), AS_IT_IS),
    option("--commission-rate <part>", plain("commission_rate", "what it keeps of what delegators earn, such as 0.1; once a day")),
    option("--min-self-delegation <base units>", plain("min_self_delegation", "own stake below which it is jailed; it only grows")),
  ], { changes: true }),
  tx(MsgUnjail, "unjail", "let one's validator sign again, when its time in jail is over"),

  tx(MsgWithdrawDelegatorReward, "withdraw-rewards", "withdraw what one's stake with a validator has earned", [operator("validator_address")], [option("--commission", flag("commission", "the validator's commission too, for its operator"))], { make: withdrawRewards }),
  tx(MsgWithdrawDelegatorReward, "withdraw-all-rewards", "withdraw what all of one's stake has earned, in one transaction", [], [], { within: true, make: withdrawAllRewards }),
  tx(MsgWithdrawValidatorCommission, "withdraw-validator-commission", "withdraw a validator's commission, for its operator", [operator("validator_address")]),
  tx(MsgSetWithdrawAddress, "set-withdraw-addr", "say where one's rewards go", [account("withdraw_address")]),
  tx(MsgFundCommunityPool, "fund-community-pool", "give coins to the community pool", [coins("amount")]),
  tx(MsgDepositValidatorRewardsPool, "fund-validator-rewards-pool", "give coins to a validator and its delegators", [operator("validator_address"), coins("amount")]),
  tx(MsgCommunityPoolSpend, "community-pool-spend-proposal", "propose to pay somebody out of the community pool", [account("recipient"), coins("amount")], ABOUT, { within: true, make: spendPool }),

  tx(MsgSubmitProposal, "submit-proposal", "propose messages that a file has", [file("file")], [], { make: submitProposal, help: PROPOSAL_HELP }),
  tx(MsgDeposit, "deposit", "put a deposit down for a proposal", [plain("proposal_id", "number of the proposal"), coins("amount")]),
  tx(MsgVote, "vote", "vote on a proposal; a later vote takes the place of an earlier one", [plain("proposal_id", "number of the proposal"), vote("option")], [option("--metadata <text>", plain("metadata", "why"))]),
  tx(MsgVoteWeighted, "weighted-vote", "vote in parts", [plain("proposal_id", "number of the proposal"), votes("options")], [option("--metadata <text>", plain("metadata", "why"))]),
  tx(MsgCancelProposal, "cancel-proposal", "take one's own proposal back before its vote is over; that costs a part of the deposits", [plain("proposal_id", "number of the proposal")]),

  tx(MsgSoftwareUpgrade, "software-upgrade", "propose an upgrade: from a block on the program that knows its name goes on, and no other", [plain("name", "name of the upgrade, as the new program knows it")], [
    option("--upgrade-height <block>", plain("height", "the block that the new program makes first")),
    option("--upgrade-info <text>", plain("info", "where operators find the new program; they are told it when the old one stops")),
    ...ABOUT,
  ], { within: true, make: softwareUpgrade }),
  tx(MsgCancelUpgrade, "cancel-software-upgrade", "propose to drop the planned upgrade", [], ABOUT, { within: true, make: cancelUpgrade }),

  tx(MsgGrant, "grant", "allow another account to send messages in one's name", [account("grantee"), plain("kind", "generic, send, delegate, unbond or redelegate")], [
    option("--msg-type <type>", plain("msg_type", "generic: the message's type, such as /cosmos.gov.v1.MsgVote")),
    option("--spend-limit <coins>", coins("spend_limit", "send: the most that is sent in all; others: the most stake")),
    option("--allow-list <accounts>", accounts("allow_list", "send: to these accounts only")),
    option("--allowed-validators <operators>", operators("allowed_validators", "stake: with these validators only")),
    option("--deny-validators <operators>", operators("deny_validators", "stake: with all validators but these")),
    option("--expiration <time>", time("expiration", "until when, RFC 3339 or seconds since 1970; default: for ever")),
  ], { make: grant }),
  tx(MsgExec, "exec", "send messages in the names of others, who allowed it", [file("file", "path of a transaction's JSON, or of a list of messages")], [], { make: exec }),
  tx(MsgRevoke, "revoke", "take back what was allowed", [account("grantee"), plain("msg_type_url", "send, delegate, unbond or redelegate, or the message's type, such as /cosmos.bank.v1beta1.MsgSend")], [], { make: revoke }),

  tx(MsgGrantAllowance, "grant", "pay another account's fees from now on", [account("granter", "key that signs and pays, by name or address"), account("grantee")], [
    option("--spend-limit <coins>", coins("spend_limit", "the most that is paid in all; default: no limit")),
    option("--expiration <time>", time("expiration", "until when, RFC 3339 or seconds since 1970; default: for ever")),
    option("--period <seconds>", plain("period", "the length of a period")),
    option("--period-limit <coins>", coins("period_limit", "the most that is paid in each period")),
    option("--allowed-messages <types>", words("allowed_messages", "for transactions of these messages only, with commas between their types")),
  ], { signs: true, make: grantAllowance }),
  tx(MsgRevokeAllowance, "revoke", "pay another account's fees no longer", [account("granter", "key that signs, by name or address"), account("grantee")], [], { signs: true }),
  tx(MsgPruneAllowances, "prune", "remove allowances whose time is over"),

  tx(MsgCreateVestingAccount, "create-vesting-account", "make an account whose coins come free until a time", [account("to_address"), coins("amount"), seconds("end_time")], [option("--delayed", flag("delayed", "all at once at the end, in place of bit by bit"))]),
  tx(MsgCreatePermanentLockedAccount, "create-permanent-locked-account", "make an account whose coins never come free", [account("to_address"), coins("amount")]),
  tx(MsgCreatePeriodicVestingAccount, "create-periodic-vesting-account", "make an account whose coins come free period by period", [account("to_address"), file("file")], [], { make: periodicAccount, help: PERIODS_HELP }),

  ...paramsRows(),
];

export const QUERY_ROWS: readonly QueryRow[] = [
  query(BankQuery.methods.allBalances, "balances", "what an account owns", [account("address")], { render: balances }),
  query(BankQuery.methods.balance, "balance", "what an account owns of one denomination", [account("address"), plain("denom", "such as upouw")]),
  query(StakingQuery.methods.validators, "validators", "all validators", [], { render: validators, fixed: VALIDATOR_PAGE }),
  query(StakingQuery.methods.validator, "validator", "one validator", [operator("validator_addr")]),
  query(StakingQuery.methods.delegation, "delegation", "what one account has given one validator", [account("delegator_addr"), operator("validator_addr")]),
  query(StakingQuery.methods.delegatorDelegations, "delegations", "what an account has given all validators", [account("delegator_addr")]),
  query(StakingQuery.methods.validatorDelegations, "delegations-to", "what all accounts have given one validator", [operator("validator_addr")]),
  query(StakingQuery.methods.unbondingDelegation, "unbonding-delegation", "what one account takes back from one validator", [account("delegator_addr"), operator("validator_addr")]),
  query(StakingQuery.methods.delegatorUnbondingDelegations, "unbonding-delegations", "what an account takes back from all validators", [account("delegator_addr")]),
  query(StakingQuery.methods.validatorUnbondingDelegations, "unbonding-delegations-from", "what all accounts take back from one validator", [operator("validator_addr")]),
  query(StakingQuery.methods.redelegations, "redelegation", "what an account moves between validators", [account("delegator_addr")]),
  query(SlashingQuery.methods.signingInfo, "signing-info", "how one validator signed of late", [consensus("cons_address")]),

  query(DistributionQuery.methods.delegationTotalRewards, "rewards", "what all of an account's stake has earned", [account("delegator_address")]),
  query(DistributionQuery.methods.delegationRewards, "rewards-by-validator", "what an account's stake with one validator has earned", [account("delegator_address"), operator("validator_address")]),
  query(DistributionQuery.methods.validatorCommission, "commission", "a validator's commission that was not withdrawn", [operator("validator_address")]),
  query(DistributionQuery.methods.validatorOutstandingRewards, "validator-outstanding-rewards", "all that a validator and its delegators have not withdrawn", [operator("validator_address")]),
  query(DistributionQuery.methods.validatorDistributionInfo, "validator-distribution-info", "commission of a validator, and rewards of its own stake", [operator("validator_address")]),
  query(DistributionQuery.methods.validatorSlashes, "slashes", "slashes of a validator between two blocks", [operator("validator_address"), plain("starting_height", "the first block"), plain("ending_height", "the last block")]),

  query(GovQuery.methods.params, "params", "the parameters of governance", [], { fixed: { params_type: "" } }),
  query(GovQuery.methods.proposals, "proposals", "proposals, all or some", [], {
    options: [
      option("--status <status>", status("proposal_status")),
      option("--voter <account>", account("voter", "on which this account has voted")),
      option("--depositor <account>", account("depositor", "for which this account has put a deposit down")),
    ],
  }),
  query(GovQuery.methods.proposal, "proposal", "one proposal", [plain("proposal_id", "its number")]),
  query(GovQuery.methods.vote, "vote", "one vote", [plain("proposal_id", "number of the proposal"), account("voter")]),
  query(GovQuery.methods.votes, "votes", "the votes on a proposal, while it is voted on", [plain("proposal_id", "its number")]),
  query(GovQuery.methods.deposit, "deposit", "one deposit", [plain("proposal_id", "number of the proposal"), account("depositor")]),
  query(GovQuery.methods.deposits, "deposits", "the deposits of a proposal", [plain("proposal_id", "its number")]),
  query(GovQuery.methods.tallyResult, "tally", "how the stake votes that has voted so far, or has voted", [plain("proposal_id", "number of the proposal")]),

  query(AuthzQuery.methods.grants, "grants", "what one account allows another", [account("granter"), account("grantee"), optional(plain("msg_type_url", "for messages of this type only"))]),
  query(AuthzQuery.methods.granterGrants, "grants-by-granter", "what an account allows others", [account("granter")]),
  query(AuthzQuery.methods.granteeGrants, "grants-by-grantee", "what others allow an account", [account("grantee")]),

  query(FeegrantQuery.methods.allowance, "grant", "which fees of one account another one pays", [account("granter"), account("grantee")]),
  query(FeegrantQuery.methods.allowances, "grants-by-grantee", "who pays which fees of an account", [account("grantee")]),
  query(FeegrantQuery.methods.allowancesByGranter, "grants-by-granter", "whose fees an account pays", [account("granter")]),

  query(UpgradeQuery.methods.currentPlan, "plan", "the planned upgrade"),
  query(UpgradeQuery.methods.appliedPlan, "applied", "in which block an upgrade was applied", [plain("name", "its name")]),
];
