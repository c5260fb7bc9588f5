/** The compute thread's machine in the tolerant profile: its log taken back by a run of another arithmetic. */
import "#platform/install.js";
import { oneGroup } from "#engine/quanta.js";
import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { createEngine } from "#engine/index.js";
import { createTolerantEngine } from "#engine/tolerant/index.js";
import { planOf } from "#engine/testing/models.js";
import { equalBytes } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { bitsOf, f32From } from "#protocol/floats.js";
import { decodeHeader } from "#protocol/log/header.js";
import { Loss, Task, TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { batchOf, SUBJECTS, type Subject } from "#test/tolerant/runs.js";
import { Compute } from "./compute.js";
import type { ComputeSetup, FromCompute } from "./protocol.js";

await tf.setBackend("cpu");
const s = SUBJECTS[0] as Subject;
const plan = planOf(s.topology);
const options = { loss: s.loss, batchSize: s.batchSize, quanta: oneGroup(plan, s.quantumLog2, s.levels) };
const BATCHES = 6;

function setup(): ComputeSetup {
  const spec = TaskSpec.create({ topology: s.topology, loss: Loss.LOSS_SOFTMAX_CROSS_ENTROPY, batchSize: s.batchSize, epochs: 2, batches: BATCHES, slots: 1, lag: 1, lrBits: bitsOf(Math.fround(s.lr)), quanta: oneGroup(plan, s.quantumLog2, s.levels), runAhead: 1000n, profile: "tf-f32" });
  const batches = Array.from({ length: BATCHES }, (_, i) => ({ ...batchOf(s, i), hash: new Uint8Array(32).fill(i) }));
  return { chainId: "pouw-test-1", task: { ...Task.create({ id: 7n }), spec, startBeacon: new Uint8Array(32).fill(9), startHeight: 100n }, maxParameters: 1 << 20, slots: [0], batches };
}

/** Runs an own message again, with those before it from a residual on. */
function rerun(compute: Compute, made: readonly { seq: bigint; header: Uint8Array; map: Uint8Array }[], seq: bigint, from: bigint, residual: Uint8Array) {
  compute.beginRerun(made.filter((m) => m.seq > from && m.seq <= seq), from === 0n ? undefined : residual);
  for (;;) {
    const done = compute.rerunNext();
    if (done) return done;
  }
}

async function trained(iterations: number) {
  const compute = new Compute(setup(), await createTolerantEngine(tf, plan, s.topology, options), () => 0);
  compute.view(102n, { height: 100n, lowest: -1n }, []);
  const made: Extract<FromCompute, { kind: "iterated" }>[] = [];
  for (let i = 0; i < iterations; i++) made.push(compute.iterate(0));
  return { compute, made };
}

test("every residual is kept, and an own iteration runs again within the bound from the one before", async (t) => {
  const { compute, made } = await trained(6);
  t.true(made.every((m) => m.residual && equalBytes(nodeCrypto.sha256(m.residual), decodeHeader(m.header).residualHash)));
  for (const m of made) {
    const before = made.find((x) => x.seq === m.seq - 1n)?.residual ?? new Uint8Array(0);
    t.true(rerun(compute, made, m.seq, m.seq - 1n, before).agrees, `seq ${m.seq}`);
  }
  t.false(rerun(compute, made, 6n, 4n, made[1]?.residual as Uint8Array).agrees, "from another residual it does not");
});

test("a log that another arithmetic signed is taken back: the maps stay, the residual is within rounding, and only what hashes alike is kept", async (t) => {
  const { made } = await trained(6);
  const again = new Compute(setup(), await createEngine(plan, options), () => 0);
  again.view(102n, { height: 100n, lowest: -1n }, []);
  for (const m of made) {
    const applied = again.apply({ header: m.header, map: m.map });
    if (applied.residual) t.deepEqual(nodeCrypto.sha256(applied.residual), decodeHeader(m.header).residualHash);
  }
  const next = again.iterate(0);
  t.is(next.seq, 7n);
  const { compute } = await trained(6);
  const [a, b] = [f32From(next.residual as Uint8Array), f32From(compute.iterate(0).residual as Uint8Array)];
  a.forEach((v, i) => {
    const d = Math.abs(v - (b[i] as number));
    t.true(d < 1e-6 || Math.abs(d - 2 ** s.quantumLog2) < 1e-6, `entry ${i} is ${d} away`);
  });
});

test("a residual that is kept is where a restart goes on", async (t) => {
  const { compute, made } = await trained(6);
  const again = new Compute(setup(), await createTolerantEngine(tf, plan, s.topology, options), () => 0);
  again.expectResidual(0, 6n);
  for (const m of made) again.restore({ header: m.header, map: m.map }, m.seq === 6n ? m.residual : undefined);
  again.view(102n, { height: 100n, lowest: -1n }, []);
  t.deepEqual(again.iterate(0).header, compute.iterate(0).header);
});
