/** What `feegrant` needs of other modules and offers. */
import type { Amount } from "#kernel/coin-list.js";
import type { Context } from "#kernel/context.js";

export interface FeegrantPorts {
  /** makes the grantee's account when it is new */
  readonly auth: { ensure(ctx: Context, address: string): unknown };
}

/** A transaction's fee that somebody else is to pay. */
export interface Spent {
  readonly granter: string;
  readonly grantee: string;
  /** positive, ascending by denomination */
  readonly fee: readonly Amount[];
  readonly messages: readonly { readonly typeUrl: string }[];
}

export interface FeegrantKeeper {
  /** Takes a fee off what the granter allows. Throws when it allows less, or nothing. */
  use(ctx: Context, spent: Spent): void;
}
