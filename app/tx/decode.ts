/** A transaction's bytes: decoded, and refused when they are not what encoding again would give. */
import { AuthInfo, type ModeInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { lowerCase } from "#kernel/address.js";
import { equalBytes } from "#kernel/bytes.js";
import { sdk } from "#kernel/errors.js";
import { numberFault } from "#proto/scalars.js";
import { type DecodedMessage, type Router } from "./router.js";
import { isTimestamp } from "./timeout.js";

export interface DecodedTx {
  readonly raw: TxRaw;
  readonly body: TxBody;
  readonly auth: AuthInfo;
  readonly messages: readonly DecodedMessage[];
  /** bech32 addresses that must sign, in order, without repeats: those of the messages, and last who pays the fee */
  readonly signers: readonly string[];
  readonly size: number;
}

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

/**
 * `limit` is of signatures; without one, for who only wants to know the signers, there is that of messages. Throws sdk codes
 * 2 (not a transaction), 6 (unknown message), 14 (too many signers) and 18 (no messages), and what a handler's `signers` throws.
 */
export function decodeTx(bytes: Uint8Array, router: Router, limit = BigInt(MAX_MESSAGES)): DecodedTx {
  const raw = canonical("TxRaw", bytes, TxRaw);
  const body = canonical("TxBody", raw.bodyBytes, TxBody);
  const auth = canonical("AuthInfo", raw.authInfoBytes, AuthInfo);
  checkModes(auth);
  if (body.messages.length === 0) throw sdk.invalidRequest("must contain at least one message");
  if (body.messages.length > MAX_MESSAGES) throw sdk.invalidRequest(`${body.messages.length} messages, want at most ${MAX_MESSAGES}`);
  if (body.timeoutTimestamp && !isTimestamp(body.timeoutTimestamp)) throw sdk.txDecode("TxBody: timeout_timestamp is no time of the years 1 to 9999");
  const signers = new Set<string>();
  const signs = (address: string): void => {
    signers.add(address);
    // Each needs a signature, and this comes before any gas is paid.
    if (BigInt(signers.size) > limit) throw sdk.tooManySignatures(`signatures: ${signers.size}, limit: ${limit}`);
  };
  const messages = body.messages.map((encoded) => {
    const message = router.decode(encoded);
    message.signers.forEach(signs);
    return message;
  });
  for (const { amount } of auth.fee?.amount ?? []) {
    const fault = numberFault(amount);
    if (fault !== undefined) throw sdk.txDecode(fault);
  }
  if (auth.fee?.payer) signs(lowerCase(auth.fee.payer));
  return { raw, body, auth, messages, signers: [...signers], size: bytes.length };
}
