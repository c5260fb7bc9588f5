/** The Cosmos SDK's own errors of `slashing`. */
import { defineError } from "#kernel/errors.js";

const error = (code: number, text: string) => defineError("slashing", code, text);

export const slashingErrors = {
  noValidator: error(2, "address is not associated with any known validator"),
  jailed: error(4, "validator still jailed; cannot be unjailed"),
  notJailed: error(5, "validator not jailed; cannot be unjailed"),
  noSelfDelegation: error(6, "validator has no self-delegation; cannot be unjailed"),
  selfDelegationTooLow: error(7, "validator's self delegation less than minimum; cannot be unjailed"),
};
