/** What CometBFT's own part of a genesis must say for this application to run on it (protocol section 11). */
import { paramsFault } from "#modules/consensus/index.js";
import type { ConsensusParams } from "#proto/gen/tendermint/types/params.js";

export interface GenesisFacts {
  readonly initialHeight: bigint;
  /** who signs the first block */
  readonly validators: number;
  /** of staking: how many there may be */
  readonly maxValidators: number;
}

/** One line on the first thing that is wrong, or undefined. */
export function genesisFault(params: ConsensusParams, { initialHeight, validators, maxValidators }: GenesisFacts): string | undefined {
  const at = (fault: string | undefined): string | undefined => fault && `consensus_params.${fault}`;
  const own = at(paramsFault(params, validators));
  if (own) return own;
  // Who is not there yet may come at any time.
  const later = at(paramsFault(params, maxValidators));
  if (later) return `${later}, as app_state.staking.params.max_validators allows; change the one or the other`;
  const enabled = params.abci?.voteExtensionsEnableHeight ?? 0n;
  if (enabled !== initialHeight) return `consensus_params.abci.vote_extensions_enable_height: got ${enabled}, want the initial height ${initialHeight}: verdicts travel in vote extensions from the first block on`;
  return undefined;
}
