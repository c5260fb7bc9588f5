/** The proof that a validator holds its beacon key. */
import type { Crypto, Hash } from "#kernel/crypto.js";
import { H, raw } from "#protocol/hash.js";

/** A registered key is effective this many blocks on. */
export const KEY_DELAY = 2n;

/** What a proof of possession signs: H('pouw/beacon-possession/1'; key). */
export const possessionMessage = (hash: Hash, key: Uint8Array): Uint8Array => H(hash, "pouw/beacon-possession/1", raw(key, 48, "beacon key"));

export const verifyPossession = (crypto: Pick<Crypto, "sha256" | "verifyBls">, key: Uint8Array, proof: Uint8Array): boolean =>
  key.length === 48 && proof.length === 96 && crypto.verifyBls(key, possessionMessage(crypto, key), proof);
