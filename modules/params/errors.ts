import { defineError } from "#kernel/errors.js";

export const paramsErrors = {
  invalid: defineError("params", 2, "chain parameters are out of range"),
};
