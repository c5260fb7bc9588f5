/** Optimizers and dropout beside their formulas, written out again in plain arithmetic. */
import test from "ava";
import { createEngine } from "#engine/index.js";
import type { Optimizer } from "#engine/optimizer.js";
import { adamFactor, firstMomentBound, momentumBound, oneGroup } from "#engine/quanta.js";
import { bitsOf, classes, denseTopology, firstWeights, graphOf, planOf, topologyOf, uniform } from "#engine/testing/models.js";
import { slopeOf } from "#engine/testing/reference.js";

const f = Math.fround;
const plan = planOf(denseTopology(9, { units: 14, activation: "tanh" }, { units: 4, activation: "softmax" }));
const ROWS = 6;
const [q, lr, levels] = [2 ** -12, f(0.03), 2];
const quanta = oneGroup(plan, -12, levels);
/** B */
const bound = 4 * levels * q;

const clamp = (x: number, most: number): number => Math.max(-most, Math.min(most, x));

/** One step of the written order, without the square roots' and powers' last bits in doubt: all of them are exact or correctly rounded. */
function stepOf(o: Optimizer, g: Float32Array, w: Float32Array, m: Float32Array, v: Float32Array, t: number): Float32Array {
  const u = g.slice();
  if (o.clipNorm) {
    const chains = new Float32Array(16);
    u.forEach((x, i) => (chains[i & 15] = f((chains[i & 15] as number) + f(x * x))));
    for (let half = 8; half > 0; half >>= 1) for (let l = 0; l < half; l++) chains[l] = f((chains[l] as number) + (chains[l + half] as number));
    const length = f(Math.sqrt(chains[0] as number));
    if (length > o.clipNorm) {
      const factor = f(o.clipNorm / length);
      u.forEach((x, i) => (u[i] = f(x * factor)));
    }
  }
  const { kind, momentum = 0, beta2 = 0, epsilon = 0 } = o;
  let [p1, p2] = [1, 1];
  // The same products as by squaring while t is small enough for binary64 to hold them: compared to within a bit below.
  for (let i = 0; i < t; i++) [p1, p2] = [p1 * momentum, p2 * beta2];
  const rate = f((lr * Math.sqrt(1 - p2)) / (1 - p1));
  u.forEach((x, i) => {
    if (kind === "sgd") u[i] = f(lr * x);
    else if (kind === "momentum") {
      m[i] = clamp(f(f(momentum * (m[i] as number)) + x), momentumBound(bound, lr));
      u[i] = f(lr * (o.nesterov ? f(x + f(momentum * (m[i] as number))) : (m[i] as number)));
    } else {
      m[i] = f(f(momentum * (m[i] as number)) + f(f(1 - momentum) * x));
      v[i] = f(f(beta2 * (v[i] as number)) + f(f(1 - beta2) * f(x * x)));
      m[i] = clamp(m[i] as number, firstMomentBound(adamFactor(momentum, beta2) as number, v[i] as number));
      u[i] = f(f(rate * (m[i] as number)) / f(f(Math.sqrt(v[i] as number)) + epsilon));
    }
  });
  const decay = f(lr * (o.weightDecay ?? 0));
  if (decay > 0) for (const x of plan.tensors) if (x.initial === "uniform") for (let i = x.offset; i < x.offset + x.size; i++) u[i] = f((u[i] as number) + f(decay * (w[i] as number)));
  return u;
}

const optimizers: Record<string, Optimizer> = {
  "SGD with decay and clipping": { kind: "sgd", weightDecay: f(0.1), clipNorm: f(0.05) },
  momentum: { kind: "momentum", momentum: f(0.9) },
  "Nesterov's momentum with decay": { kind: "momentum", momentum: f(0.8), nesterov: true, weightDecay: f(0.02) },
  Adam: { kind: "adam", momentum: f(0.9), beta2: f(0.999), epsilon: f(1e-7) },
  "Adam with decay and clipping": { kind: "adam", momentum: f(0.5), beta2: f(0.75), epsilon: f(1e-5), weightDecay: f(0.05), clipNorm: f(0.1) },
};

for (const [name, optimizer] of Object.entries(optimizers)) {
  test(`${name}: residual, moments and map are what the formulas say`, async (t) => {
    const engine = await createEngine(plan, { loss: "softmaxCrossEntropy", batchSize: ROWS, optimizer, quanta, lrMax: lr });
    engine.setInitial(firstWeights(plan, 4));
    const n = plan.parameters;
    const [r, m, v] = [new Float32Array(n), new Float32Array(n), new Float32Array(n)];
    for (let s = 1; s <= 8; s++) {
      const batch = { x: uniform(ROWS * 9, 2, s), y: classes(ROWS, 4, s + 50) };
      const { gradient } = engine.gradient(batch);
      const u = stepOf(optimizer, gradient, engine.weights(), m, v, s);
      const K = engine.K.slice();
      const { map, isNull } = engine.step(batch, 0, { lrBits: bitsOf(lr), time: BigInt(s) });
      t.false(isNull);
      engine.addMap(map, 1);
      const state = engine.residual(0);
      const moments = optimizer.kind === "sgd" ? [] : optimizer.kind === "momentum" ? [m] : [m, v];
      t.is(state.length, n * (1 + moments.length));
      moments.forEach((x, j) => t.deepEqual(state.slice(n * (j + 1), n * (j + 2)), x, `step ${s}`));
      for (let i = 0; i < n; i++) {
        const a = f((r[i] as number) - (u[i] as number));
        const k = Math.max(-levels, Math.min(levels, Math.trunc(a / q))) + 0;
        r[i] = clamp(f(a - q * k), bound);
        // Powers by squaring and one by one may differ in binary64's last bit, and then in a bit of the rate.
        t.true(Math.abs((state[i] as number) - (r[i] as number)) <= 2 ** -30, `step ${s}, entry ${i}`);
        t.is(engine.K[i], (K[i] as number) + k);
      }
    }
  });
}

test("a null iteration leaves residual and moments as they were", async (t) => {
  const engine = await createEngine(plan, { loss: "softmaxCrossEntropy", batchSize: ROWS, optimizer: optimizers["Adam"] as Optimizer, quanta, lrMax: lr });
  engine.setInitial(firstWeights(plan, 4));
  const step = (x: Float32Array, time: bigint) => engine.step({ x, y: classes(ROWS, 4, 1) }, 0, { lrBits: bitsOf(lr), time });
  step(uniform(ROWS * 9, 1, 1), 1n);
  const before = engine.residual(0).slice();
  const huge = uniform(ROWS * 9, 1, 2);
  huge[3] = Number.POSITIVE_INFINITY;
  t.true(step(huge, 2n).isNull);
  t.deepEqual(engine.residual(0), before);
  t.throws(() => engine.step({ x: huge, y: classes(ROWS, 4, 1) }, 0, { lrBits: bitsOf(lr) }), { message: /want the number of the slot's iteration/ });
});

test("dropout drops its part, keeps the sum, and its gradient is the slope under the same draw", async (t) => {
  const dropping = planOf(graphOf([2000], ["drop", ["Dropout", { rate: 0.3 }], "in"], ["out", ["Dense", { units: 1, use_bias: false }], "drop"]));
  const engine = await createEngine(dropping, { loss: "meanSquaredError", batchSize: 4 });
  engine.setInitial(new Float32Array(2000).fill(1));
  const [x, y] = [new Float32Array(8000).fill(1), new Float32Array(4)];
  const random = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
  const a = engine.gradient({ x, y }, random);
  t.deepEqual(engine.gradient({ x, y }, random), a, "the draw is the seed's");
  t.notDeepEqual(engine.gradient({ x, y }, random.map((b) => b ^ 1)).gradient, a.gradient);
  // A row's output is the sum of what is kept times 1/0.7: about 2000, within five standard deviations.
  t.true(Math.abs(Math.sqrt(a.loss) - 2000) < 5 * Math.sqrt((2000 * 0.3) / 0.7));
  t.deepEqual([...engine.predict(x, 4)], [2000, 2000, 2000, 2000]);
  t.throws(() => engine.gradient({ x, y }), { message: /dropout layers, which take random/ });

  const inner = planOf(topologyOf([5], ["Dense", { units: 12, activation: "tanh" }], ["Dropout", { rate: 0.5 }], ["Dense", { units: 3, activation: "softmax" }]));
  const e = await createEngine(inner, { loss: "softmaxCrossEntropy", batchSize: 7 });
  const w0 = firstWeights(inner, 6);
  e.setInitial(w0);
  const batch = { x: uniform(35, 1, 3), y: classes(7, 3, 4) };
  const { gradient } = e.gradient(batch, random);
  for (let i = 0; i < inner.parameters; i += 4) {
    const slope = slopeOf(e, w0, batch, i, 1 / 128, random);
    t.true(Math.abs(slope - (gradient[i] as number)) < 3e-4, `weight ${i}: slope ${slope}, gradient ${gradient[i]}`);
  }
});

test("an index that no embedding has is refused by row, before anything is read", async (t) => {
  const looking = planOf(topologyOf([3], ["Embedding", { input_dim: 5, output_dim: 2 }], ["Flatten", {}], ["Dense", { units: 2, activation: "softmax" }]));
  const engine = await createEngine(looking, { loss: "softmaxCrossEntropy", batchSize: 2 });
  engine.setInitial(firstWeights(looking, 1));
  for (const bad of [5, -1, 1.5, Number.NaN, 2 ** 31]) t.throws(() => engine.gradient({ x: Float32Array.of(0, 1, 2, 3, bad, 4), y: Int32Array.of(0, 1) }), { message: /engine: row 1 has index .*, want whole numbers from 0 to 4/ });
});
