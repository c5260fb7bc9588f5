/** The kinds of allowances that there are, and one as an Any holds it. */
import { sdk } from "#kernel/errors.js";
import { AllowedMsgAllowance, BasicAllowance, PeriodicAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/feegrant.js";
import type { Any } from "#proto/gen/google/protobuf/any.js";
import { type Codec, decodeCanonical } from "#proto/wire.js";
import type { Allowance } from "./allowance.js";
import { basic } from "./basic.js";
import { filtered } from "./filtered.js";
import { periodic } from "./periodic.js";

export type { Allowance } from "./allowance.js";

/** For JSON of an Any. */
export const allowanceTypes = [BasicAllowance, PeriodicAllowance, AllowedMsgAllowance] as readonly unknown[] as readonly Codec<unknown>[];

/** Allowances within allowances: only the stack's size, which is each node's own, would end it otherwise. */
const MAX_DEPTH = 8;

/** Throws sdk.txDecode for what is none. */
export const readAllowance = (any: Any): Allowance => read(any, 1);

function read({ typeUrl, value }: Any, depth: number): Allowance {
  if (depth > MAX_DEPTH) throw sdk.txDecode(`allowances within allowances deeper than ${MAX_DEPTH}`);
  const parse = <T>(codec: Codec<T>): T => decodeCanonical(codec, value);
  try {
    switch (typeUrl) {
      case BasicAllowance.typeUrl:
        return basic(parse(BasicAllowance));
      case PeriodicAllowance.typeUrl:
        return periodic(parse(PeriodicAllowance));
      case AllowedMsgAllowance.typeUrl:
        return filtered(parse(AllowedMsgAllowance), (inner) => read(inner, depth + 1));
    }
  } catch (e) {
    if (e instanceof Error && e.name === "ModuleError") throw e;
    throw sdk.txDecode(`${typeUrl}: ${(e as Error).message}`);
  }
  throw sdk.txDecode(`no concrete type registered for type URL ${typeUrl.slice(0, 100)} against interface *feegrant.FeeAllowanceI`);
}
