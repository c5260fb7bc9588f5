/** The Cosmos SDK's own errors of `upgrade`. */
import { defineError } from "#kernel/errors.js";

const error = (code: number, text: string) => defineError("upgrade", code, text);

export const upgradeErrors = {
  noModule: error(2, "module version not found"),
  invalidSigner: error(6, "expected authority account as only signer for proposal message"),
};
