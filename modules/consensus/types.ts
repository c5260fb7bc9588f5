/** What `consensus` needs of other modules and offers. */
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import type { ConsensusParams } from "#proto/gen/tendermint/types/params.js";

export interface ConsensusPorts {
  readonly staking: {
    params(view: View): { readonly maxValidators: number };
    /** who signs, as the engine was last told */
    members(view: View): readonly unknown[];
  };
}

export interface ConsensusKeeper {
  /** As the engine applies them from the next block on. Throws before they were begun with. */
  params(view: View): ConsensusParams;
  /** Of the engine's genesis, or of a state of before this module. */
  begin(ctx: Context, params: ConsensusParams): void;
  /** Whether `begin` was called. */
  begun(view: View): boolean;
  /** The most validators whose transaction 0 blocks have room for. */
  mostValidators(view: View): number;
}
