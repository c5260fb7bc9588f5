/** What `evidence` keeps, needs of other modules and offers. */
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import type { Duration } from "#proto/gen/google/protobuf/duration.js";
import type { BondStatus } from "#proto/gen/cosmos/staking/v1beta1/staking.js";

export interface EvidencePorts {
  readonly consensus: { params(view: View): { readonly evidence?: { readonly maxAgeNumBlocks: bigint; readonly maxAgeDuration?: Duration | undefined } | undefined } };
  readonly staking: { byConsensusAddress(view: View, address: Uint8Array): { readonly status: BondStatus } | undefined };
  readonly slashing: {
    info(view: View, address: Uint8Array): { readonly tombstoned: boolean } | undefined;
    /** Slashes the stake of that height, jails for ever. */
    tombstone(ctx: Context, address: Uint8Array, stakeHeight: bigint, power: bigint): void;
  };
}

export interface EvidenceKeeper {
  /** At the beginning of a block: what the engine found. */
  judge(ctx: Context): void;
}
