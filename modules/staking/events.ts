/** The Cosmos SDK's own events of `staking`. */
import { defineEvent } from "#kernel/events.js";

export const stakingEvents = {
  created: defineEvent("create_validator", "validator", "amount"),
  edited: defineEvent("edit_validator", "commission_rate", "min_self_delegation"),
  delegated: defineEvent("delegate", "validator", "delegator", "amount", "new_shares"),
  unbonded: defineEvent("unbond", "validator", "delegator", "amount", "completion_time"),
  redelegated: defineEvent("redelegate", "source_validator", "destination_validator", "amount", "completion_time"),
  cancelled: defineEvent("cancel_unbonding_delegation", "amount", "validator", "delegator", "creation_height"),
  unbondingComplete: defineEvent("complete_unbonding", "amount", "validator", "delegator"),
  redelegationComplete: defineEvent("complete_redelegation", "amount", "delegator", "source_validator", "destination_validator"),
};
