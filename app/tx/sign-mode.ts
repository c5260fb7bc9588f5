/** What a signer signs: SIGN_MODE_DIRECT and SIGN_MODE_LEGACY_AMINO_JSON. */
import { serializeSignDoc, type StdSignDoc } from "@cosmjs/amino";
import { SignMode, signModeToJSON } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { SignDoc } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { timestampText } from "#proto/time.js";
import { lowerCase } from "#kernel/address.js";
import { aminoNameOf } from "#proto/amino.js";
import { type DecodedTx } from "./decode.js";

export interface SignerData {
  readonly address: string;
  readonly chainId: string;
  readonly accountNumber: bigint;
  readonly sequence: bigint;
}

/** There is nothing that could have been signed in this mode; the text is the SDK's where it has one. */
export class SignModeFault extends Error {
  override readonly name = "SignModeFault";
}

/**
 * How U+2028 and U+2029 stand in amino JSON: Go escapes them, and so does the Cosmos SDK; CosmJS leaves them as they are. Both
 * are spellings of one document, so a signature over either is taken.
 */
export type Separators = "escaped" | "raw";

/** Throws SignModeFault. */
export function signBytes(mode: SignMode, tx: DecodedTx, s: SignerData, separators: Separators = "escaped"): Uint8Array {
  if (mode === SignMode.SIGN_MODE_DIRECT) {
    return SignDoc.encode({ bodyBytes: tx.raw.bodyBytes, authInfoBytes: tx.raw.authInfoBytes, chainId: s.chainId, accountNumber: s.accountNumber }).finish();
  }
  if (mode !== SignMode.SIGN_MODE_LEGACY_AMINO_JSON) throw new SignModeFault(unsupported(mode, tx, s));
  const bytes = aminoBytes(tx, s);
  return separators === "raw" || !hasSeparators(bytes) ? bytes : escapeSeparators(bytes);
}

/** Whether there is a text in the transaction that the two spellings differ in. */
export const hasSeparators = (bytes: Uint8Array): boolean => bytes.some((b, i) => isSeparator(bytes, b, i));

const isSeparator = (bytes: Uint8Array, b: number, i: number): boolean => b === 0xe2 && bytes[i + 1] === 0x80 && (bytes[i + 2] === 0xa8 || bytes[i + 2] === 0xa9);

const escapeSeparators = (json: Uint8Array): Uint8Array => new TextEncoder().encode(new TextDecoder().decode(json).replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`));

/** The SDK's words, its spelling among them. Of its modes this chain has not got SIGN_MODE_DIRECT_AUX, which who pays the fee cannot sign in anyhow. */
function unsupported(mode: SignMode, { auth, signers }: DecodedTx, { address }: SignerData): string {
  const name = signModeToJSON(mode);
  const text = name === "UNRECOGNIZED" ? `${mode}` : name;
  if (mode === SignMode.SIGN_MODE_DIRECT_AUX && (lowerCase(auth.fee?.payer ?? "") || signers[0]) === address) return `fee payer ${address} cannot sign with ${text}: unauthorized`;
  return mode === SignMode.SIGN_MODE_TEXTUAL || mode === SignMode.SIGN_MODE_DIRECT_AUX ? `unsuppored sign mode ${text}` : `unsupported sign mode ${text}`;
}

/** What the document does not name is not signed: whoever passes the transaction on could add it, and change its hash and its gas. */
function unsignedByAmino({ body, auth }: DecodedTx): string | undefined {
  if (body.extensionOptions.length + body.nonCriticalExtensionOptions.length > 0) return "protobuf extension options";
  return auth.tip ? "tips" : undefined;
}

function aminoBytes(tx: DecodedTx, s: SignerData): Uint8Array {
  const unsigned = unsignedByAmino(tx);
  if (unsigned) throw new SignModeFault(`SIGN_MODE_LEGACY_AMINO_JSON does not support ${unsigned}: invalid request`);
  const { fee } = tx.auth;
  const doc = {
    account_number: `${s.accountNumber}`,
    chain_id: s.chainId,
    fee: {
      amount: (fee?.amount ?? []).map(({ denom, amount }) => ({ amount, denom })),
      gas: `${fee?.gasLimit ?? 0n}`,
      ...(fee?.payer ? { payer: fee.payer } : {}),
      ...(fee?.granter ? { granter: fee.granter } : {}),
    },
    memo: tx.body.memo,
    msgs: tx.messages.map(({ handler, value }) => {
      try {
        return { type: aminoNameOf(handler), value: handler.amino(value) };
      } catch (e) {
        throw new SignModeFault((e as Error).message);
      }
    }),
    sequence: `${s.sequence}`,
    ...(tx.body.timeoutHeight > 0n ? { timeout_height: `${tx.body.timeoutHeight}` } : {}),
    ...(tx.body.timeoutTimestamp ? { timeout_timestamp: timestampText(tx.body.timeoutTimestamp) } : {}),
    ...(tx.body.unordered ? { unordered: true } : {}),
  };
  return serializeSignDoc(doc as unknown as StdSignDoc);
}
