import test from "ava";
import { MsgMultiSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { address } from "#test/chain/environment.js";
import { send } from "#test/chain/shaped-tx.js";
import { assemble } from "../assemble.js";
import { decodeTx } from "./decode.js";
import { type EncodedMessage } from "./router.js";

const router = assemble().router;
const txOf = (messages: readonly EncodedMessage[], payer = ""): Uint8Array =>
  TxRaw.encode({
    bodyBytes: TxBody.encode(TxBody.fromPartial({ messages: messages.map((m) => ({ ...m })) })).finish(),
    authInfoBytes: AuthInfo.encode(AuthInfo.fromPartial({ fee: { gasLimit: 1n, payer } })).finish(),
    signatures: [],
  }).finish();

test("signers are collected once each, and more than the limit of signatures are refused while decoding", (t) => {
  const from = (n: number) => Array.from({ length: n }, (_, i) => send(address(`signer${i}`)));
  t.deepEqual(decodeTx(txOf([...from(3), ...from(2)]), router, 7n).signers, [0, 1, 2].map((i) => address(`signer${i}`)));
  t.is(decodeTx(txOf(from(7)), router, 7n).signers.length, 7);
  t.like(t.throws(() => decodeTx(txOf(from(8)), router, 7n)), { code: 14, message: "signatures: 8, limit: 7: maximum number of signatures exceeded" });
  t.is(decodeTx(txOf(from(8)), router).signers.length, 8);
});

test("who pays the fee signs last, when no message is theirs", (t) => {
  const [a, b, payer] = [address("a"), address("b"), address("payer")];
  t.deepEqual(decodeTx(txOf([send(a), send(b)], payer), router).signers, [a, b, payer]);
  t.deepEqual(decodeTx(txOf([send(a), send(b)], b), router).signers, [a, b]);
  t.like(t.throws(() => decodeTx(txOf([send(a)], payer), router, 1n)), { code: 14 });
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

test("bytes that are no canonical message, and a type that nobody handles, have their codes", (t) => {
  const { typeUrl, value } = send(address("a"));
  t.like(t.throws(() => decodeTx(txOf([{ typeUrl: "/none.Msg", value }]), router)), { code: 2, message: "unable to resolve type URL /none.Msg: tx parse error: tx parse error" });
  t.like(t.throws(() => decodeTx(txOf([{ typeUrl, value: Uint8Array.of(...value, 0x98, 6, 1) }]), router)), { code: 2, message: `${typeUrl}: the bytes are not canonical protobuf: tx parse error` });
  t.like(t.throws(() => decodeTx(txOf([{ typeUrl, value: value.slice(0, -1) }]), router)), { code: 2 });
});
