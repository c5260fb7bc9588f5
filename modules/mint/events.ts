/** The Cosmos SDK's own events of `mint`. */
import { defineEvent } from "#kernel/events.js";

export const mintEvents = {
  minted: defineEvent("mint", "bonded_ratio", "inflation", "annual_provisions", "amount"),
};
