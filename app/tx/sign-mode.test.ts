import test from "ava";
import { makeSignDoc as makeAminoDoc, serializeSignDoc } from "@cosmjs/amino";
import { Secp256k1, sha256 } from "@cosmjs/crypto";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { utf8 } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { aminoJson } from "#proto/amino.js";
import { PubKey } from "#proto/gen/cosmos/crypto/ed25519/keys.js";
import { MsgCreateValidator } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { type Codec } from "#proto/wire.js";
import { coin, TestChain } from "#test/chain/chain.js";
import { Account, execute, send, shaped } from "#test/chain/shaped-tx.js";

const setUp = async () => {
  const a = await Account.of("a");
  return { a, c: new TestChain({ crypto: nodeCrypto, parts: { bank: { balances: [{ address: a.address, coins: [coin(100n)] }] } } }) };
};

test("a sign mode other than DIRECT and LEGACY_AMINO_JSON is code 4, in the SDK's words", async (t) => {
  const { a, c } = await setUp();
  const number = c.account(a.address)?.accountNumber;
  for (const [mode, why] of [
    [SignMode.SIGN_MODE_UNSPECIFIED, "unsupported sign mode SIGN_MODE_UNSPECIFIED"],
    [SignMode.SIGN_MODE_TEXTUAL, "unsuppored sign mode SIGN_MODE_TEXTUAL"],
    [SignMode.SIGN_MODE_DIRECT_AUX, `fee payer ${a.address} cannot sign with SIGN_MODE_DIRECT_AUX: unauthorized`],
    [SignMode.SIGN_MODE_EIP_191, "unsupported sign mode SIGN_MODE_EIP_191"],
    [77 as SignMode, "unsupported sign mode 77"],
  ] as const) {
    const tx = await shaped(c, [a], { auth: (info) => void Object.assign(info.signerInfos[0] as object, { modeInfo: { single: { mode } } }) });
    t.like(execute(c, tx, "check"), { codespace: "sdk", code: 4, log: `signature verification failed; please verify account number (${number}) and chain-id (test-1): (${why}): unauthorized` });
  }
});

test("U+2028 and U+2029 in amino JSON: as Go escapes them and as CosmJS leaves them, and no other text under either signature", async (t) => {
  const memo = "a\u2028b\u2029c";
  const secret = nodeCrypto.sha256(utf8("a"));
  for (const form of ["raw", "escaped"] as const) {
    const { a, c } = await setUp();
    const message = { type: "cosmos-sdk/MsgSend", value: { from_address: a.address, to_address: a.address, amount: [coin(1n)] } };
    const doc = serializeSignDoc(makeAminoDoc([message], { amount: [], gas: "1000000" }, "test-1", memo, Number(c.account(a.address)?.accountNumber), 0));
    const text = new TextDecoder().decode(doc);
    t.true(text.includes("\u2028"), "CosmJS leaves it");
    const signed = new TextEncoder().encode(form === "raw" ? text : text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"));
    const made = await Secp256k1.createSignature(sha256(signed), secret);
    const signature = Uint8Array.from([...made.r(32), ...made.s(32)]);
    const tx = (body: string) => shaped(c, [a], { amino: true, messages: [send(a.address)], body: { memo: body }, changed: (raw) => void (raw.signatures = [signature]) });
    t.is(execute(c, await tx("a\u2028b c"), "check").code, 4);
    const r = execute(c, await tx(memo), "deliver");
    t.is(r.code, 0, `${form}: ${r.log}`);
  }
});

test("a key within a message is signed whole: bytes that amino JSON does not show are refused", (t) => {
  const key = PubKey.encode({ key: new Uint8Array(32).fill(7) });
  const message = (value: Uint8Array) => MsgCreateValidator.create({ pubkey: { typeUrl: PubKey.typeUrl, value } });
  t.like(aminoJson(MsgCreateValidator as Codec<unknown>, message(key)), { pubkey: { type: "tendermint/PubKeyEd25519" } });
  t.throws(() => aminoJson(MsgCreateValidator as Codec<unknown>, message(Uint8Array.of(...key, 0x12, 0x00))), { message: /bytes are not canonical/ });
});
