/** The bank's events are the Cosmos SDK's. Every coin has its own. */
import { defineEvent } from "#kernel/events.js";

export const bankEvents = {
  spent: defineEvent("coin_spent", "spender", "amount"),
  received: defineEvent("coin_received", "receiver", "amount"),
  transfer: defineEvent("transfer", "recipient", "sender", "amount"),
  sender: defineEvent("message", "sender"),
  minted: defineEvent("coinbase", "minter", "amount"),
  burned: defineEvent("burn", "burner", "amount"),
};
