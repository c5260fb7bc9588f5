/** Events of the transaction itself, as the Cosmos SDK has them: by `tx` and `message` transactions are found. */
import { defineEvent } from "#kernel/events.js";

export const txEvents = {
  fee: defineEvent("tx", "fee", "fee_payer"),
  sequence: defineEvent("tx", "acc_seq"),
  signature: defineEvent("tx", "signature"),
  message: defineEvent("message", "action", "sender", "module"),
};
