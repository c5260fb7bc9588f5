/**
 * Who may send which messages in whose name: x/authz/keeper of the Cosmos SDK. The only writer of grants.
 *
 * Invariant kept here: a grant that ends stands in the queue, once, at the instant at which it ends, and nothing else stands
 * there. An item of the queue that has lost its last type stays, empty, until its time is over, as in the SDK.
 */
import { toHex } from "#kernel/bytes.js";
import type { Context } from "#kernel/context.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import type { EncodedMessage } from "#kernel/services.js";
import { isInstant, nanosecondsOf } from "#kernel/time.js";
import type { Grant } from "#proto/gen/cosmos/authz/v1beta1/authz.js";
import type { Any } from "#proto/gen/google/protobuf/any.js";
import type { Timestamp } from "#proto/gen/google/protobuf/timestamp.js";
import { codecs } from "#proto/gen/registry.js";
import { compactText } from "#proto/text.js";
import { timestampText } from "#proto/time.js";
import { readAuthorization } from "./authorizations/index.js";
import { authzErrors } from "./errors.js";
import { typed } from "./events.js";
import { grants, queue } from "./store.js";
import { tagged } from "./tagged.js";
import type { AuthzKeeper, AuthzPorts } from "./types.js";

const GAS_PER_QUEUED = 20n;
/** Expired grants that a block removes; the rest waits for the next. */
const PRUNED_PER_BLOCK = 200;
/** Characters of a message in the log of what it failed of. */
const MAX_TEXT = 1_000;
const MAX_TYPE_URL = 1_000;

export interface AuthzWriter extends AuthzKeeper {
  /** In place of what was granted for the same messages. Throws where it would have expired already. */
  save(ctx: Context, granter: string, grantee: string, typeUrl: string, grant: Grant): void;
  /** The same without a word, for genesis. */
  restore(ctx: Context, granter: string, grantee: string, typeUrl: string, grant: Grant): void;
  /** Throws where there is none. */
  remove(ctx: Context, granter: string, grantee: string, typeUrl: string): void;
  /** Runs messages in their granters' names, in order; answers the bytes of their responses. */
  exec(ctx: Context, grantee: string, messages: readonly EncodedMessage[]): Uint8Array[];
  /** At the beginning of a block: what expired before it. */
  prune(ctx: Context): void;
}

const sameInstant = (a: Timestamp | undefined, b: Timestamp | undefined): boolean => (a === undefined ? b === undefined : b !== undefined && nanosecondsOf(a) === nanosecondsOf(b));

export function authzKeeper(ports: AuthzPorts): AuthzWriter {
  function enqueue(ctx: Context, granter: string, grantee: string, typeUrl: string, at: Timestamp): void {
    const ns = nanosecondsOf(at);
    const item = queue.get(ctx, ns, granter, grantee);
    queue.set(ctx, { msgTypeUrls: [...(item?.msgTypeUrls ?? []), typeUrl] }, ns, granter, grantee);
  }

  /** The last one takes the place of the one that goes, as in the SDK. */
  function dequeue(ctx: Context, granter: string, grantee: string, typeUrl: string, at: Timestamp): void {
    const ns = nanosecondsOf(at);
    const item = queue.get(ctx, ns, granter, grantee);
    if (!item) throw authzErrors.noGrantKey("can't remove grant from the expire queue, grant key not found");
    const types = [...item.msgTypeUrls];
    for (const [i, type] of types.entries()) {
      ctx.gas.consume(GAS_PER_QUEUED, "grant queue");
      if (type !== typeUrl) continue;
      types[i] = types.at(-1) as string;
      types.pop();
      queue.set(ctx, { msgTypeUrls: types }, ns, granter, grantee);
      break;
    }
  }

  function update(ctx: Context, granter: string, grantee: string, typeUrl: string, authorization: Any): void {
    const grant = grants.get(ctx, granter, grantee, typeUrl);
    if (!grant) throw authzErrors.noAuthorization("");
    grants.set(ctx, { ...grant, authorization }, granter, grantee, typeUrl);
  }

  /** Throws where the granter has not allowed it. */
  function authorize(ctx: Context, granter: string, grantee: string, encoded: EncodedMessage): void {
    const { typeUrl } = encoded;
    const grant = grants.get(ctx, granter, grantee, typeUrl);
    if (!grant?.authorization) throw authzErrors.noAuthorization(`failed to get grant with given granter: ${granter}, grantee: ${grantee} & msgType: ${typeUrl} `);
    if (grant.expiration && nanosecondsOf(grant.expiration) < ctx.block.timeNs) throw authzErrors.expired("");
    const outcome = readAuthorization(grant.authorization).accept(ctx, { typeUrl, message: ports.router.read(encoded) });
    if (outcome === "used up") keeper.remove(ctx, granter, grantee, typeUrl);
    else if (outcome !== "kept") update(ctx, granter, grantee, typeUrl, outcome.updated);
  }

  function run(ctx: Context, granter: string, encoded: EncodedMessage): Uint8Array {
    try {
      return ports.router.dispatch(ctx, granter, encoded).value;
    } catch (e) {
      if (!(e instanceof ModuleError) || isOutOfGas(e)) throw e;
      const codec = codecs.find((c) => c.typeUrl === encoded.typeUrl);
      const text = codec ? compactText(codec, ports.router.read(encoded), MAX_TEXT) : "";
      throw new ModuleError(e.codespace, e.code, `failed to execute message; message ${text}: ${e.message}`);
    }
  }

  const keeper: AuthzWriter = {
    grant: (view, granter, grantee, typeUrl) => grants.get(view, granter, grantee, typeUrl),
    restore(ctx, granter, grantee, typeUrl, grant) {
      const { expiration } = grant;
      const before = grants.get(ctx, granter, grantee, typeUrl)?.expiration;
      if (before && !sameInstant(before, expiration)) dequeue(ctx, granter, grantee, typeUrl, before);
      if (expiration && !sameInstant(before, expiration)) enqueue(ctx, granter, grantee, typeUrl, expiration);
      grants.set(ctx, grant, granter, grantee, typeUrl);
    },
    save(ctx, granter, grantee, typeUrl, grant) {
      const { expiration } = grant;
      if (expiration && nanosecondsOf(expiration) <= ctx.block.timeNs) {
        const now = timestampText({ seconds: ctx.block.timeNs / 1_000_000_000n, nanos: 0 });
        throw authzErrors.expirationPast(`expiration must be after the current block time (${now}), got ${timestampText({ seconds: expiration.seconds, nanos: 0 })}`);
      }
      keeper.restore(ctx, granter, grantee, typeUrl, grant);
      ctx.emit(typed("granted", granter, grantee, typeUrl));
    },
    remove(ctx, granter, grantee, typeUrl) {
      // No message has a longer name, and no key may be much longer.
      const grant = typeUrl.length > MAX_TYPE_URL ? undefined : grants.get(ctx, granter, grantee, typeUrl);
      if (!grant) {
        // where the SDK has the bytes themselves, which are no text
        const at = toHex(grants.layout.key.encode(ctx, [granter, grantee, ""]));
        throw authzErrors.noAuthorization(`failed to delete grant with key 01${at} ${typeUrl.slice(0, MAX_TYPE_URL)}`);
      }
      if (grant.expiration) dequeue(ctx, granter, grantee, typeUrl, grant.expiration);
      grants.delete(ctx, granter, grantee, typeUrl);
      ctx.emit(typed("revoked", granter, grantee, typeUrl));
    },
    exec(ctx, grantee, messages) {
      return messages.map((encoded, i) => {
        const signers = ports.router.signers(encoded);
        const [granter] = signers;
        if (signers.length !== 1 || granter === undefined) throw authzErrors.signers("");
        if (granter !== grantee) authorize(ctx, granter, grantee, encoded);
        return run(tagged(ctx, { key: "authz_msg_index", value: `${i}` }), granter, encoded);
      });
    },
    prune(ctx) {
      let left = PRUNED_PER_BLOCK;
      // an instant ends what is before it, not at it
      for (const { key: [ns, granter, grantee], value } of queue.entries(ctx, { below: [ctx.block.timeNs], limit: PRUNED_PER_BLOCK })) {
        if (left <= 0) break;
        queue.delete(ctx, ns, granter, grantee);
        for (const typeUrl of value.msgTypeUrls) grants.delete(ctx, granter, grantee, typeUrl);
        left -= Math.max(1, value.msgTypeUrls.length);
      }
    },
  };
  return keeper;
}

const isOutOfGas = ({ codespace, code }: ModuleError): boolean => codespace === sdk.outOfGas.codespace && code === sdk.outOfGas.code;

/** Throws sdk.txDecode for what Go could not have read. */
export function checkReadable({ authorization, expiration }: Grant): void {
  if (authorization) readAuthorization(authorization);
  if (expiration && !isInstant(expiration)) throw sdk.txDecode("expiration is no time of the years 1 to 9999");
}
