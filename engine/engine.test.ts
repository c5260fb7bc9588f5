import test from "ava";
import { readFileSync } from "node:fs";
import { createEngine } from "#engine/index.js";
import { oneGroup, type QuantumGroup } from "#engine/quanta.js";
import { bitsOf, classes, denseTopology, firstWeights, planOf, topologyOf, uniform } from "#engine/testing/models.js";
import type { Batch, StepOptions } from "#engine/types.js";

const digits = readFileSync(new URL("../data/digits.csv", import.meta.url), "utf8").trim().split("\n").map((l) => l.split(",").map(Number));
const O: StepOptions = { lrBits: bitsOf(0.5) };
const small = planOf(denseTopology(4, { units: 6, activation: "relu" }, { units: 3, activation: "softmax" }));
const options = { loss: "softmaxCrossEntropy", batchSize: 8, quanta: oneGroup(small, -6) } as const;
const batchOf = (seed: number): Batch => ({ x: uniform(8 * 4, 2, seed), y: classes(8, 3, seed + 1) });

async function smallEngine() {
  const engine = await createEngine(small, options);
  engine.setInitial(firstWeights(small, 3));
  return engine;
}

const DENSE = denseTopology(64, { units: 64, activation: "relu" }, { units: 32, activation: "relu" }, { units: 10, activation: "softmax" });
const IMAGES = topologyOf([8, 8, 1], ["Conv2D", { filters: 8, kernel_size: 3, padding: "same", activation: "relu" }], ["MaxPooling2D", { pool_size: 2 }], ["Conv2D", { filters: 16, kernel_size: 3, activation: "relu" }], ["Flatten", {}], ["Dense", { units: 10, activation: "softmax" }]);

for (const [what, topology, host] of [["dense layers", DENSE, "wasm"], ["dense layers", DENSE, "auto"], ["convolutions", IMAGES, "auto"]] as const) {
  test(`the real digits are learnt to 0.96 and better (${what}, host ${host})`, async (t) => {
    const plan = planOf(topology);
    const B = 20;
    const engine = await createEngine(plan, { loss: "softmaxCrossEntropy", batchSize: B, host, quanta: oneGroup(plan, -8) });
    engine.setInitial(firstWeights(plan, 1));
    const rowOf = (i: number) => digits[(i * 1009) % digits.length] as number[];
    const batch = (rows: number[][]) => ({ x: Float32Array.from(rows.flatMap((r) => r.slice(0, 64).map((v) => v / 16))), y: Int32Array.from(rows.map((r) => r[64] as number)) });
    const training = 1400;
    for (let epoch = 0; epoch < 20; epoch++) {
      for (let b = 0; b < training / B; b++) {
        const rows = Array.from({ length: B }, (_, i) => rowOf(((b * B + i) * 37 + epoch * 11) % training));
        const result = engine.step(batch(rows), 0, { lrBits: bitsOf(0.1) });
        engine.addMap(result.map, 1);
      }
    }
    let right = 0;
    for (let i = training; i < digits.length; i += B) {
      const rows = Array.from({ length: Math.min(B, digits.length - i) }, (_, j) => rowOf(i + j));
      right += engine.evaluate(batch(rows), rows.length).correct;
    }
    const accuracy = right / (digits.length - training);
    t.log(`test accuracy ${accuracy}`);
    t.true(accuracy >= 0.96);
  });
}

test("a step leaves K and the weights alone, and the map brings exactly what the residual lost", async (t) => {
  const engine = await smallEngine();
  const before = engine.weights().slice();
  const { gradient } = engine.gradient(batchOf(1));
  const { map, isNull } = engine.step(batchOf(1), 5, O);
  t.false(isNull);
  t.deepEqual(engine.weights(), before);
  t.true(engine.K.every((k) => k === 0));
  const residual = engine.residual(5).slice();
  engine.addMap(map, 1);
  t.true(engine.K.some((k) => k !== 0));
  const q = 2 ** -6;
  engine.K.forEach((k, i) => t.is(residual[i], Math.max(-4 * q, Math.min(4 * q, Math.fround(Math.fround(0 - Math.fround(0.5 * (gradient[i] as number))) - q * k)))));
  t.deepEqual([...engine.weights()], [...engine.K].map((k, i) => Math.fround((before[i] as number) + q * k)));
  engine.addMap(map, -1);
  t.deepEqual(engine.weights(), before);
});

test("a state depends on the set of maps and not on their order, and K written back restores it", async (t) => {
  const [a, b, c] = [await smallEngine(), await smallEngine(), await smallEngine()];
  const maps = [1, 2, 3, 4].map((seed) => a.step(batchOf(seed), seed, O).map);
  for (const map of maps) a.addMap(map, 1);
  for (const map of [...maps].reverse()) b.addMap(map, 1);
  c.K.set(a.K);
  c.makeWeights();
  t.deepEqual(a.weights(), b.weights());
  t.deepEqual(a.weights(), c.weights());
});

test("slots have residuals of their own, and a new beginning clears them", async (t) => {
  const engine = await smallEngine();
  engine.step(batchOf(1), 0, O);
  const zero = engine.residual(0).slice();
  t.true(engine.residual(1).every((r) => r === 0));
  engine.step(batchOf(1), 1, O);
  t.deepEqual(engine.residual(1), zero);
  for (let slot = 2; slot < 2000; slot++) engine.residual(slot);
  t.deepEqual(engine.residual(0), zero, "memory that grows keeps what it holds");
  engine.setInitial(firstWeights(small, 3));
  t.true(engine.residual(0).every((r) => r === 0));
});

for (const [what, value] of [["NaN", Number.NaN], ["infinite", Infinity], ["too large", 3e38]] as const) {
  test(`an input that is ${what} makes a null iteration: an empty map, the residual unchanged`, async (t) => {
    const engine = await smallEngine();
    engine.step(batchOf(1), 0, O);
    const residual = engine.residual(0).slice();
    const bad = batchOf(2);
    bad.x.fill(value, 0, 8);
    const result = engine.step(bad, 0, { ...O, lrBits: bitsOf(1e38) });
    t.true(result.isNull);
    t.deepEqual(result.map, Uint8Array.of(0));
    t.is(result.overdrive, 0);
    t.deepEqual(engine.residual(0), residual);
    t.false(engine.step(batchOf(2), 0, O).isNull, "the engine works on");
  });
}

test("evaluation of some rows equals the same rows of a full batch", async (t) => {
  const engine = await smallEngine();
  const batch = batchOf(4);
  const all = engine.evaluate(batch, 8);
  const three = engine.evaluate({ x: batch.x.subarray(0, 12), y: batch.y.subarray(0, 3) }, 3);
  t.deepEqual(three.loss, all.loss.subarray(0, 3));
  t.is(engine.gradient(batch).correct, all.correct);
});

test("what an engine cannot use is refused in one line that says what would do", async (t) => {
  const engine = await smallEngine();
  const refused = (f: () => unknown, message: RegExp) => t.throws(f, { message });
  refused(() => engine.setInitial(new Float32Array(3)), /3 first weights, the model has 51/);
  const w0 = firstWeights(small, 3);
  w0[31] = Number.NaN;
  refused(() => engine.setInitial(w0), /first weight 1 of dense_1\/kernel is NaN/);
  refused(() => engine.step({ ...batchOf(1), y: Int32Array.of(0, 1, 2, 0, 1, 2, 0, 3) }, 0, O), /row 7 has class 3, want 0 to 2/);
  refused(() => engine.step({ ...batchOf(1), x: new Float32Array(31) }, 0, O), /31 input values, want 32/);
  refused(() => engine.step({ ...batchOf(1), y: new Float32Array(24) }, 0, O), /takes classes/);
  for (const [quanta, message] of [
    [oneGroup(small, 1), /quantum 2\^1, want 2\^-40 to 2\^0/],
    [oneGroup(small, -6, 0), /levels 0/],
    [[{ ...oneGroup(small, -6)[0], tensors: [0, 1, 2] }], /quantum groups of 3 tensors, want each of 4 once/],
    [[{ ...oneGroup(small, -6)[0], tensors: [0, 1, 2, 2] }], /want each of 4 once/],
  ] as const) await t.throwsAsync(createEngine(small, { ...options, quanta: quanta as QuantumGroup[] }), { message });
  refused(() => engine.step(batchOf(1), 0, { ...O, lrBits: 0 }), /learning rate bits 0/);
  refused(() => engine.evaluate(batchOf(1), 9), /9 rows, want 1 to 8/);
  refused(() => engine.addMap(Uint8Array.of(1, 51, 0), 1), /not the canonical map/);
  const huge = planOf(denseTopology(4096, { units: 4000, activation: "relu" }, { units: 3, activation: "softmax" }));
  const before = process.memoryUsage().rss;
  await t.throwsAsync(createEngine(huge, { ...options, batchSize: 1 << 18 }), { message: /an engine holds 3758096384/ });
  t.true(process.memoryUsage().rss - before < 50e6);
});
