/** What `distribution` keeps, needs of other modules and offers. */
import { type AccountDeclaration, type CoinBank, defineAccounts, FEE_COLLECTOR, type ModuleBank, type Payer } from "#kernel/accounts.js";
import type { Amount } from "#kernel/coin-list.js";
import type { Context } from "#kernel/context.js";
import type { Dec } from "#kernel/dec.js";
import type { DecCoins } from "#kernel/dec-coins.js";
import type { View } from "#kernel/store.js";
import type { Params } from "#proto/gen/cosmos/distribution/v1beta1/distribution.js";

/** Holds what has been earned and not withdrawn, and the community pool. */
export const DISTRIBUTION = "distribution";
export const distributionAccounts = defineAccounts({ name: DISTRIBUTION, may: [] }, { name: FEE_COLLECTOR, may: [] });

/** What one base unit of a validator's stake has earned up to the end of a period; kept as long as something begins there. */
export interface Historical {
  readonly ratio: DecCoins;
  readonly references: number;
}
/** What a validator's delegators have earned in the period that runs. */
export interface Current {
  readonly rewards: DecCoins;
  readonly period: bigint;
}
/** Where a delegation's reckoning begins: behind a period, with so much stake (base units, with their places). */
export interface Starting {
  readonly period: bigint;
  readonly stake: Dec;
  readonly height: bigint;
}
/** A slash, and the period that ended with it. */
export interface SlashEvent {
  readonly period: bigint;
  readonly fraction: Dec;
}

interface ValidatorStake {
  /** bech32 account */
  readonly operator: string;
  readonly tokens: bigint;
  readonly shares: Dec;
  readonly commission: { readonly rate: Dec };
}
interface DelegationStake {
  readonly delegator: string;
  readonly operator: string;
  readonly shares: Dec;
}

export interface DistributionPorts {
  readonly bank: ModuleBank<typeof distributionAccounts> & CoinBank<typeof distributionAccounts>;
  /** of all modules: they are no place for rewards to go to */
  readonly accounts: readonly AccountDeclaration[];
  readonly staking: {
    params(view: View): { readonly bondDenom: string };
    all(view: View): readonly ValidatorStake[];
    byOperator(view: View, operator: string): ValidatorStake | undefined;
    byConsensusAddress(view: View, address: Uint8Array): ValidatorStake | undefined;
    delegation(view: View, delegator: string, operator: string): DelegationStake | undefined;
    delegationsOf(view: View, delegator: string): readonly DelegationStake[];
    delegationsTo(view: View, operator: string): readonly DelegationStake[];
    /** Throws staking's error where there is none. */
    mustValidator(view: View, operator: string): ValidatorStake;
    mustDelegation(view: View, delegator: string, operator: string): DelegationStake;
  };
}

export interface DistributionKeeper {
  params(view: View): Params;
  communityPool(view: View): DecCoins;
  /**
   * Pays what a validator has earned by its work, in the chain's denomination, out of another module's account: its delegators
   * share it as they share fees. One that is no validator any more has it for itself.
   */
  pay<N extends string>(ctx: Context, bank: Payer<N>, pool: N, operator: string, amount: bigint): void;
  /** From an account to the community pool. Throws sdk.insufficientFunds. */
  fund(ctx: Context, from: string, coins: readonly Amount[]): void;
  /** What staking tells of: x/distribution/keeper/hooks.go of the Cosmos SDK. */
  readonly hooks: {
    afterValidatorCreated(ctx: Context, operator: string): void;
    afterValidatorRemoved(ctx: Context, consensusAddress: Uint8Array, operator: string): void;
    beforeDelegationCreated(ctx: Context, delegator: string, operator: string): void;
    beforeSharesModified(ctx: Context, delegator: string, operator: string): void;
    afterDelegationModified(ctx: Context, delegator: string, operator: string): void;
    beforeValidatorSlashed(ctx: Context, operator: string, fraction: Dec): void;
  };
}
