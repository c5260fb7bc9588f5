/** The Cosmos SDK's own events of `feegrant`. */
import { defineEvent } from "#kernel/events.js";

export const feegrantEvents = {
  used: defineEvent("use_feegrant", "granter", "grantee"),
  revoked: defineEvent("revoke_feegrant", "granter", "grantee"),
  set: defineEvent("set_feegrant", "granter", "grantee"),
  updated: defineEvent("update_feegrant", "granter", "grantee"),
  pruned: defineEvent("prune_feegrant", "pruner"),
};
