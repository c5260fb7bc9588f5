/** The beacon: one value a block, from the proposer's unique signature over the one before. */
import { u64be } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";
import { H, raw, str } from "../hash.js";

/** beacon(first − 1) = H('pouw/beacon-genesis/1'; chain_id, genesis time as u64 ns). */
export const beaconGenesis = (hash: Hash, { chainId, genesisTimeNs }: { chainId: string; genesisTimeNs: bigint }): Uint8Array => H(hash, "pouw/beacon-genesis/1", str(chainId), u64be(genesisTimeNs));

/** What block h's proposer signs: H('pouw/beacon-message/1'; chain_id, u64 h, beacon(h−1)). */
export const beaconMessage = (hash: Hash, { chainId, height, previous }: { chainId: string; height: bigint; previous: Uint8Array }): Uint8Array =>
  H(hash, "pouw/beacon-message/1", str(chainId), u64be(height), raw(previous, 32, "beacon"));

/** beacon(h) = H('pouw/beacon/1'; beacon(h−1), u64 h, s); a signature that failed is no bytes. */
export function nextBeacon(hash: Hash, { previous, height, signature }: { previous: Uint8Array; height: bigint; signature: Uint8Array }): Uint8Array {
  if (signature.length !== 0) raw(signature, 96, "beacon signature");
  return H(hash, "pouw/beacon/1", raw(previous, 32, "beacon"), u64be(height), signature);
}
