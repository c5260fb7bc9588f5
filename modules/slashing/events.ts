/** The Cosmos SDK's own events of `slashing`. */
import { defineEvent } from "#kernel/events.js";

export const slashingEvents = {
  liveness: defineEvent("liveness", "address", "missed_blocks", "height"),
  slashed: defineEvent("slash", "address", "power", "reason", "jailed", "burned_coins"),
  slashedOnly: defineEvent("slash", "address", "power", "reason", "burned_coins"),
  jailed: defineEvent("slash", "jailed"),
};
