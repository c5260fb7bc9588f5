/** What every kind of allowance answers. */
import type { Amount } from "#kernel/coin-list.js";
import type { Context } from "#kernel/context.js";
import type { Any } from "#proto/gen/google/protobuf/any.js";

/** A fee, and the messages of the transaction that it is of. */
export interface Fee {
  /** positive, ascending by denomination */
  readonly coins: readonly Amount[];
  readonly messages: readonly { readonly typeUrl: string }[];
}

export interface Allowance {
  /** Throws what is not to be granted. */
  check(): void;
  /** Nanoseconds since 1970; undefined: it never ends. */
  readonly expiresNs: bigint | undefined;
  /** Answers what is left; undefined: nothing. Throws what it does not allow. */
  accept(ctx: Context, fee: Fee): Allowance | undefined;
  /** With all that Go never leaves out. */
  encode(): Any;
}
