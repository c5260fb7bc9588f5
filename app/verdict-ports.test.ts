import test from "ava";
import { evidenceTimeoutMs } from "./verdict-ports.js";

test("a verifier has evidence_timeout blocks for the evidence, and never less than five seconds", (t) => {
  t.is(evidenceTimeoutMs(20n, 1_000), 20_000n);
  t.is(evidenceTimeoutMs(20n, 999.4), 20_000n);
  t.is(evidenceTimeoutMs(20n, 100), 5_000n);
  t.is(evidenceTimeoutMs(1n, 1_000), 5_000n);
});
