/** The Cosmos SDK's own events of `authz`. They are typed there: attributes in the order of their names, values in JSON. */
import type { Event } from "#kernel/context.js";
import { defineEvent } from "#kernel/events.js";

export const authzEvents = {
  granted: defineEvent("cosmos.authz.v1beta1.EventGrant", "grantee", "granter", "msg_type_url"),
  revoked: defineEvent("cosmos.authz.v1beta1.EventRevoke", "grantee", "granter", "msg_type_url"),
};

export const typed = (kind: keyof typeof authzEvents, granter: string, grantee: string, typeUrl: string): Event =>
  authzEvents[kind]({ grantee: JSON.stringify(grantee), granter: JSON.stringify(granter), msg_type_url: JSON.stringify(typeUrl) });
