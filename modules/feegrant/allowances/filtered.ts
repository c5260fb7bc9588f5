/** Fees of transactions that hold messages of certain types only: x/feegrant/filtered_fee.go of the Cosmos SDK. */
import type { Context } from "#kernel/context.js";
import { AllowedMsgAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/feegrant.js";
import type { Any } from "#proto/gen/google/protobuf/any.js";
import { feegrantErrors } from "../errors.js";
import type { Allowance, Fee } from "./allowance.js";

const GAS_PER_MESSAGE = 10n;

/** `read` reads the allowance within it. */
export function filtered(a: AllowedMsgAllowance, read: (any: Any) => Allowance): Allowance {
  const inner = a.allowance && read(a.allowance);
  const must = (): Allowance => {
    if (!inner) throw feegrantErrors.noAllowance("failed to get allowance");
    return inner;
  };
  const allows = (ctx: Context, { messages }: Fee): boolean => {
    const allowed = new Set<string>();
    for (const typeUrl of a.allowedMessages) {
      ctx.gas.consume(GAS_PER_MESSAGE, "check msg");
      allowed.add(typeUrl);
    }
    return messages.every(({ typeUrl }) => {
      ctx.gas.consume(GAS_PER_MESSAGE, "check msg");
      return allowed.has(typeUrl);
    });
  };
  return {
    check() {
      if (!inner) throw feegrantErrors.noAllowance("allowance should not be empty");
      if (a.allowedMessages.length === 0) throw feegrantErrors.noMessages("allowed messages shouldn't be empty");
      inner.check();
    },
    expiresNs: inner?.expiresNs,
    accept(ctx, fee) {
      if (!allows(ctx, fee)) throw feegrantErrors.messageNotAllowed("message does not exist in allowed messages");
      const left = must().accept(ctx, fee);
      return left && filtered({ ...a, allowance: left.encode() }, read);
    },
    encode: () => ({ typeUrl: AllowedMsgAllowance.typeUrl, value: AllowedMsgAllowance.encode(a) }),
  };
}
