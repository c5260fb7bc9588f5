/** Fees up to a limit in each period: x/feegrant/periodic_fee.go of the Cosmos SDK. */
import { readCoins, subtract, wireCoin } from "#kernel/coin-list.js";
import { sdk } from "#kernel/errors.js";
import { instantOf, nanosecondsOf } from "#kernel/time.js";
import { BasicAllowance, PeriodicAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/feegrant.js";
import type { Duration } from "#proto/gen/google/protobuf/duration.js";
import { feegrantErrors } from "../errors.js";
import type { Allowance } from "./allowance.js";
import { checkBasic, checkedCoins, expiresNs, readable } from "./basic.js";

/** Go's zero time, which stands for an instant that was left out. */
const ZERO_TIME = { seconds: -62_135_596_800n, nanos: 0 };
const MAX_NS = (1n << 63n) - 1n;

/** Go keeps a length of time in 64 bits of nanoseconds. */
function readableDuration({ seconds, nanos }: Duration): void {
  const ns = seconds * 1_000_000_000n + BigInt(nanos);
  const signs = (seconds < 0n && nanos > 0) || (seconds > 0n && nanos < 0);
  if (signs || nanos <= -1_000_000_000 || nanos >= 1_000_000_000 || ns > MAX_NS || ns < -MAX_NS - 1n) throw new Error("period is no length of time below 292 years");
}

export function periodic(given: PeriodicAllowance): Allowance {
  const { basic = BasicAllowance.create(), period = { seconds: 0n, nanos: 0 }, periodReset = ZERO_TIME } = given;
  const a = { ...given, basic, period, periodReset };
  readable(basic.expiration, "basic.expiration");
  readable(periodReset, "period_reset");
  readableDuration(period);

  /** What may be spent until when, once a period that is over has made way for the next. */
  function present(nowNs: bigint): Pick<PeriodicAllowance, "periodCanSpend" | "periodReset"> {
    const resetNs = nanosecondsOf(periodReset);
    if (nowNs < resetNs) return a;
    const limit = readCoins(basic.spendLimit) ?? [];
    const tooMuch = limit.length > 0 && subtract(limit, readCoins(a.periodSpendLimit) ?? []) === undefined;
    const lengthNs = nanosecondsOf(period);
    // At the same time of each period, but for who was idle for longer than one.
    const next = resetNs + lengthNs;
    return { periodCanSpend: tooMuch ? basic.spendLimit : a.periodSpendLimit, periodReset: instantOf(nowNs > next ? nowNs + lengthNs : next) };
  }

  return {
    check() {
      checkBasic(basic);
      const spend = checkedCoins(a.periodSpendLimit, "spend");
      if (spend.length === 0) throw sdk.invalidCoins("spend limit must be positive");
      checkedCoins(a.periodCanSpend, "can spend");
      if (basic.spendLimit.length > 0 && spend.some((c) => basic.spendLimit.every(({ denom }) => denom !== c.denom))) {
        throw sdk.invalidCoins("period spend limit has different currency than basic spend limit");
      }
      if (nanosecondsOf(period) < 0n) throw feegrantErrors.invalidDuration("negative clock step");
    },
    expiresNs: expiresNs(basic),
    accept(ctx, { coins }) {
      const { timeNs } = ctx.block;
      const end = expiresNs(basic);
      if (end !== undefined && end < timeNs) throw feegrantErrors.expired("absolute limit");
      const { periodCanSpend, periodReset: reset } = present(timeNs);
      const can = subtract(readCoins(periodCanSpend) ?? [], coins);
      if (!can) throw feegrantErrors.limitExceeded("period limit");
      const next = { ...a, periodCanSpend: can.map(wireCoin), periodReset: reset };
      if (basic.spendLimit.length === 0) return periodic(next);
      const left = subtract(readCoins(basic.spendLimit) ?? [], coins);
      if (!left) throw feegrantErrors.limitExceeded("absolute limit");
      return left.length === 0 ? undefined : periodic({ ...next, basic: { ...basic, spendLimit: left.map(wireCoin) } });
    },
    encode: () => ({ typeUrl: PeriodicAllowance.typeUrl, value: PeriodicAllowance.encode(a) }),
  };
}
