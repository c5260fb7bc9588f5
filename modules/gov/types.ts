/** What `gov` keeps, needs of other modules and offers. */
import { type CoinBank, defineAccounts, type ModuleBank } from "#kernel/accounts.js";
import { AUTHORITY } from "#kernel/authority.js";
import type { Context } from "#kernel/context.js";
import type { Dec } from "#kernel/dec.js";
import type { EncodedMessage, MessageRunner } from "#kernel/services.js";
import type { View } from "#kernel/store.js";
import { type Params, ProposalStatus, type TallyResult, VoteOption } from "#proto/gen/cosmos/gov/v1/gov.js";
import type { BondStatus } from "#proto/gen/cosmos/staking/v1beta1/staking.js";
import type { Coins } from "./coins.js";

export { ProposalStatus, VoteOption };

/** Holds deposits, and signs what proposals do. */
export const govAccounts = defineAccounts({ name: AUTHORITY, may: ["burn"] });

/** Whose account has the community pool. */
export const DISTRIBUTION = "distribution";

/** Bytes of a proposal's title and metadata; its summary may have forty times as many. */
export const MAX_METADATA = 255;

export interface Proposal {
  readonly id: bigint;
  readonly messages: readonly EncodedMessage[];
  readonly status: ProposalStatus;
  /** counts in base units; of nothing until it is decided */
  readonly tally: TallyResult;
  /** nanoseconds since 1970, as the next ones */
  readonly submitNs: bigint;
  readonly depositEndNs: bigint;
  readonly deposit: Coins;
  /** absent until voting begins */
  readonly voting?: { readonly startNs: bigint; readonly endNs: bigint } | undefined;
  readonly metadata: string;
  readonly title: string;
  readonly summary: string;
  readonly proposer: string;
  readonly expedited: boolean;
  readonly failedReason: string;
}

/** What is still to be done of a proposal that was decided: its votes go, and its deposits go back, are burned, or stay. */
export interface Closing {
  readonly deposits: "refund" | "burn" | "keep";
  /** the proposal goes with them */
  readonly drop: boolean;
}

/** What a vote weighs in a count. */
interface Voter {
  readonly operator: string;
  readonly shares: Dec;
}

export interface GovPorts {
  readonly bank: ModuleBank<typeof govAccounts> & Pick<CoinBank<typeof govAccounts>, "checkReceiver"> & { supply(view: View, denom?: string): bigint };
  readonly router: MessageRunner;
  readonly distribution: {
    /** From an account to the community pool. Throws sdk.insufficientFunds. */
    fund(ctx: Context, from: string, coins: Coins): void;
  };
  readonly staking: {
    params(view: View): { readonly bondDenom: string };
    members(view: View): readonly { readonly operator: string }[];
    byOperator(view: View, operator: string): { readonly status: BondStatus; readonly jailed: boolean; readonly tokens: bigint; readonly shares: Dec } | undefined;
    bondedTokens(view: View): bigint;
    delegationsOf(view: View, delegator: string, after?: string, limit?: number): readonly Voter[];
  };
}

export interface GovKeeper {
  /** A proposal whose count goes on in the next block and has this account's vote, if there is one: until it is decided the account's stake stays where it is. */
  countedVoteOf(ctx: Context, account: string): bigint | undefined;
  params(view: View): Params;
  proposal(view: View, id: bigint): Proposal | undefined;
}
