/** The Cosmos SDK's own errors of `distribution`. */
import { defineError } from "#kernel/errors.js";

const error = (code: number, text: string) => defineError("distribution", code, text);

export const distributionErrors = {
  noDelegationInfo: error(5, "no delegation distribution info"),
  noCommission: error(7, "no validator commission to withdraw"),
  withdrawAddressDisabled: error(8, "set withdraw address disabled"),
  poolTooSmall: error(9, "community pool does not have sufficient coins to distribute"),
};
