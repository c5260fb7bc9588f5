/** Native hashes and signatures: what everything that runs in Node passes on. */
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import * as nodeCryptoModule from "node:crypto";
import blst from "@chainsafe/blst";
import { ed25519 } from "@noble/curves/ed25519.js";
import secp256k1 from "secp256k1";
import { type Crypto } from "#kernel/crypto.js";

const SPKI_ED25519 = Buffer.from("302a300506032b6570032100", "hex");

const keys = new Map<string, KeyObject>();
const MAX_KEYS = 4096;

/** An ed25519 public key as node:crypto wants it; imported once, since the import costs more than a verification. */
export function ed25519Key(raw: Uint8Array): KeyObject {
  const id = Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString("latin1");
  let key = keys.get(id);
  if (!key) {
    key = createPublicKey({ key: Buffer.concat([SPKI_ED25519, raw]), format: "der", type: "spki" });
    if (keys.size >= MAX_KEYS) keys.clear();
    keys.set(id, key);
  }
  return key;
}

type OneShot = (algorithm: string, data: Uint8Array, encoding: "latin1") => string;
const oneShot = (nodeCryptoModule as unknown as { hash?: OneShot }).hash;
const digest = (algorithm: string, bytes: Uint8Array): Uint8Array => {
  if (!oneShot) return new Uint8Array(createHash(algorithm).update(bytes).digest()); // before Node 20.12
  // PERF: bench/hashes.ts. By a string of bytes, since a Buffer of one's own costs more than the hash of a short input.
  const text = oneShot(algorithm, bytes, "latin1");
  const out = new Uint8Array(text.length);
  for (let i = 0; i < out.length; i++) out[i] = text.charCodeAt(i);
  return out;
};

const attempt = (check: () => boolean): boolean => {
  try {
    return check();
  } catch {
    return false;
  }
};

/**
 * What was found valid lately, in two generations. A node checks every transaction's signature when it enters the
 * mempool, after each block in which it still waits, and in its block: the same bytes, so the same answer.
 * PERF: a third of a transfer's CPU time is ecdsaVerify. The limit is about the transactions that a mempool holds.
 */
const MAX_VALID = 16_384;
let valid = new Set<string>();
let validBefore = new Set<string>();

function verifySecp256k1(key: Uint8Array, hash: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== 33 || signature.length !== 64 || hash.length !== 32) return false;
  const id = Buffer.concat([key, hash, signature]).toString("latin1");
  if (valid.has(id) || validBefore.has(id)) return true;
  if (!attempt(() => secp256k1.ecdsaVerify(signature, hash, key))) return false;
  if (valid.size >= MAX_VALID) {
    validBefore = valid;
    valid = new Set();
  }
  valid.add(id);
  return true;
}

const verifyEd25519 = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
  key.length === 32 && signature.length === 64 && attempt(() => verify(null, message, ed25519Key(key), signature));

export const nodeCrypto: Crypto = {
  sha256: (bytes) => digest("sha256", bytes),
  ripemd160: (bytes) => digest("ripemd160", bytes),
  verifyEd25519,
  // OpenSSL checks the equation without the cofactor, so what it accepts ZIP-215 accepts too, whichever its version: asking
  // it first changes time only. PERF: 0.1 ms for a signature as everybody makes them, 2 ms for any other.
  verifyEd25519Zip215: (key, message, signature) =>
    verifyEd25519(key, message, signature) || (key.length === 32 && signature.length === 64 && attempt(() => ed25519.verify(signature, message, key, { zip215: true }))),
  verifySecp256k1,
  verifyBls: (key, message, signature) =>
    key.length === 48 &&
    signature.length === 96 &&
    attempt(() => blst.verify(message, blst.PublicKey.fromBytes(key, true), blst.Signature.fromBytes(signature, true))),
};
