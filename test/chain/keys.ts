/** Keys of a test chain's validators and workers, in plain JavaScript and the same in every run. */
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { utf8 } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";
import { H, raw } from "#protocol/hash.js";

const bls = bls12_381.longSignatures;
const DST = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

export interface Signer {
  readonly key: Uint8Array;
  sign(bytes: Uint8Array): Uint8Array;
}

/** An ed25519 key from a name. */
export function signerOf(hash: Hash, name: string): Signer {
  const secret = hash.sha256(utf8(`ed25519 ${name}`));
  return { key: ed25519.getPublicKey(secret), sign: (bytes) => ed25519.sign(bytes, secret) };
}

/** The secret of beaconSignerOf, 32 bytes. */
export const beaconSecretOf = (hash: Hash, name: string): Uint8Array => hash.sha256(utf8(`bls ${name}`)).map((b, i) => (i === 0 ? b & 0x3f : b)); // below the group's order

// PERF: a key costs 5 ms, a signature 20 ms, and every test chain wants those of the same few validators.
const beaconSigners = new Map<string, Signer>();
const proofs = new WeakMap<Signer, Uint8Array>();

/** A BLS key from a name, as the beacon wants it: key 48 bytes, signatures 96. */
export function beaconSignerOf(hash: Hash, name: string): Signer {
  let signer = beaconSigners.get(name);
  if (!signer) {
    const secret = beaconSecretOf(hash, name);
    signer = { key: bls.getPublicKey(secret).toBytes(true), sign: (bytes) => bls.Signature.toBytes(bls.sign(bls.hash(bytes, DST), secret)) };
    beaconSigners.set(name, signer);
  }
  return signer;
}

/** Proof that a beacon key can sign. */
export function possessionProof(hash: Hash, signer: Signer): Uint8Array {
  let proof = proofs.get(signer);
  if (!proof) proofs.set(signer, (proof = signer.sign(H(hash, "pouw/beacon-possession/1", raw(signer.key, 48, "beacon key")))));
  return proof;
}
