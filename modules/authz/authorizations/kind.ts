/** How one kind of authorisation decides. */
import type { Context } from "#kernel/context.js";
import type { Codec } from "#proto/wire.js";

/** A message that somebody wants to run in the granter's name. */
export interface Wanted {
  readonly typeUrl: string;
  readonly message: unknown;
}

/** What becomes of an authorisation that was used. */
export type Outcome<T> = "kept" | "used up" | { readonly updated: T };

export interface AuthorizationKind<T> {
  readonly codec: Codec<T>;
  /** What no implementation in Go could have read: one line. */
  unreadable?(a: T): string | undefined;
  /** Throws what is not to be granted. */
  check(a: T): void;
  /** Which messages it is for. */
  messageType(a: T): string;
  /** Throws what it does not allow. */
  accept(ctx: Context, a: T, wanted: Wanted): Outcome<T>;
}
