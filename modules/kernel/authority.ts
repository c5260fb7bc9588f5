/** Who changes parameters: the account of governance, and nobody else. */
import type { Context } from "./context.js";
import { defineError } from "./errors.js";

/** The account that proposals act by. */
export const AUTHORITY = "gov";
export const invalidSigner = defineError("gov", 13, "expected gov account as only signer for proposal message");

/** Throws where a message that only governance may send has another sender. */
export function checkAuthority({ addresses }: Context, given: string): void {
  const authority = addresses.module(AUTHORITY);
  if (given !== authority) throw invalidSigner(`invalid authority; expected ${authority}, got ${given}`);
}
