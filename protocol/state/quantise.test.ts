import "#platform/install.js";
import { oneGroup } from "#engine/quanta.js";
import test from "ava";
import fc from "fast-check";
import { createEngine } from "#engine/index.js";
import { parseTopology } from "#engine/topology/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Drbg } from "../draws/drbg.js";
import { bitsOf, fromBits, isPositiveNormal, millionths, NOT_FINITE } from "../floats.js";
import { initialWeights } from "./initial.js";
import { encodeMap } from "./map.js";
import { quantise, sgdUpdate, weightsAt } from "./quantise.js";

const group = (q: number, levels: number) => ({ q, levels, bound: 4 * levels * q });
const float = fc.float({ noNaN: true, noDefaultInfinity: true, min: -4, max: 4 });

test("what is quantised and what stays behind sum to what there was, to the bit", (t) => {
  fc.assert(
    fc.property(fc.array(float, { minLength: 1, maxLength: 30 }), fc.integer({ min: -40, max: 0 }), fc.constantFrom(1, 3, 255), (a, log2, levels) => {
      const q = 2 ** log2;
      const r = quantise(Float32Array.from(a), new Float32Array(a.length), group(q, levels));
      t.false(r.isNull);
      a.forEach((v, i) => {
        const k = r.k[i] as number;
        t.true(Math.abs(k) <= levels);
        const left = Math.fround(Math.fround(v) - k * q);
        t.is(r.residual[i], Math.max(-4 * levels * q, Math.min(4 * levels * q, left)), "but for what is beyond the bound");
        if (Math.abs(v) < q) t.true(Object.is(r.residual[i], Math.fround(v)), "below one quantum nothing moves, not even the sign of zero");
      });
    }),
  );
});

test("a value that is not finite makes the iteration null and leaves the residual", (t) => {
  const residual = Float32Array.of(1, 2, -3);
  for (const bad of [Number.NaN, Infinity, -Infinity]) {
    const r = quantise(residual, Float32Array.of(0, bad, 0), group(0.5, 1));
    t.true(r.isNull);
    t.deepEqual(r.residual, residual);
    t.true(r.k.every((k) => k === 0));
  }
  t.deepEqual([...quantise(Float32Array.of(4), Float32Array.of(-3e38), group(1, 1)).residual], [4], "what is large but finite is bounded");
});

test("the engine's iteration is the reference's: map, residual, overdrive, weights", async (t) => {
  const dense = (name: string, units: number, activation: string, first: object = {}) => ({ class_name: "Dense", config: { name, units, activation, ...first } });
  const plan = parseTopology(JSON.stringify({ class_name: "Sequential", config: { name: "m", layers: [dense("a", 9, "tanh", { batch_input_shape: [null, 5] }), dense("b", 3, "softmax")] } }), { maxParameters: 1000 });
  const w0 = initialWeights(nodeCrypto, plan, new Uint8Array(32).fill(5));
  const random = new Drbg(nodeCrypto, Uint8Array.of(1));
  for (const levels of [1, 3]) {
    const engine = await createEngine(plan, { loss: "softmaxCrossEntropy", batchSize: 4, host: "wasm", quanta: oneGroup(plan, -9, levels) });
    engine.setInitial(w0);
    let residual: Float32Array = new Float32Array(plan.parameters);
    const K = new Int32Array(plan.parameters);
    for (let step = 0; step < 12; step++) {
      const batch = { x: Float32Array.from({ length: 20 }, () => random.u32() / 2 ** 31 - 1), y: Int32Array.from({ length: 4 }, () => random.u32() % 3) };
      const { gradient } = engine.gradient(batch);
      const want = quantise(residual, sgdUpdate(gradient.slice(), fromBits(bitsOf(0.3))), group(2 ** -9, levels));
      const got = engine.step(batch, 0, { lrBits: bitsOf(0.3) });
      const entries = Array.from(want.k, (k, index) => ({ index, k })).filter((e) => e.k !== 0);
      t.deepEqual(got.map, encodeMap(plan.parameters, levels, entries));
      t.is(got.overdrive, want.overdrive);
      t.deepEqual(Array.from(engine.residual(0), bitsOf), Array.from(want.residual, bitsOf));
      residual = want.residual;
      engine.addMap(got.map, 1);
      want.k.forEach((k, i) => (K[i] = (K[i] as number) + k));
      t.deepEqual(Array.from(engine.weights(), bitsOf), Array.from(weightsAt(w0, K, 2 ** -9), bitsOf));
    }
  }
});

test("millionths floor, clamp, and mark what is not finite", (t) => {
  t.deepEqual([0, -1, 1e-7, 0.1234567, 5000, 1e30].map(millionths), [0, 0, 0, 123456, 4294967294, 4294967294]);
  t.deepEqual([Number.NaN, Infinity, -Infinity].map(millionths), [NOT_FINITE, NOT_FINITE, NOT_FINITE]);
});

test("a learning rate is a positive normal binary32", (t) => {
  t.deepEqual([bitsOf(0.1), 0x00800000, 0x7f7fffff].map(isPositiveNormal), [true, true, true]);
  t.deepEqual([0, 1, 0x007fffff, 0x7f800000, bitsOf(-0.1), bitsOf(Number.NaN)].map(isPositiveNormal), [false, false, false, false, false, false]);
});
