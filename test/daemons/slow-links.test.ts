import "#platform/install.js";
import test from "ava";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { describe, overSlowLinks } from "./slow-links.js";

test.serial("verifiers that fetch a log over links of 5 Mbit/s for longer than evidence_timeout say VALID", async (t) => {
  const got = await overSlowLinks(6 << 20, 2, 3_000);
  t.log(describe(got));
  t.deepEqual(got.verdicts.map((v) => [v.code, v.detail.slice(0, 6)]), got.verdicts.map(() => [VerdictCode.VERDICT_VALID, "slot 1"]));
  t.true(got.seconds > 3);
});
