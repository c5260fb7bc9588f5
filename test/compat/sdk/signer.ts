/** An account that signs transactions for both chains: the same bytes go to either. */
import { encodeSecp256k1Pubkey } from "@cosmjs/amino";
import { DirectSecp256k1Wallet, encodePubkey, makeSignDoc } from "@cosmjs/proto-signing";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { utf8 } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import type { Codec } from "#proto/wire.js";

export interface Message {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

export const message = <M>(codec: Codec<M>, m: Partial<M>): Message => ({ typeUrl: codec.typeUrl, value: codec.encode(codec.create(m)) });

export interface TxShape {
  readonly fee?: readonly { readonly denom: string; readonly amount: string }[];
  readonly gas?: bigint;
  readonly memo?: string;
  readonly granter?: string;
  readonly chainId?: string;
}

/** The secret key of a name. */
export const keyOf = (name: string): Uint8Array => nodeCrypto.sha256(utf8(name));

export class Signer {
  private constructor(
    private readonly wallet: DirectSecp256k1Wallet,
    readonly address: string,
    private readonly key: Uint8Array,
  ) {}

  static async of(name: string, prefix = "cosmos"): Promise<Signer> {
    const wallet = await DirectSecp256k1Wallet.fromKey(keyOf(name), prefix);
    const [a] = await wallet.getAccounts();
    if (!a) throw new Error("the wallet has no account");
    return new Signer(wallet, a.address, a.pubkey);
  }

  async sign(messages: readonly Message[], number: bigint, sequence: bigint, chainId: string, o: TxShape = {}): Promise<Uint8Array> {
    const bodyBytes = TxBody.encode(TxBody.fromPartial({ messages: messages.map((m) => ({ ...m })), memo: o.memo ?? "" })).finish();
    const authInfoBytes = AuthInfo.encode(
      AuthInfo.fromPartial({
        signerInfos: [{ publicKey: encodePubkey(encodeSecp256k1Pubkey(this.key)), modeInfo: { single: { mode: SignMode.SIGN_MODE_DIRECT } }, sequence }],
        fee: { amount: (o.fee ?? []).map((c) => ({ ...c })), gasLimit: o.gas ?? 2_000_000n, granter: o.granter ?? "" },
      }),
    ).finish();
    const { signature } = await this.wallet.signDirect(this.address, makeSignDoc(bodyBytes, authInfoBytes, o.chainId ?? chainId, Number(number)));
    return TxRaw.encode(TxRaw.fromPartial({ bodyBytes, authInfoBytes, signatures: [Uint8Array.from(Buffer.from(signature.signature, "base64"))] })).finish();
  }
}
