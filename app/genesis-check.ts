/** What CometBFT's own part of a genesis must say for this application to run on it (protocol section 11). */
import { type ConsensusParams } from "cosmjs-types/tendermint/types/params";
import { encodeBlockDataTx } from "#protocol/block-data.js";
import { MAX_EXTENSION_BYTES, uvarint } from "#protocol/extension.js";
import { MsgBlockData } from "#proto/gen/pouw.js";

const BEACON_SIGNATURE = 96;
const ED25519_SIGNATURE = 64;
/** CometBFT's word for "as much as there can be" */
const UNLIMITED = -1n;

/** Bytes of a transaction in a block: tag, length, content. */
export const wireSize = (tx: Uint8Array): bigint => 1n + BigInt(uvarint(tx.length).length + tx.length);

/** What the largest transaction 0 of a set takes of a block: every validator's extension as long as it may be. */
export function largestBlockData(validators: number): bigint {
  const vote = { extension: new Uint8Array(MAX_EXTENSION_BYTES), signature: new Uint8Array(ED25519_SIGNATURE) };
  return wireSize(encodeBlockDataTx(MsgBlockData.create({ beaconSignature: new Uint8Array(BEACON_SIGNATURE), votes: Array.from({ length: validators }, () => vote) })));
}

/** One line on the first thing that is wrong, or undefined. */
export function genesisFault(params: ConsensusParams | undefined, initialHeight: bigint, validators: number): string | undefined {
  const maxBytes = params?.block?.maxBytes ?? 0n;
  const least = 2n * largestBlockData(validators);
  if (maxBytes !== UNLIMITED && maxBytes < least) {
    return `consensus_params.block.max_bytes: got ${maxBytes}, want at least ${least}: twice the largest transaction 0 of ${validators} validators`;
  }
  const enabled = params?.abci?.voteExtensionsEnableHeight ?? 0n;
  if (enabled !== initialHeight) return `consensus_params.abci.vote_extensions_enable_height: got ${enabled}, want the initial height ${initialHeight}: verdicts travel in vote extensions from the first block on`;
  return undefined;
}
