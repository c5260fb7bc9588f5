import { createHash } from "node:crypto";
import test from "ava";
import { ed25519 } from "@noble/curves/ed25519.js";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { concat, fromHex, utf8 } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { MsgBlockData } from "#proto/gen/pouw/v1/block.js";
import { decodeBlockDataTx, encodeBlockDataTx } from "#protocol/block-data.js";
import { largestBlockDataTx } from "#protocol/block-room.js";
import { extensionSignBytes, MAX_EXTENSION_BYTES } from "#protocol/verification/extension.js";
import { coin } from "#test/chain/chain.js";
import { Account, NODE_CHAIN, TestNode } from "#test/chain/node.js";

const { Point } = ed25519;
const L = Point.Fn.ORDER;
const little = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
const littleBytes = (v: bigint): Uint8Array => Uint8Array.from(fromHex(v.toString(16).padStart(64, "0"))).reverse();
/** a point of order 8 */
const TORSION = Point.fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");

/** A signature whose commitment has a component of small order: the equation holds with the cofactor only. */
function cofactored(seed: Uint8Array, message: Uint8Array): Uint8Array {
  const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(seed) as { scalar: bigint; pointBytes: Uint8Array };
  const r = 123_456_789n;
  const R = Point.BASE.multiply(r).add(TORSION).toBytes();
  const h = little(Uint8Array.from(sha512(concat(R, pointBytes, message)))) % L;
  return concat(R, littleBytes((r + h * scalar) % L));
}
const sha512 = (bytes: Uint8Array): Uint8Array => createHash("sha512").update(bytes).digest();

const seedOf = (i: number): Uint8Array => new Uint8Array(32).fill(i + 1);

test("ZIP-215: a signature with a commitment of mixed order is accepted, as CometBFT does, whatever OpenSSL says", (t) => {
  const seed = seedOf(0);
  const key = ed25519.getPublicKey(seed);
  const message = utf8("vote extension");
  const signature = cofactored(seed, message);
  t.true(TORSION.multiplyUnsafe(8n).is0() && !TORSION.multiplyUnsafe(4n).is0());
  t.false(nodeCrypto.verifyEd25519(key, message, signature));
  t.true(nodeCrypto.verifyEd25519Zip215(key, message, signature));
  t.true(nodeCrypto.verifyEd25519Zip215(key, message, ed25519.sign(message, seed)));
  t.false(nodeCrypto.verifyEd25519Zip215(key, utf8("another"), signature));
  // s is not reduced: malleable, which ZIP-215 refuses
  t.false(nodeCrypto.verifyEd25519Zip215(key, message, concat(signature.subarray(0, 32), littleBytes(little(signature.subarray(32)) + L))));
  t.false(nodeCrypto.verifyEd25519Zip215(key, message, signature.subarray(1)));
});

test("a byzantine validator's mixed-order extension signature does not make a proposer's own block fail", async (t) => {
  const node = await TestNode.start(t, { validators: 3 });
  const extension = utf8("anything");
  node.extensions = [new Uint8Array(0), extension, new Uint8Array(0)];
  const bytes = extensionSignBytes({ extension, height: node.height, round: 0, chainId: NODE_CHAIN });
  const byzantine = node.validators[1] as unknown as { sign(bytes: Uint8Array): Uint8Array };
  byzantine.sign = (b) => cofactored(nodeCrypto.sha256(utf8("ed25519 validator 1")), b);
  t.false(nodeCrypto.verifyEd25519((node.validators[1] as { consensusKey: Uint8Array }).consensusKey, bytes, byzantine.sign(bytes)));
  const txs = node.propose([]);
  t.deepEqual(decodeBlockDataTx(txs[0] as Uint8Array).votes[1]?.extension, extension);
  t.true(node.accepts(txs));
});

test("transaction 0 is measured before it is decoded", async (t) => {
  const node = await TestNode.start(t, { validators: 2 });
  const whole = { extension: new Uint8Array(MAX_EXTENSION_BYTES), signature: new Uint8Array(64) };
  for (const votes of [0, 1, 2, 100]) {
    const data = MsgBlockData.create({ beaconSignature: new Uint8Array(96), votes: Array.from({ length: votes }, () => whole) });
    t.is(largestBlockDataTx(votes), encodeBlockDataTx(data).length);
  }
  const many = encodeBlockDataTx(MsgBlockData.create({ beaconSignature: new Uint8Array(96), votes: Array.from({ length: 200_000 }, () => ({ extension: new Uint8Array(0), signature: new Uint8Array(0) })) }));
  const [honest] = node.propose([]) as [Uint8Array];
  const timed = <T>(run: () => T): { result: T; ms: number } => {
    const began = performance.now();
    return { result: run(), ms: performance.now() - began };
  };
  const decoding = timed(() => decodeBlockDataTx(many)).ms;
  const judged = (txs: Uint8Array[]): boolean => {
    const { result, ms } = timed(() => node.accepts(txs));
    t.true(ms < decoding / 2, `${ms} ms, decoding takes ${decoding} ms`);
    return result;
  };
  t.true(judged([honest]));
  t.false(judged([many]));
  // It is too long to be block data, so it is an ordinary transaction, which fails in its turn.
  t.true(judged([honest, many]));
  t.false(judged([honest, honest]));
  const { txResults } = await node.decided([honest, many]);
  t.deepEqual(txResults.map((r) => r.code), [0, 2]);
});

test("a vote too many or too few in transaction 0 is refused", async (t) => {
  const account = await Account.of("client");
  const node = await TestNode.start(t, { validators: 2, balances: { [account.address]: 1_000n } });
  const value = MsgSend.encode(MsgSend.fromPartial({ fromAddress: account.address, toAddress: account.address, amount: [coin(1n)] })).finish();
  const [first, ...rest] = node.propose([await node.tx(account, [{ typeUrl: "/cosmos.bank.v1beta1.MsgSend", value }])]) as [Uint8Array, Uint8Array];
  const { beaconSignature, votes } = decodeBlockDataTx(first);
  t.true(node.accepts([first, ...rest]));
  for (const list of [votes.slice(1), [...votes, { extension: new Uint8Array(0), signature: new Uint8Array(0) }]]) {
    t.false(node.accepts([encodeBlockDataTx(MsgBlockData.create({ beaconSignature, votes: list })), ...rest]));
  }
});
