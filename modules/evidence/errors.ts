/** The Cosmos SDK's own errors of `evidence`. */
import { defineError } from "#kernel/errors.js";

export const evidenceErrors = {
  noHandler: defineError("evidence", 2, "unregistered handler for evidence type"),
  invalid: defineError("evidence", 3, "invalid evidence"),
  exists: defineError("evidence", 5, "evidence already exists"),
};
