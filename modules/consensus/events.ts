/** The Cosmos SDK's own event of `consensus`. */
import { defineEvent } from "#kernel/events.js";

export const consensusEvents = { updated: defineEvent("update_consensus_params", "authority", "parameters") };
