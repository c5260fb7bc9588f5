import "#platform/install.js";
import test from "ava";
import { MsgMultiSend, MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { address, coin } from "#test/modules/chain.js";
import { assemble } from "../modules.js";
import { decodeTx } from "./decode.js";

const { router } = assemble();
const txOf = (messages: readonly { typeUrl: string; value: Uint8Array }[], body: Partial<TxBody> = {}): Uint8Array =>
  TxRaw.encode({
    bodyBytes: TxBody.encode(TxBody.fromPartial({ messages: messages.map((m) => ({ ...m })), ...body })).finish(),
    authInfoBytes: AuthInfo.encode(AuthInfo.fromPartial({ fee: { gasLimit: 1n } })).finish(),
    signatures: [],
  }).finish();
const send = (from: string) => ({ typeUrl: "/cosmos.bank.v1beta1.MsgSend", value: MsgSend.encode(MsgSend.fromPartial({ fromAddress: from, toAddress: from, amount: [coin(1n)] })).finish() });

test("signers are collected once each, and more than the limit of signatures are refused while decoding", (t) => {
  const from = (n: number) => Array.from({ length: n }, (_, i) => send(address(`signer${i}`)));
  t.deepEqual(decodeTx(txOf([...from(3), ...from(2)]), router).signers, [0, 1, 2].map((i) => address(`signer${i}`)));
  t.is(decodeTx(txOf(from(7)), router).signers.length, 7);
  t.like(t.throws(() => decodeTx(txOf(from(8)), router)), { code: 14, message: "signatures: 8, limit: 7: maximum number of signatures exceeded" });
});

test("a transfer of forty thousand senders costs no more than its decoding", (t) => {
  const inputs = Array.from({ length: 40_000 }, (_, i) => ({ address: `pouw1${i}`, coins: [] }));
  const value = MsgMultiSend.encode({ inputs, outputs: [] }).finish();
  const tx = txOf([{ typeUrl: "/cosmos.bank.v1beta1.MsgMultiSend", value }]);
  const timed = (run: () => void): number => {
    const began = performance.now();
    run();
    return performance.now() - began;
  };
  const refused = () => t.like(t.throws(() => decodeTx(tx, router)), { codespace: "bank", code: 9 });
  refused();
  const decoding = timed(() => void MsgMultiSend.encode(MsgMultiSend.decode(value)).finish());
  const whole = timed(refused);
  t.true(whole < 10 * decoding + 50, `${whole} ms, decoding takes ${decoding} ms`);
});
