import test from "ava";
import { type Params } from "#proto/gen/pouw.js";
import { defaultParams, paramsFault } from "./index.js";

const fault = (change: Partial<Params>): string => paramsFault({ ...defaultParams("upouw"), target0: new Uint8Array(32).fill(1), ...change }) ?? "none";

test("parameters are within their ranges, each named when it is not", (t) => {
  t.is(fault({}), "none");
  t.is(fault({ slashStall: -5 }), "slashStall: got -5, want 0 to 1000000 parts per million");
  t.is(fault({ slashStall: 4_294_967_291 }), "slashStall: got 4294967291, want 0 to 1000000 parts per million");
  t.is(fault({ slashStall: 0.5 }), "slashStall: got 0.5, want 0 to 1000000 parts per million");
  t.regex(fault({ maxOpenJobs: -1 }), /^maxOpenJobs: got -1, want 1 to 65536/);
  t.regex(fault({ maxSupervisors: -3 }), /^maxSupervisors: got -3/);
  t.regex(fault({ maxRedraws: 1e9 }), /^maxRedraws: got 1000000000, want 0 to 100/);
  t.regex(fault({ reward0: 1n << 62n }), /^reward0: got \d+, want 0 to/);
  t.regex(fault({ minSeatStake: 0n }), /^minSeatStake: got 0, want 1 to/);
});
