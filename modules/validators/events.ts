/** Events of `validators`. */
import { defineEvent } from "#kernel/events.js";

export const validatorsEvents = {
  /** CometBFT is told of another power */
  power: defineEvent("validator_power", "validator", "consensus_key", "power"),
};
