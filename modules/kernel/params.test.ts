/** What every parameter must satisfy, by the modules that have them: each named when it is wrong. */
import test from "ava";
import { params as ofWork } from "#modules/work/params.js";
import { params as tasks } from "#modules/tasks/params.js";
import { params as supervision } from "#modules/supervision/params.js";
import { params as workers } from "#modules/workers/params.js";
import { params as staking } from "#modules/staking/params.js";

const work = { ...ofWork.defaults, target0: new Uint8Array(32).fill(1) };

test("parameters are within their ranges, each named when it is not", (t) => {
  t.is(supervision.fault(supervision.defaults), undefined);
  t.is(tasks.fault(tasks.defaults), undefined);
  t.is(ofWork.fault(work), undefined);
  t.is(supervision.fault({ ...supervision.defaults, slashStall: -5 }), "slash_stall: got -5, want 0 to 1000000 parts per million");
  t.is(supervision.fault({ ...supervision.defaults, slashStall: 4_294_967_291 }), "slash_stall: got 4294967291, want 0 to 1000000 parts per million");
  t.is(supervision.fault({ ...supervision.defaults, slashStall: 0.5 }), "slash_stall: got 0.5, want 0 to 1000000 parts per million");
  t.regex(ofWork.fault({ ...work, maxOpenJobs: -1 }) ?? "", /^max_open_jobs: got -1, want 1 to 65536/);
  t.regex(tasks.fault({ ...tasks.defaults, maxSupervisors: -3 }) ?? "", /^max_supervisors: got -3/);
  t.regex(tasks.fault({ ...tasks.defaults, maxSupervisors: 4 }) ?? "", /^max_supervisors: got 4, want an odd number/);
  t.regex(tasks.fault({ ...tasks.defaults, maxRedraws: 1e9 }) ?? "", /^max_redraws: got 1000000000, want 0 to 100/);
  t.regex(tasks.fault({ ...tasks.defaults, minersShare: 700_001 }) ?? "", /shares.*add up to 1000001, want 1000000/);
  t.regex(ofWork.fault({ ...work, reward0: 1n << 62n }) ?? "", /^reward0: got \d+, want 0 to/);
  t.regex(ofWork.fault({ ...work, target0: new Uint8Array(32) }) ?? "", /^target0: is 0/);
  t.regex(workers.fault({ ...workers.defaults, minSeatStake: 0n }) ?? "", /^min_seat_stake: got 0, want 1 to/);
  t.is(staking.fault(staking.defaults), undefined);
  t.is(staking.fault({ ...staking.defaults, bondDenom: "X" }), "bond_denom: invalid denom: X");
  t.is(staking.fault({ ...staking.defaults, maxValidators: 0 }), "max_validators: max validators must be positive: 0");
});
