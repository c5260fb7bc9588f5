/** The commands in a person's words, a line each; who adds a module adds its lines. Names are those of the Cosmos SDK's command line. */
import { BankQuery } from "#proto/gen/cosmos/bank/v1beta1/query.js";
import { SlashingQuery } from "#proto/gen/cosmos/slashing/v1beta1/query.js";
import { MsgUnjail } from "#proto/gen/cosmos/slashing/v1beta1/tx.js";
import { StakingQuery } from "#proto/gen/cosmos/staking/v1beta1/query.js";
import { MsgBeginRedelegate, MsgCancelUnbondingDelegation, MsgDelegate, MsgEditValidator, MsgUndelegate } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { account, coin, consensus, operator, option, plain, query, type QueryRow, tx, type TxRow } from "./rows.js";
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
  ]),
  tx(MsgUnjail, "unjail", "let one's validator sign again, when its time in jail is over"),
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
];
