/** Events of `matching`. */
import { defineEvent } from "#kernel/events.js";

export const matchingEvents = {
  drawn: defineEvent("seat_drawn", "task", "role", "seat", "worker", "stake"),
  /** `endpoint` is empty where the worker serves nothing */
  joined: defineEvent("task_joined", "task", "worker", "seats", "endpoint"),
  /** burned, pot and bounty add up to the amount */
  slash: defineEvent("slash", "task", "role", "seat", "worker", "amount", "burned", "pot", "bounty"),
  unlocked: defineEvent("seat_unlocked", "task", "role", "seat", "worker", "amount"),
};
