/** The bank's own codes are the Cosmos SDK's. */
import { defineError } from "#kernel/errors.js";

export const bankErrors = {
  noInputs: defineError("bank", 2, "no inputs to send transaction"),
  noOutputs: defineError("bank", 3, "no outputs to send transaction"),
  inputOutputMismatch: defineError("bank", 4, "sum inputs != sum outputs"),
  sendDisabled: defineError("bank", 5, "send transactions are disabled"),
  multipleSenders: defineError("bank", 9, "multiple senders not allowed"),
};
