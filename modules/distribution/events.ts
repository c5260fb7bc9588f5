/** The Cosmos SDK's own events of `distribution`. */
import { defineEvent } from "#kernel/events.js";

export const distributionEvents = {
  withdrawAddress: defineEvent("set_withdraw_address", "withdraw_address"),
  rewards: defineEvent("rewards", "amount", "validator"),
  commission: defineEvent("commission", "amount", "validator"),
  withdrawn: defineEvent("withdraw_rewards", "amount", "validator", "delegator"),
  commissionWithdrawn: defineEvent("withdraw_commission", "amount"),
};
