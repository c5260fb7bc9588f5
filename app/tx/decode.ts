/** A transaction's bytes: decoded, and refused when they are not what encoding again would give. */
import { AuthInfo, type ModeInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { equalBytes } from "#kernel/bytes.js";
import { sdk } from "#kernel/errors.js";
import { type MessageHandler } from "#kernel/module.js";
import { authParams } from "#modules/auth/index.js";
import { isTimestamp } from "./timeout.js";

export interface DecodedMessage {
  readonly handler: MessageHandler;
  readonly value: unknown;
}

export interface DecodedTx {
  readonly raw: TxRaw;
  readonly body: TxBody;
  readonly auth: AuthInfo;
  readonly messages: readonly DecodedMessage[];
  /** bech32 addresses that must sign, in order, without repeats */
  readonly signers: readonly string[];
  readonly size: number;
}

export type Router = ReadonlyMap<string, MessageHandler>;

/**
 * Encoding is within the same refusal as decoding: both recurse, how deep they get is the runtime's business, and one
 * validator's stack overflow must not have another code than another validator's refusal.
 */
function canonical<T>(what: string, bytes: Uint8Array, codec: { decode(b: Uint8Array): T; encode(m: T): { finish(): Uint8Array } }): T {
  let message: T;
  let again: Uint8Array;
  try {
    message = codec.decode(bytes);
    again = codec.encode(message).finish();
  } catch (e) {
    throw sdk.txDecode(`${what}: ${(e as Error).message}`);
  }
  if (!equalBytes(again, bytes)) throw sdk.txDecode(`${what}: the bytes are not canonical protobuf`);
  return message;
}

/** A multisig's modes are one level; more can never verify. Depth must be bounded, because only the stack's size would end it otherwise. */
const MAX_MODE_DEPTH = 4;

function checkModes(auth: AuthInfo): void {
  let level: readonly (ModeInfo | undefined)[] = auth.signerInfos.map((s) => s.modeInfo);
  for (let depth = 0; level.length > 0; depth++) {
    // The decoder keeps both sides of the oneof; the one that is not looked at could be anything that anybody added.
    if (level.some((m) => m?.single && m.multi)) throw sdk.txDecode("AuthInfo: a sign mode is single or multi, not both");
    if (depth > MAX_MODE_DEPTH) throw sdk.txDecode(`AuthInfo: sign modes nested deeper than ${MAX_MODE_DEPTH}`);
    level = level.flatMap((m) => m?.multi?.modeInfos ?? []);
  }
}

const MAX_MESSAGES = 256;

/** Throws sdk codes 2 (not a transaction), 6 (unknown message), 14 (too many signers) and 18 (no messages), and what a handler's `signers` throws. */
export function decodeTx(bytes: Uint8Array, router: Router): DecodedTx {
  const raw = canonical("TxRaw", bytes, TxRaw);
  const body = canonical("TxBody", raw.bodyBytes, TxBody);
  const auth = canonical("AuthInfo", raw.authInfoBytes, AuthInfo);
  checkModes(auth);
  if (body.messages.length === 0) throw sdk.invalidRequest("must contain at least one message");
  if (body.messages.length > MAX_MESSAGES) throw sdk.invalidRequest(`${body.messages.length} messages, want at most ${MAX_MESSAGES}`);
  if (body.timeoutTimestamp && !isTimestamp(body.timeoutTimestamp)) throw sdk.txDecode("TxBody: timeout_timestamp is no time of the years 1 to 9999");
  const signers = new Set<string>();
  const messages = body.messages.map(({ typeUrl, value }) => {
    const handler = router.get(typeUrl);
    if (!handler) throw sdk.unknownRequest(`no message handler found for ${JSON.stringify(typeUrl.slice(0, 100))}`);
    let message: unknown;
    try {
      message = handler.decode(value);
    } catch (e) {
      throw sdk.txDecode(`${typeUrl}: ${(e as Error).message}`);
    }
    if (!equalBytes(handler.encode(message), value)) throw sdk.txDecode(`${typeUrl}: the bytes are not canonical protobuf`);
    for (const s of handler.signers(message)) {
      signers.add(s);
      // Each needs a signature, and this comes before any gas is paid.
      if (BigInt(signers.size) > authParams.txSigLimit) throw sdk.tooManySignatures(`signatures: ${signers.size}, limit: ${authParams.txSigLimit}`);
    }
    return { handler, value: message };
  });
  return { raw, body, auth, messages, signers: [...signers], size: bytes.length };
}
