/** Errors of `workers`. Code 1 is not used. */
import { defineError } from "#kernel/errors.js";

export const workersErrors = {
  registered: defineError("workers", 2, "the worker is registered already"),
  unknown: defineError("workers", 3, "no worker has this address"),
  badRole: defineError("workers", 4, "roles are miner, supervisor and evaluator"),
  badField: defineError("workers", 5, "a field of the worker is out of range"),
  wrongDenom: defineError("workers", 6, "amounts are in the chain's own denomination"),
  notFree: defineError("workers", 7, "more than the worker's free stake"),
};
