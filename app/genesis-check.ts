/** What CometBFT's own part of a genesis must say for this application to run on it (protocol section 11). */
import { type ConsensusParams } from "cosmjs-types/tendermint/types/params";
import { uvarint } from "#protocol/extension.js";
import { largestBlockDataTx } from "./block/block-data.js";

/** CometBFT's word for "as much as there can be" */
const UNLIMITED = -1n;

/** Bytes in a block of a transaction of this length: tag, length, content. */
const wireLength = (length: number): bigint => 1n + BigInt(uvarint(length).length + length);

export const wireSize = (tx: Uint8Array): bigint => wireLength(tx.length);

/** What the largest transaction 0 of a set takes of a block. */
export const largestBlockData = (validators: number): bigint => wireLength(largestBlockDataTx(validators));

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
