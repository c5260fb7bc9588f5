/** Which beacon key a validator signs with, and the proof that it holds it. */
import type { Crypto, Hash } from "#kernel/crypto.js";
import type { Validator } from "#proto/gen/pouw.js";
import { H, raw } from "#protocol/hash.js";

/** A registered key is effective this many blocks on. */
export const KEY_DELAY = 2n;

/** The key that block `height`'s proposer signs the beacon with; undefined when it has none. */
export function proposerKeyAt(validator: Validator, height: bigint): Uint8Array | undefined {
  const key = validator.nextBeaconKey.length > 0 && height >= validator.nextBeaconHeight ? validator.nextBeaconKey : validator.beaconKey;
  return key.length > 0 ? key : undefined;
}

/** What a proof of possession signs: H('pouw/beacon-possession/1'; key). */
export const possessionMessage = (hash: Hash, key: Uint8Array): Uint8Array => H(hash, "pouw/beacon-possession/1", raw(key, 48, "beacon key"));

export const verifyPossession = (crypto: Pick<Crypto, "sha256" | "verifyBls">, key: Uint8Array, proof: Uint8Array): boolean =>
  key.length === 48 && proof.length === 96 && crypto.verifyBls(key, possessionMessage(crypto, key), proof);
