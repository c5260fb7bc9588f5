/** Events of `workers`. */
import { defineEvent } from "#kernel/events.js";

export const workersEvents = {
  registered: defineEvent("worker_registered", "worker", "stake", "roles"),
  updated: defineEvent("worker_updated", "worker"),
  stakeAdded: defineEvent("stake_added", "worker", "amount"),
  /** `height` is the block that pays it */
  unbonding: defineEvent("unbonding", "worker", "amount", "height"),
  unbonded: defineEvent("unbonded", "worker", "amount"),
};
