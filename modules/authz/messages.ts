/** Messages of `authz`: x/authz/keeper/msg_server.go of the Cosmos SDK. The ante handler has authenticated who signs. */
import type { Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import type { MsgChecks, MsgHandlers } from "#kernel/services.js";
import type { AuthzMsg } from "#proto/gen/cosmos/authz/v1beta1/tx.js";
import { readAuthorization } from "./authorizations/index.js";
import { authzErrors } from "./errors.js";
import { type AuthzWriter, checkReadable } from "./keeper.js";
import type { AuthzPorts } from "./types.js";

/** Levels of messages within messages that a transaction may have, and messages in all of them: they are read before gas is paid. */
const MAX_DEPTH = 8;
const MAX_MESSAGES = 99;

/** What no transaction may hold, known as soon as it is decoded: messages of no type, authorisations of no kind. */
export function authzChecks(ports: AuthzPorts): MsgChecks<typeof AuthzMsg> {
  let depth = 0;
  let messages = 0;
  return {
    grant: ({ grant }) => void (grant && checkReadable(grant)),
    exec({ msgs }) {
      if (depth >= MAX_DEPTH) throw sdk.txDecode(`messages within messages deeper than ${MAX_DEPTH}`);
      if (depth === 0) messages = 0;
      messages += msgs.length;
      if (messages > MAX_MESSAGES) throw sdk.txDecode(`more than ${MAX_MESSAGES} messages within a message`);
      depth++;
      try {
        for (const m of msgs) ports.router.signers(m);
      } finally {
        depth--;
      }
    },
  };
}

export function authzMessages(ports: AuthzPorts, keeper: AuthzWriter): MsgHandlers<typeof AuthzMsg> {
  const named = (ctx: Context, what: string, address: string): string => {
    try {
      ctx.addresses.parse(address);
      return address;
    } catch (e) {
      throw sdk.invalidAddress(`invalid ${what} address: ${(e as Error).message.replace(/: invalid address$/, "")}`);
    }
  };
  const pair = (ctx: Context, m: { readonly granter: string; readonly grantee: string }): readonly [granter: string, grantee: string] => {
    if (m.grantee === m.granter) throw authzErrors.granteeIsGranter("");
    const grantee = named(ctx, "grantee", m.grantee);
    return [named(ctx, "granter", m.granter), grantee];
  };
  return {
    grant(ctx, m) {
      const [granter, grantee] = pair(ctx, m);
      if (!m.grant?.authorization) throw sdk.invalidType("authorization is nil");
      const authorization = readAuthorization(m.grant.authorization);
      authorization.check();
      ports.auth.ensure(ctx, grantee);
      const typeUrl = authorization.messageType();
      if (!ports.router.takes(typeUrl)) throw sdk.invalidType(`${typeUrl.slice(0, 200)} doesn't exist.`);
      keeper.save(ctx, granter, grantee, typeUrl, m.grant);
      return {};
    },
    revoke(ctx, m) {
      const [granter, grantee] = pair(ctx, m);
      if (m.msgTypeUrl === "") throw sdk.invalidRequest("missing msg method name");
      keeper.remove(ctx, granter, grantee, m.msgTypeUrl);
      return {};
    },
    exec(ctx, { grantee, msgs }) {
      named(ctx, "grantee", grantee);
      if (msgs.length === 0) throw sdk.invalidRequest("messages cannot be empty");
      return { results: keeper.exec(ctx, grantee, msgs) };
    },
  };
}
