/** What CometBFT's own part of a genesis must say for this application to run on it (protocol section 11). */
import { type ConsensusParams } from "cosmjs-types/tendermint/types/params";
import { largestBlockData, UNLIMITED } from "../block/limits.js";

/** One line on the first thing that is wrong, or undefined. */
export function genesisFault(params: ConsensusParams | undefined, initialHeight: bigint, validators: number): string | undefined {
  const maxBytes = params?.block?.maxBytes ?? 0n;
  const least = 2n * largestBlockData(validators);
  if (maxBytes !== UNLIMITED && maxBytes < least) {
    return `consensus_params.block.max_bytes: got ${maxBytes}, want at least ${least}: twice the largest transaction 0 of ${validators} validators`;
  }
  const maxGas = params?.block?.maxGas ?? 0n;
  if (maxGas !== UNLIMITED && maxGas < 1n) return `consensus_params.block.max_gas: got ${maxGas}, want the gas of a whole block, or ${UNLIMITED} for no limit`;
  const enabled = params?.abci?.voteExtensionsEnableHeight ?? 0n;
  if (enabled !== initialHeight) return `consensus_params.abci.vote_extensions_enable_height: got ${enabled}, want the initial height ${initialHeight}: verdicts travel in vote extensions from the first block on`;
  return undefined;
}
