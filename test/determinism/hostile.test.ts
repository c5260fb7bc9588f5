/**
 * Nesting that only the size of the stack would end. How deep a recursion gets differs between versions of Node, and
 * on one version between interpreted and compiled code, so that validators would disagree on a result.
 */
import "#platform/install.js";
import test from "ava";
import { LegacyAminoPubKey } from "cosmjs-types/cosmos/crypto/multisig/keys";
import { CompactBitArray, MultiSignature } from "cosmjs-types/cosmos/crypto/multisig/v1beta1/multisig";
import { PubKey } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { AuthInfo, ModeInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { ModuleError } from "#kernel/errors.js";
import { lengthPrefix } from "#app/abci/framing.js";
import { assemble } from "#app/assemble.js";
import { makeEnvironment } from "#kernel/environment.js";
import { decodeTx } from "#app/tx/decode.js";
import { addressOfKey, verifySignature } from "#app/tx/pubkey.js";
import { nodeCrypto } from "#platform/crypto.js";

/** From what decodes everywhere to what decodes nowhere. */
const DEPTHS = [17, 1000, 3000, 5000, 8000, 12_000, 100_000, 400_000];

const refusal = (run: () => unknown): string => {
  try {
    run();
    return "accepted";
  } catch (e) {
    return e instanceof ModuleError ? `${e.codespace}/${e.code}` : `${(e as Error).name}: ${(e as Error).message}`;
  }
};

const single = ModeInfo.encode(ModeInfo.fromPartial({ single: { mode: SignMode.SIGN_MODE_DIRECT } })).finish();

/** ModeInfo{multi: {mode_infos: [ModeInfo{multi: …}]}}: both fields have number 2, so each level is the same head twice. */
function nestedMode(depth: number): Uint8Array {
  const heads: Uint8Array[] = [];
  let length = single.length;
  for (let i = 0; i < 2 * depth; i++) {
    const head = Uint8Array.of(0x12, ...lengthPrefix(length));
    length += head.length;
    heads.push(head);
  }
  return Buffer.concat([...heads.reverse(), single]);
}

const field = (tag: number, bytes: Uint8Array): Uint8Array => Buffer.concat([Uint8Array.of(tag, ...lengthPrefix(bytes.length)), bytes]);

function txWithMode(mode: Uint8Array): Uint8Array {
  const value = MsgSend.encode(MsgSend.fromPartial({ fromAddress: "a", toAddress: "b" })).finish();
  const bodyBytes = TxBody.encode(TxBody.fromPartial({ messages: [{ typeUrl: "/cosmos.bank.v1beta1.MsgSend", value }] })).finish();
  const authInfoBytes = Buffer.concat([field(0x0a, field(0x12, mode)), field(0x12, new Uint8Array(0))]);
  return TxRaw.encode(TxRaw.fromPartial({ bodyBytes, authInfoBytes, signatures: [new Uint8Array(64)] })).finish();
}

/** Field 15, which none of these messages has, as groups within groups. */
const nestedGroups = (depth: number): Uint8Array => Buffer.concat([Buffer.alloc(depth, 0x7b), Buffer.alloc(depth, 0x7c)]);

const router = assemble().router;
const environment = makeEnvironment(nodeCrypto, "pouw");

test("sign modes nested at any depth are one refusal: sdk/2, before a signature is looked at", (t) => {
  for (const depth of DEPTHS) t.is(refusal(() => decodeTx(txWithMode(nestedMode(depth)), router)), "sdk/2", `depth ${depth}`);
});

test("the sign modes of single keys and of multisigs are decoded", (t) => {
  for (const depth of [0, 1, 2]) {
    const { signerInfos } = decodeTx(txWithMode(nestedMode(depth)), router).auth;
    t.deepEqual(AuthInfo.fromPartial({ signerInfos }).signerInfos[0]?.modeInfo, ModeInfo.decode(nestedMode(depth)));
  }
});

const secret = nodeCrypto.sha256(new Uint8Array(32).fill(7));
const key = secp256k1.getPublicKey(secret, true);
const SECP = "/cosmos.crypto.secp256k1.PubKey";
const MULTISIG = "/cosmos.crypto.multisig.LegacyAminoPubKey";
const plain = { typeUrl: SECP, value: PubKey.encode({ key }).finish() };
const multisig = { typeUrl: MULTISIG, value: LegacyAminoPubKey.encode({ threshold: 1, publicKeys: [plain] }).finish() };

test("a public key with more in it than its fields is refused with one code, whatever it is and however deep", (t) => {
  for (const { typeUrl, value } of [plain, multisig]) {
    t.is(refusal(() => addressOfKey(environment, { typeUrl, value })), "accepted");
    for (const depth of [1, ...DEPTHS]) t.is(refusal(() => addressOfKey(environment, { typeUrl, value: Buffer.concat([value, nestedGroups(depth)]) })), "sdk/8", `${typeUrl} ${depth}`);
    t.is(refusal(() => addressOfKey(environment, { typeUrl, value: value.slice(0, -1) })), "sdk/8", "cut short");
  }
  const within = { typeUrl: SECP, value: Buffer.concat([plain.value, nestedGroups(1)]) };
  const value = LegacyAminoPubKey.encode({ threshold: 1, publicKeys: [within] }).finish();
  t.is(refusal(() => addressOfKey(environment, { typeUrl: MULTISIG, value })), "sdk/8", "a key of a multisig");
});

test("a multisig's signatures with more in them than their field do not verify, however deep", (t) => {
  const bytes = Uint8Array.of(1, 2, 3);
  const signature = secp256k1.sign(nodeCrypto.sha256(bytes), secret, { prehash: false });
  const together = MultiSignature.encode({ signatures: [signature] }).finish();
  const mode = ModeInfo.fromPartial({ multi: { bitarray: CompactBitArray.fromPartial({ extraBitsStored: 1, elems: Uint8Array.of(0x80) }), modeInfos: [ModeInfo.decode(single)] } });
  t.true(verifySignature(nodeCrypto, multisig, mode, together, () => bytes));
  for (const depth of [1, ...DEPTHS]) t.false(verifySignature(nodeCrypto, multisig, mode, Buffer.concat([together, nestedGroups(depth)]), () => bytes), `depth ${depth}`);
});
