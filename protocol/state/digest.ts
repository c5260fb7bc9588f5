/** Digests that commit to a model state in O(slots). */
import { concat } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";
import { raw } from "../hash.js";

/** sha256(previous ‖ map_hash); the one before seq 1 is zeros. */
export const chainDigest = (hash: Hash, previous: Uint8Array, mapHash: Uint8Array): Uint8Array => hash.sha256(concat(raw(previous, 32, "chain digest"), raw(mapHash, 32, "map hash")));

/** sha256(w0_hash ‖ chain_digest(0, c_0) ‖ … ‖ chain_digest(M−1, c_{M−1})). */
export const modelDigest = (hash: Hash, w0Hash: Uint8Array, chainDigests: readonly Uint8Array[]): Uint8Array =>
  hash.sha256(concat(raw(w0Hash, 32, "w0 hash"), ...chainDigests.map((d) => raw(d, 32, "chain digest"))));
