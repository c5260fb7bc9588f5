/** For tests: transactions of any shape, signed by any number of accounts in either mode. */
import { encodeSecp256k1Pubkey, makeSignDoc as makeAminoDoc, Secp256k1Wallet } from "@cosmjs/amino";
import { encodePubkey, makeSignDoc } from "@cosmjs/proto-signing";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { utf8 } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { coin } from "#test/modules/chain.js";
import { type Account, type EncodedMessage, NODE_CHAIN, type TestNode } from "#test/modules/node.js";

export const send = (fromAddress: string, toAddress = fromAddress, amount = [coin(1n)]): EncodedMessage => ({
  typeUrl: "/cosmos.bank.v1beta1.MsgSend",
  value: MsgSend.encode(MsgSend.fromPartial({ fromAddress, toAddress, amount })).finish(),
});

export interface Shape {
  readonly messages?: readonly EncodedMessage[];
  readonly body?: Partial<TxBody>;
  readonly fee?: readonly { readonly denom: string; readonly amount: string }[];
  readonly gas?: bigint;
  readonly amino?: boolean;
  /** whether signer infos have public keys; they do when not given */
  readonly keys?: boolean;
  /** before it is signed */
  readonly auth?: (info: AuthInfo) => void;
  /** after: what somebody else could do with it */
  readonly changed?: (raw: TxRaw, body: TxBody, info: AuthInfo) => void;
}

/** `names` are those that the accounts were made of. */
export async function shaped(node: TestNode, names: readonly string[], accounts: readonly Account[], o: Shape = {}): Promise<Uint8Array> {
  const messages = o.messages ?? accounts.map((a) => send(a.address));
  const body = TxBody.fromPartial({ messages: messages.map((m) => ({ ...m })), ...o.body });
  const mode = o.amino ? SignMode.SIGN_MODE_LEGACY_AMINO_JSON : SignMode.SIGN_MODE_DIRECT;
  const known = accounts.map((a) => node.modules.keepers.auth.get(node.state, a.address));
  const info = AuthInfo.fromPartial({
    signerInfos: accounts.map((a, i) => ({
      ...(o.keys === false ? {} : { publicKey: encodePubkey(encodeSecp256k1Pubkey(a.key)) }),
      modeInfo: { single: { mode } },
      sequence: known[i]?.sequence ?? 0n,
    })),
    fee: { amount: (o.fee ?? []).map((c) => ({ ...c })), gasLimit: o.gas ?? 1_000_000n },
  });
  o.auth?.(info);
  const raw = TxRaw.fromPartial({ bodyBytes: TxBody.encode(body).finish(), authInfoBytes: AuthInfo.encode(info).finish(), signatures: [] });
  for (const [i, account] of accounts.entries()) {
    const number = Number(known[i]?.accountNumber ?? 0n);
    const signed = o.amino
      ? await (await Secp256k1Wallet.fromKey(nodeCrypto.sha256(utf8(names[i] as string)), "pouw")).signAmino(
          account.address,
          makeAminoDoc(messages.map(aminoSend), { amount: o.fee ?? [], gas: `${o.gas ?? 1_000_000n}` }, NODE_CHAIN, body.memo, number, Number(known[i]?.sequence ?? 0n)),
        )
      : await account.wallet.signDirect(account.address, makeSignDoc(raw.bodyBytes, raw.authInfoBytes, NODE_CHAIN, number));
    raw.signatures.push(Uint8Array.from(Buffer.from(signed.signature.signature, "base64")));
  }
  if (o.changed) {
    o.changed(raw, body, info);
    raw.bodyBytes = TxBody.encode(body).finish();
    raw.authInfoBytes = AuthInfo.encode(info).finish();
  }
  return TxRaw.encode(raw).finish();
}

function aminoSend({ value }: EncodedMessage) {
  const { fromAddress, toAddress, amount } = MsgSend.decode(value);
  return { type: "cosmos-sdk/MsgSend", value: { from_address: fromAddress, to_address: toAddress, amount: amount.map((c) => ({ ...c })) } };
}
