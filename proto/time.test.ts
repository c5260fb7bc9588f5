import test from "ava";
import { Params } from "./gen/cosmos/staking/v1beta1/staking.js";
import { fromJson, toJson } from "./json.js";
import { durationText, parseDuration, parseTimestamp, timestampText } from "./time.js";

test("times and lengths of time are text in JSON, as the gateway writes them", (t) => {
  for (const text of ["2026-01-31T12:00:00Z", "1970-01-01T00:00:00.000000001Z", "0001-01-01T00:00:00Z", "2026-01-31T12:00:00.5Z"]) t.is(timestampText(parseTimestamp(text)), text);
  for (const text of ["1814400s", "0s", "1.500s", "-3.000000001s"]) t.is(durationText(parseDuration(text)), text);
  t.throws(() => parseTimestamp("2026-13-31T12:00:00Z"), { message: /want a time such as/ });
  t.throws(() => parseDuration("3 weeks"), { message: /want a length of time such as/ });
  t.throws(() => timestampText({ seconds: 1n << 60n, nanos: 0 }), { message: /no time of the years/ });
});

test("decimal numbers have their point in JSON, and none on the wire", (t) => {
  const params = Params.create({ unbondingTime: { seconds: 1_814_400n, nanos: 0 }, maxValidators: 100, bondDenom: "u", minCommissionRate: "50000000000000000" });
  const json = toJson(Params, params) as Record<string, unknown>;
  t.like(json, { unbonding_time: "1814400s", min_commission_rate: "0.050000000000000000" });
  t.deepEqual(fromJson(Params, json), params);
  t.throws(() => fromJson(Params, { min_commission_rate: "a tenth" }), { message: /^min_commission_rate: got "a tenth", want a decimal number/ });
});
