/** What `slashing` keeps, needs of other modules and offers. */
import type { Context } from "#kernel/context.js";
import type { Dec } from "#kernel/dec.js";
import type { View } from "#kernel/store.js";
import type { BondStatus } from "#proto/gen/cosmos/staking/v1beta1/staking.js";
import type { Params } from "#proto/gen/cosmos/slashing/v1beta1/slashing.js";

/** How a validator signed of late. */
export interface SigningInfo {
  /** consensus address, 20 bytes */
  readonly address: Uint8Array;
  /** where it was last bonded */
  readonly startHeight: bigint;
  /** blocks that it was to sign since it was last jailed */
  readonly offset: bigint;
  /** nanoseconds since 1970 */
  readonly jailedUntilNs: bigint;
  readonly tombstoned: boolean;
  /** blocks missed in the window */
  readonly missed: bigint;
}

interface Jailable {
  readonly operator: string;
  readonly jailed: boolean;
  readonly status: BondStatus;
  readonly tokens: bigint;
  readonly shares: Dec;
  readonly minSelfDelegation: bigint;
  readonly consensusKey: Uint8Array;
}

export interface SlashingPorts {
  readonly staking: {
    byOperator(view: View, operator: string): Jailable | undefined;
    byConsensusAddress(view: View, address: Uint8Array): Jailable | undefined;
    delegation(view: View, delegator: string, operator: string): { readonly shares: Dec } | undefined;
    slash(ctx: Context, address: Uint8Array, height: bigint, power: bigint, fraction: Dec): bigint;
    jail(ctx: Context, address: Uint8Array): void;
    unjail(ctx: Context, address: Uint8Array): void;
  };
}

export interface SlashingKeeper {
  params(view: View): Params;
  info(view: View, address: Uint8Array): SigningInfo | undefined;
  isTombstoned(view: View, address: Uint8Array): boolean;
  /** For the hook of staking. */
  bonded(ctx: Context, address: Uint8Array): void;
  /**
   * For who signed twice at one height: slashes the stake that it had at `stakeHeight` with this power, jails for ever. The
   * caller knows that it is a validator which has not unbonded, has a signing info and was never tombstoned.
   */
  tombstone(ctx: Context, address: Uint8Array, stakeHeight: bigint, power: bigint): void;
}
