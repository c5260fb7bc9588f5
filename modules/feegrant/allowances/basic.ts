/** Fees up to a limit: x/feegrant/basic_fee.go of the Cosmos SDK. */
import { type Amount, givenText, readCoins, subtract, wireCoin, type WireCoin } from "#kernel/coin-list.js";
import { sdk } from "#kernel/errors.js";
import { isInstant, nanosecondsOf } from "#kernel/time.js";
import { BasicAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/feegrant.js";
import type { Timestamp } from "#proto/gen/google/protobuf/timestamp.js";
import { feegrantErrors } from "../errors.js";
import type { Allowance } from "./allowance.js";

/** Throws what the SDK says of a list that is none: out of order, or with an amount that is not positive. */
export function checkedCoins(list: readonly WireCoin[], what: string): readonly Amount[] {
  const coins = readCoins(list);
  if (!coins || coins.some((c) => c.amount === 0n)) throw sdk.invalidCoins(`${what} amount is invalid: ${givenText(list)}`);
  return coins;
}

/** Throws for what no implementation in Go could have read. */
export function readable(t: Timestamp | undefined, field: string): void {
  if (t && !isInstant(t)) throw new Error(`${field} is no time of the years 1 to 9999`);
}

export function checkBasic({ spendLimit, expiration }: BasicAllowance): void {
  checkedCoins(spendLimit, "send");
  if (expiration && expiration.seconds < 0n) throw feegrantErrors.invalidDuration("expiration time cannot be negative");
}

export const expiresNs = ({ expiration }: BasicAllowance): bigint | undefined => expiration && nanosecondsOf(expiration);

export function basic(a: BasicAllowance): Allowance {
  readable(a.expiration, "expiration");
  return {
    check: () => checkBasic(a),
    expiresNs: expiresNs(a),
    accept(ctx, { coins }) {
      const end = expiresNs(a);
      if (end !== undefined && end < ctx.block.timeNs) throw feegrantErrors.expired("basic allowance");
      if (a.spendLimit.length === 0) return basic(a);
      const left = subtract(readCoins(a.spendLimit) ?? [], coins);
      if (!left) throw feegrantErrors.limitExceeded("basic allowance");
      return left.length === 0 ? undefined : basic({ ...a, spendLimit: left.map(wireCoin) });
    },
    encode: () => ({ typeUrl: BasicAllowance.typeUrl, value: BasicAllowance.encode(a) }),
  };
}
