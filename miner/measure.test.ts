import "#platform/install.js";
import { oneGroup } from "#engine/quanta.js";
import test from "ava";
import { LENET, planOf } from "#engine/testing/models.js";
import { flop } from "#engine/topology/index.js";
import { bitsOf } from "#protocol/floats.js";
import { largestMap } from "#protocol/tasks/task-spec.js";
import { bench, seatsOfAll } from "./bench.js";
import { measure } from "./measure.js";
import { offeredMemory, seatsOf } from "./seats.js";

test("iterations are run and timed for as long as was asked, on the host that was asked for", async (t) => {
  const plan = planOf(LENET);
  const m = await measure(plan, { loss: "softmaxCrossEntropy", batch: 4, lrBits: bitsOf(0.1), quanta: oneGroup(plan, -8), milliseconds: 20, host: "wasm" });
  t.is(m.host, "wasm");
  t.true(m.iterationsPerSecond > 0);
  t.is(m.samplesPerSecond, m.iterationsPerSecond * 4);
  t.is(m.gigaflopPerSecond, (m.iterationsPerSecond * Number(flop(plan, 4))) / 1e9);
  t.true(m.medianMapBytes > 1 && m.medianMapBytes <= largestMap([{ size: plan.parameters, levels: 1 }]));
});

test("a seat takes ten GFLOP/s of every core but one, and a process's memory of half the machine's", (t) => {
  const GiB = 2 ** 30;
  t.is(offeredMemory(16 * GiB), 8n << 30n);
  t.deepEqual(seatsOf({ cores: 4, memoryBytes: 8 * GiB }, { gigaflopPerSecond: 39.9, peakBytes: GiB / 8 }), { byCompute: 11, byMemory: 64, seats: 11 });
  t.deepEqual(seatsOf({ cores: 4, memoryBytes: 8 * GiB }, { gigaflopPerSecond: 39.9, peakBytes: GiB }), { byCompute: 11, byMemory: 8, seats: 8 });
  t.is(seatsOf({ cores: 1, memoryBytes: GiB }, { gigaflopPerSecond: 25, peakBytes: GiB / 8 }).seats, 2, "one core is not left idle");
  t.is(seatsOf({ cores: 2, memoryBytes: GiB }, { gigaflopPerSecond: 9.9, peakBytes: GiB / 8 }).seats, 0, "too slow for the pace that the defaults assume");
});

test("a machine's seats are those of its slowest model, on that model's faster host", (t) => {
  t.is(seatsOfAll([{ model: "a", seats: 9 }, { model: "a", seats: 12 }, { model: "b", seats: 3 }, { model: "b", seats: 7 }]), 7);
});

test("the bench measures every reference model, in a process each", async (t) => {
  const told: string[] = [];
  const b = await bench((what) => told.push(what), 30);
  t.true(b.rows.filter((r) => r.host === "wasm").length >= 2);
  for (const r of b.rows) {
    t.true(r.peakBytes > 16 * 2 ** 20, r.title);
    t.is(r.seats, Math.min(r.byCompute, r.byMemory));
    t.is(r.iterationBlocks, 1);
  }
  t.true(told.length >= b.rows.length);
});
