/**
 * Hashes and signatures without native code, for browsers and for comparing: the same answers as platform/crypto.ts.
 *
 * crypto-pure.test.ts holds the two against each other, at the edges above all. Nothing here throws for what it is given.
 */
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { ripemd160 } from "@noble/hashes/legacy.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { concat, equalBytes, toBigInt, utf8 } from "./bytes.js";
import { type Crypto } from "./crypto.js";

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;
const POP = utf8("BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_");
const { G1, G2, longSignatures } = bls12_381;

const littleEndian = (bytes: Uint8Array): bigint => toBigInt(bytes.slice().reverse());

const attempt = (check: () => boolean): boolean => {
  try {
    return check();
  } catch {
    return false;
  }
};

/**
 * OpenSSL's rule, which is neither RFC 8032's nor ZIP-215's: s is below the order; the key's y need not be reduced, and its
 * x may be a zero with a sign; a key of small order is one like any other; the commitment is never decoded, its bytes must
 * be those of sB − hA, so the equation holds without the cofactor. Noble's own strict check refuses some of these keys.
 */
function verifyEd25519(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== 32 || signature.length !== 64) return false;
  const commitment = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  if (s >= ORDER) return false;
  return attempt(() => {
    const point = Point.fromBytes(Uint8Array.from(key), true);
    const h = littleEndian(sha512(concat(commitment, key, message))) % ORDER;
    return equalBytes(Point.BASE.multiplyUnsafe(s).subtract(point.multiplyUnsafe(h)).toBytes(), commitment);
  });
}

export const pureCrypto: Crypto = {
  sha256: (bytes) => sha256(bytes),
  ripemd160: (bytes) => ripemd160(bytes),
  verifyEd25519,
  verifyEd25519Zip215: (key, message, signature) => key.length === 32 && signature.length === 64 && attempt(() => ed25519.verify(signature, message, key, { zip215: true })),
  verifySecp256k1: (key, digest, signature) =>
    key.length === 33 &&
    digest.length === 32 &&
    signature.length === 64 &&
    attempt(() => secp256k1.verify(signature, digest, key, { prehash: false, lowS: true, format: "compact" })),
  verifyBls: (key, message, signature) =>
    key.length === 48 &&
    signature.length === 96 &&
    attempt(() => {
      // fromBytes refuses what is not on the curve or not in the subgroup; infinity is no key and no signature either.
      const [k, s] = [G1.Point.fromBytes(key), G2.Point.fromBytes(signature)];
      return !k.is0() && !s.is0() && longSignatures.verify(s, longSignatures.hash(message, POP), k);
    }),
};
