/** The Cosmos SDK's own errors of `feegrant`. */
import { defineError } from "#kernel/errors.js";

const error = (code: number, text: string) => defineError("feegrant", code, text);

export const feegrantErrors = {
  limitExceeded: error(2, "fee limit exceeded"),
  expired: error(3, "fee allowance expired"),
  invalidDuration: error(4, "invalid duration"),
  noAllowance: error(5, "no allowance"),
  noMessages: error(6, "allowed messages are empty"),
  messageNotAllowed: error(7, "message not allowed"),
};
