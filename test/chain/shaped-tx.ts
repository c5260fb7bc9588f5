/** Transactions of any shape, signed by any number of accounts in either mode, for the node and for the test chain. */
import { type AminoMsg, encodeSecp256k1Pubkey, makeSignDoc as makeAminoDoc, Secp256k1Wallet } from "@cosmjs/amino";
import { DirectSecp256k1Wallet, encodePubkey, makeSignDoc } from "@cosmjs/proto-signing";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { utf8 } from "#kernel/bytes.js";
import { executeTx, type Execution, type Mode, type TxOutcome } from "#app/tx/execute.js";
import { type EncodedMessage } from "#app/tx/router.js";
import { nodeCrypto } from "#platform/crypto.js";
import { MsgSend } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { timestampText } from "#proto/time.js";
import { coin, type TestChain } from "./chain.js";

export type { EncodedMessage } from "#app/tx/router.js";

const PREFIX = "pouw";

/** An account with a key of its own; `name` makes it reproducible. */
export class Account {
  private constructor(
    readonly wallet: DirectSecp256k1Wallet,
    readonly amino: Secp256k1Wallet,
    readonly address: string,
    readonly key: Uint8Array,
  ) {}
  static async of(name: string): Promise<Account> {
    const secret = nodeCrypto.sha256(utf8(name));
    const wallet = await DirectSecp256k1Wallet.fromKey(secret, PREFIX);
    const [a] = await wallet.getAccounts();
    if (!a) throw new Error("the wallet has no account");
    return new Account(wallet, await Secp256k1Wallet.fromKey(secret, PREFIX), a.address, a.pubkey);
  }
  get publicKey() {
    return encodePubkey(encodeSecp256k1Pubkey(this.key));
  }
}

/** What a signature is for: a node or a test chain. */
export interface Ledger {
  readonly chainId: string;
  account(address: string): { readonly accountNumber: bigint; readonly sequence: bigint } | undefined;
}

export interface Shape {
  /** each signer sends itself a coin when they are not given */
  readonly messages?: readonly EncodedMessage[];
  readonly body?: Partial<TxBody>;
  readonly fee?: readonly { readonly denom: string; readonly amount: string }[];
  readonly gas?: bigint | number;
  /** who pays the fee, signing last, when it is not the first signer */
  readonly payer?: string;
  readonly granter?: string;
  /** instead of the account's own */
  readonly sequence?: bigint;
  readonly amino?: boolean;
  /** the messages as amino JSON; where they are transfers that can be left out */
  readonly aminoMessages?: readonly AminoMsg[];
  /** whether signer infos have public keys; they do when not given */
  readonly keys?: boolean;
  /** before it is signed */
  readonly auth?: (info: AuthInfo) => void;
  /** after: what somebody else could do with it */
  readonly changed?: (raw: TxRaw, body: TxBody, info: AuthInfo) => void;
}

export const send = (fromAddress: string, toAddress = fromAddress, amount = [coin(1n)]): EncodedMessage => ({
  typeUrl: MsgSend.typeUrl,
  value: MsgSend.encode({ fromAddress, toAddress, amount }),
});

export const bodyOf = (messages: readonly EncodedMessage[], body: Partial<TxBody> = {}): Uint8Array =>
  TxBody.encode(TxBody.fromPartial({ messages: messages.map((m) => ({ ...m })), ...body })).finish();

export async function shaped(on: Ledger, accounts: readonly Account[], o: Shape = {}): Promise<Uint8Array> {
  const messages = o.messages ?? accounts.map((a) => send(a.address));
  const mode = o.amino ? SignMode.SIGN_MODE_LEGACY_AMINO_JSON : SignMode.SIGN_MODE_DIRECT;
  const gas = BigInt(o.gas ?? 1_000_000n);
  const paid = { ...(o.payer ? { payer: o.payer } : {}), ...(o.granter ? { granter: o.granter } : {}) };
  const known = accounts.map((a) => {
    const account = on.account(a.address);
    return { number: Number(account?.accountNumber ?? 0n), sequence: o.sequence ?? account?.sequence ?? 0n };
  });
  const info = AuthInfo.fromPartial({
    signerInfos: accounts.map((a, i) => ({ ...(o.keys === false ? {} : { publicKey: a.publicKey }), modeInfo: { single: { mode } }, sequence: known[i]?.sequence ?? 0n })),
    fee: { amount: (o.fee ?? []).map((c) => ({ ...c })), gasLimit: gas, ...paid },
  });
  o.auth?.(info);
  const raw = TxRaw.fromPartial({ bodyBytes: bodyOf(messages, o.body), authInfoBytes: AuthInfo.encode(info).finish(), signatures: [] });
  for (const [i, account] of accounts.entries()) {
    const { number, sequence } = known[i] as (typeof known)[number];
    const { signature } = o.amino
      ? await account.amino.signAmino(account.address, { ...makeAminoDoc(o.aminoMessages ?? messages.map(aminoSend), { amount: o.fee ?? [], gas: `${gas}`, ...paid }, on.chainId, o.body?.memo ?? "", number, Number(sequence)), ...aminoBody(o.body) })
      : await account.wallet.signDirect(account.address, makeSignDoc(raw.bodyBytes, raw.authInfoBytes, on.chainId, number));
    raw.signatures.push(Uint8Array.from(Buffer.from(signature.signature, "base64")));
  }
  if (o.changed) {
    const body = TxBody.decode(raw.bodyBytes);
    o.changed(raw, body, info);
    raw.bodyBytes = TxBody.encode(body).finish();
    raw.authInfoBytes = AuthInfo.encode(info).finish();
  }
  return TxRaw.encode(raw).finish();
}

/** Fields of the Cosmos SDK's document that CosmJS does not make. */
const aminoBody = ({ unordered, timeoutTimestamp }: Partial<TxBody> = {}) => ({ ...(unordered ? { unordered } : {}), ...(timeoutTimestamp ? { timeout_timestamp: timestampText(timeoutTimestamp) } : {}) });

function aminoSend({ value }: EncodedMessage) {
  const { fromAddress, toAddress, amount } = MsgSend.decode(value);
  return { type: "cosmos-sdk/MsgSend", value: { from_address: fromAddress, to_address: toAddress, amount: amount.map((c) => ({ ...c })) } };
}

/** Runs a transaction in the block that the test chain is in; what was delivered is part of the block's events. */
export function execute(c: TestChain, bytes: Uint8Array, mode: Mode = "deliver", o: Partial<Execution> = {}): TxOutcome {
  const outcome = executeTx(c.ctx, bytes, mode, { router: c.app.router, deps: c.k, ...o });
  if (mode === "deliver") for (const e of outcome.events) c.ctx.emit(e);
  return outcome;
}
