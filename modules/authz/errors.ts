/** The Cosmos SDK's own errors of `authz`. */
import { defineError, ModuleError } from "#kernel/errors.js";

const error = (code: number, text: string) => defineError("authz", code, text);

export const authzErrors = {
  noAuthorization: error(2, "authorization not found"),
  expirationPast: error(3, "expiration time of authorization should be more than current time"),
  unknownType: error(4, "unknown authorization type"),
  noGrantKey: error(5, "grant key not found"),
  expired: error(6, "authorization expired"),
  granteeIsGranter: error(7, "grantee and granter should be different"),
  signers: error(9, "authorization can be given to msg with only one signer"),
  negativeMaxTokens: error(12, "max tokens should be positive"),
  // of the bank, whose authorisation is read here
  duplicateEntry: defineError("bank", 8, "duplicate entry"),
};

/** What the Cosmos SDK refuses without a code, with its text alone. */
export const uncoded = (text: string): ModuleError => new ModuleError("undefined", 1, text);
