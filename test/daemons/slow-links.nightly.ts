import "#platform/install.js";
import test from "ava";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { describe, overSlowLinks } from "./slow-links.js";

test.serial("four verifiers that fetch a log of 100 MiB over links of 5 Mbit/s say VALID", async (t) => {
  t.timeout(30 * 60_000);
  const got = await overSlowLinks(100 << 20, 4, 20_000);
  t.log(describe(got));
  t.deepEqual(got.verdicts.map((v) => v.code), got.verdicts.map(() => VerdictCode.VERDICT_VALID));
  t.true(got.seconds > 60);
});
