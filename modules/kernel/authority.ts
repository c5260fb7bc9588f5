/** Who changes parameters: the account of governance, and nobody else. */
import type { Context } from "./context.js";
import { defineError, sdk } from "./errors.js";
import type { Params } from "./params.js";

/** The account that proposals act by. */
export const AUTHORITY = "gov";
export const invalidSigner = defineError("gov", 13, "expected gov account as only signer for proposal message");

/** Throws where a message that only governance may send has another sender. */
export function checkAuthority({ addresses }: Context, given: string): void {
  const authority = addresses.module(AUTHORITY);
  if (given !== authority) throw invalidSigner(`invalid authority; expected ${authority}, got ${given}`);
}

/** A module's MsgUpdateParams: all of its parameters, and who sets them. */
interface UpdateParams<P> {
  readonly authority: string;
  readonly params?: P | undefined;
}

/**
 * Answers MsgUpdateParams. `change` is given what is about to hold and what holds: it throws for what the state as it is
 * does not allow, and does what follows from the change.
 */
export const updateParams =
  <P>(params: Params<P>, change: (ctx: Context, next: P, now: P) => void = () => {}) =>
  (ctx: Context, { authority, params: next }: UpdateParams<P>): Record<string, never> => {
    checkAuthority(ctx, authority);
    if (!next) throw sdk.invalidRequest("params are missing");
    params.check(next);
    change(ctx, next, params.get(ctx));
    params.set(ctx, next);
    return {};
  };
