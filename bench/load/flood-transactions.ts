/** Transactions that a flood sends and tries: as large as one may be, right ones, and ones with a wrong signature. */
import { toBech32 } from "#kernel/address.js";
import { MsgMultiSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { type Facts } from "#testnet/facts.js";
import { Transfers } from "./transfers.js";

/** Accounts that one transaction pays: about as much gas as one may ask for. */
const PAID = 600;
const SENDERS = 100;
const EACH = 100;

export async function floodTransactions(facts: Facts): Promise<{ readonly tx: string; readonly txs: readonly string[] }> {
  const { prefix, denom } = facts;
  const [payer] = facts.accounts.filter((a) => a.name === "bob");
  if (!payer) throw new Error("bench: the network has no bob");
  const coins = (amount: number) => [{ denom, amount: `${amount}` }];
  const outputs = Array.from({ length: PAID }, (_, i) => ({ address: toBech32(prefix, Uint8Array.from({ length: 20 }, (_x, j) => (j < 2 ? i >> (8 * j) : 7) & 255)), coins: coins(1) }));
  const value = MsgMultiSend.encode(MsgMultiSend.fromPartial({ inputs: [{ address: payer.address, coins: coins(PAID) }], outputs })).finish();
  const bodyBytes = TxBody.encode(TxBody.fromPartial({ messages: [{ typeUrl: "/cosmos.bank.v1beta1.MsgMultiSend", value }] })).finish();
  const authInfoBytes = AuthInfo.encode(AuthInfo.fromPartial({ signerInfos: [{ modeInfo: { single: { mode: SignMode.SIGN_MODE_UNSPECIFIED } }, sequence: 0n }], fee: { gasLimit: 0n } })).finish();
  const tx = TxRaw.encode(TxRaw.fromPartial({ bodyBytes, authInfoBytes, signatures: [new Uint8Array(0)] })).finish();

  const transfers = await Transfers.open(facts, SENDERS);
  const right = transfers.sign(1, EACH).flat();
  const wrong = right.map((bytes) => {
    const raw = TxRaw.decode(bytes);
    const [signature = new Uint8Array(64)] = raw.signatures;
    return TxRaw.encode({ ...raw, signatures: [signature.map((b, i) => (i === 5 ? b ^ 1 : b))] }).finish();
  });
  const hex = (b: Uint8Array): string => Buffer.from(b).toString("hex");
  return { tx: hex(tx), txs: right.flatMap((r, i) => [hex(r), hex(wrong[i] as Uint8Array)]) };
}
