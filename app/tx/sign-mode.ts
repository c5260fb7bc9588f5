/** What a signer signs: SIGN_MODE_DIRECT and SIGN_MODE_LEGACY_AMINO_JSON. */
import { serializeSignDoc, type StdSignDoc } from "@cosmjs/amino";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { SignDoc } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { sdk } from "#kernel/errors.js";
import { aminoNameOf } from "#proto/amino.js";
import { type DecodedTx } from "./decode.js";

export interface SignerData {
  readonly chainId: string;
  readonly accountNumber: bigint;
  readonly sequence: bigint;
}

export function signBytes(mode: SignMode, tx: DecodedTx, s: SignerData): Uint8Array {
  if (mode === SignMode.SIGN_MODE_DIRECT) {
    return SignDoc.encode({ bodyBytes: tx.raw.bodyBytes, authInfoBytes: tx.raw.authInfoBytes, chainId: s.chainId, accountNumber: s.accountNumber }).finish();
  }
  if (mode === SignMode.SIGN_MODE_LEGACY_AMINO_JSON) return aminoBytes(tx, s);
  throw sdk.notSupported(`sign mode ${mode}: want SIGN_MODE_DIRECT or SIGN_MODE_LEGACY_AMINO_JSON`);
}

/** What the document does not name is not signed: whoever passes the transaction on could add it, and change its hash and its gas. */
function unsignedByAmino({ body, auth }: DecodedTx): string | undefined {
  if (body.extensionOptions.length + body.nonCriticalExtensionOptions.length > 0) return "protobuf extension options";
  if (auth.tip) return "tips";
  if (body.unordered) return "unordered transactions";
  return body.timeoutTimestamp ? "timeout_timestamp" : undefined;
}

function aminoBytes(tx: DecodedTx, s: SignerData): Uint8Array {
  const unsigned = unsignedByAmino(tx);
  if (unsigned) throw sdk.invalidRequest(`SIGN_MODE_LEGACY_AMINO_JSON does not support ${unsigned}: sign with SIGN_MODE_DIRECT`);
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
    msgs: tx.messages.map(({ handler, value }) => ({ type: aminoNameOf(handler), value: handler.amino(value) })),
    sequence: `${s.sequence}`,
    ...(tx.body.timeoutHeight > 0n ? { timeout_height: `${tx.body.timeoutHeight}` } : {}),
  };
  return serializeSignDoc(doc as unknown as StdSignDoc);
}
