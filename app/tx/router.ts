/**
 * From a message's type to the module that handles it: for transactions, and for modules that run messages which others
 * have written down before, as governance and authorisations do.
 *
 * Invariant kept here: what a message did stays only when it succeeded, and its bytes are what encoding it again gives.
 */
import { equalBytes } from "#kernel/bytes.js";
import { type Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { type EncodedMessage, type MessageHandler, type MessageRunner } from "#kernel/services.js";

export type { EncodedMessage } from "#kernel/services.js";

export interface DecodedMessage {
  readonly handler: MessageHandler;
  /** as it was signed */
  readonly value: unknown;
  /** bech32 addresses, in order, without repeats; nobody has read them yet */
  readonly signers: readonly string[];
}

export interface Router extends MessageRunner {
  handlerOf(typeUrl: string): MessageHandler | undefined;
  /** Throws sdk codes 2 (no canonical message) and 6 (no handler), and what the handler's `signers` throws. */
  decode(message: EncodedMessage): DecodedMessage;
  /** Runs it; who signed was checked by the caller. Answers the response. */
  run(ctx: Context, message: DecodedMessage): EncodedMessage;
}

/** Messages that run messages: their depth must be bounded, because only the stack's size, which is each node's own, would end it otherwise. */
const MAX_DEPTH = 8;

/** A sender's text may hold anything. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, "?");

export function makeRouter(handlers: ReadonlyMap<string, MessageHandler>): Router {
  let depth = 0;
  /**
   * PERF: who runs a message within a message asks who signs it, reads it and runs it, and each would decode all of it again.
   * Nobody writes to bytes or messages that were decoded.
   */
  const decoded = new WeakMap<Uint8Array, { readonly typeUrl: string; readonly message: DecodedMessage }>();
  const router: Router = {
    handlerOf: (typeUrl) => handlers.get(typeUrl),
    takes: (typeUrl) => handlers.has(typeUrl),
    decode(encoded) {
      const { typeUrl, value } = encoded;
      const known = decoded.get(value);
      if (known?.typeUrl === typeUrl) return known.message;
      const handler = handlers.get(typeUrl);
      if (!handler) throw sdk.txDecode(`unable to resolve type URL ${printable(typeUrl.slice(0, 100))}: ${sdk.txDecode.text}`);
      let message: unknown;
      let again: Uint8Array;
      try {
        message = handler.decode(value);
        again = handler.encode(message);
      } catch (e) {
        throw sdk.txDecode(`${typeUrl}: ${(e as Error).message}`);
      }
      if (!equalBytes(again, value)) throw sdk.txDecode(`${typeUrl}: the bytes are not canonical protobuf`);
      const fault = handler.fault?.(message);
      if (fault !== undefined) throw sdk.txDecode(fault);
      const result: DecodedMessage = { handler, value: message, signers: handler.signers(message) };
      decoded.set(value, { typeUrl, message: result });
      return result;
    },
    signers: (message) => router.decode(message).signers,
    read(message) {
      const { handler, value } = router.decode(message);
      return handler.spelled(value);
    },
    run(ctx, { handler, value }) {
      const branch = ctx.branch();
      const response = handler.run(branch, value);
      branch.commit();
      return response;
    },
    dispatch(ctx, signer, message) {
      const opened = router.decode(message);
      const { signers } = opened;
      if (signers.length !== 1 || signers[0] !== signer) throw sdk.unauthorized(`${message.typeUrl} is to be signed by ${JSON.stringify(signers).slice(0, 200)}, not by ${signer} alone`);
      if (depth >= MAX_DEPTH) throw sdk.invalidRequest(`messages within messages deeper than ${MAX_DEPTH}`);
      depth++;
      try {
        return router.run(ctx, opened);
      } finally {
        depth--;
      }
    },
  };
  return router;
}
