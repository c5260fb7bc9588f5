/** What `staking` keeps, needs of other modules and offers. Operators are accounts here; the SDK's valoper addresses are made at the edge. */
import { type AccountDeclaration, defineAccounts, type ModuleBank } from "#kernel/accounts.js";
import type { Context } from "#kernel/context.js";
import type { Dec } from "#kernel/dec.js";
import type { View } from "#kernel/store.js";
import { BondStatus, type Description, type Params } from "#proto/gen/cosmos/staking/v1beta1/staking.js";

export { BondStatus };

/** Stake of those who sign, and all other: of validators who do not, and on its way back to delegators. */
export const BONDED = "bonded_tokens_pool";
export const NOT_BONDED = "not_bonded_tokens_pool";
export const stakingAccounts = defineAccounts({ name: BONDED, may: ["burn", "stake"] }, { name: NOT_BONDED, may: ["burn", "stake"] });

/** Base units of stake that make one unit of power. */
export const POWER_REDUCTION = 1_000_000n;

export interface Commission {
  readonly rate: Dec;
  readonly maxRate: Dec;
  readonly maxChangeRate: Dec;
  /** nanoseconds since 1970 */
  readonly updatedNs: bigint;
}

export interface Validator {
  /** bech32 account */
  readonly operator: string;
  /** ed25519, 32 bytes */
  readonly consensusKey: Uint8Array;
  readonly jailed: boolean;
  readonly status: BondStatus;
  /** base units */
  readonly tokens: bigint;
  readonly shares: Dec;
  readonly description: Description;
  readonly unbondingHeight: bigint;
  /** nanoseconds since 1970; of a validator that never unbonded, 0 */
  readonly unbondingNs: bigint;
  readonly commission: Commission;
  readonly minSelfDelegation: bigint;
  readonly unbondingIds: readonly bigint[];
}

export interface Delegation {
  readonly delegator: string;
  readonly operator: string;
  readonly shares: Dec;
}

/** One taking back of stake. */
export interface UnbondingEntry {
  readonly height: bigint;
  readonly endNs: bigint;
  readonly initial: bigint;
  readonly balance: bigint;
  readonly id: bigint;
}
export interface Unbonding {
  readonly delegator: string;
  readonly operator: string;
  readonly entries: readonly UnbondingEntry[];
}

/** One move of stake. */
export interface RedelegationEntry {
  readonly height: bigint;
  readonly endNs: bigint;
  readonly initial: bigint;
  readonly shares: Dec;
  readonly id: bigint;
}
export interface Redelegation {
  readonly delegator: string;
  readonly from: string;
  readonly to: string;
  readonly entries: readonly RedelegationEntry[];
}

/** A validator's place in the set of one height. */
export interface Member {
  /** bech32 account */
  readonly operator: string;
  /** ed25519, 32 bytes */
  readonly consensusKey: Uint8Array;
  /** the first 20 bytes of the key's SHA-256 */
  readonly consensusAddress: Uint8Array;
  readonly power: bigint;
}

/** What other modules do when stake changes, in the Cosmos SDK's terms. */
export interface StakingHooks {
  afterValidatorCreated?(ctx: Context, operator: string): void;
  beforeValidatorModified?(ctx: Context, operator: string): void;
  afterValidatorRemoved?(ctx: Context, consensusAddress: Uint8Array, operator: string): void;
  afterValidatorBonded?(ctx: Context, consensusAddress: Uint8Array, operator: string): void;
  afterValidatorBeginsUnbonding?(ctx: Context, consensusAddress: Uint8Array, operator: string): void;
  beforeDelegationCreated?(ctx: Context, delegator: string, operator: string): void;
  beforeSharesModified?(ctx: Context, delegator: string, operator: string): void;
  beforeDelegationRemoved?(ctx: Context, delegator: string, operator: string): void;
  afterDelegationModified?(ctx: Context, delegator: string, operator: string): void;
  beforeValidatorSlashed?(ctx: Context, operator: string, fraction: Dec): void;
}

export interface StakingPorts {
  readonly distribution: { readonly hooks: Required<Pick<StakingHooks, "afterValidatorCreated" | "afterValidatorRemoved" | "beforeDelegationCreated" | "beforeSharesModified" | "afterDelegationModified" | "beforeValidatorSlashed">> };
  readonly slashing: {
    /** a validator begins to sign */
    bonded(ctx: Context, consensusAddress: Uint8Array): void;
    /** who signed twice with this key: it never signs again */
    isTombstoned(view: View, consensusAddress: Uint8Array): boolean;
  };
  readonly gov: { /** a proposal that is being counted, over several blocks, with this account's vote */ countedVoteOf(ctx: Context, account: string): bigint | undefined };
  readonly bank: ModuleBank<typeof stakingAccounts>;
  /** of all modules: who the authority of parameters is */
  readonly accounts: readonly AccountDeclaration[];
  readonly consensus: { /** whose transaction 0 blocks have room for */ mostValidators(view: View): number };
  /** whether the operator's validator has a key that it can sign the beacon with now */
  readonly beacon: { has(view: View, operator: string): boolean; /** a validator that is gone */ forget(ctx: Context, operator: string): void };
}

export interface StakingKeeper {
  params(view: View): Params;
  /** ascending by raw operator address */
  all(view: View): readonly Validator[];
  byOperator(view: View, operator: string): Validator | undefined;
  byConsensusAddress(view: View, address: Uint8Array): Validator | undefined;
  delegation(view: View, delegator: string, operator: string): Delegation | undefined;
  /** Ascending by raw operator address; behind the one to `after`, at most `limit`. */
  delegationsOf(view: View, delegator: string, after?: string, limit?: number): readonly Delegation[];
  delegationsTo(view: View, operator: string): readonly Delegation[];
  /** Who signs from the block after the next on, as the engine was last told; ascending by raw operator address. */
  members(view: View): readonly Member[];
  /** of all members */
  totalPower(view: View): bigint;
  /** Operators of the validators that are bonded, ascending by raw address. */
  bonded(view: View): readonly string[];
  /** Base units of all bonded validators, which are what their pool holds. */
  bondedTokens(view: View): bigint;
  /** Throws staking's error where there is none. */
  mustValidator(view: View, operator: string): Validator;
  mustDelegation(view: View, delegator: string, operator: string): Delegation;
  /**
   * Takes a part of the stake that a validator had at a height: of the validator, and of who took back or moved stake since.
   * Answers the base units that were burned of the validator's own. Throws for a height that lies ahead.
   */
  slash(ctx: Context, consensusAddress: Uint8Array, height: bigint, power: bigint, fraction: Dec): bigint;
  /** Throws when it is jailed already. */
  jail(ctx: Context, consensusAddress: Uint8Array): void;
  /** Throws when it is not jailed. */
  unjail(ctx: Context, consensusAddress: Uint8Array): void;
}
