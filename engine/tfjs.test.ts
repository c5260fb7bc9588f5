import test from "ava";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { createEngine } from "#engine/index.js";
import { classes, denseTopology, firstWeights, type Layer, LENET, planOf, topologyOf, uniform } from "#engine/testing/models.js";
import { agreesWithTfjs as agrees, loadStock as load, relative, slopeOf } from "#engine/testing/reference.js";

test.before(async () => {
  await tf.setBackend("cpu");
});

const hidden = fc.record({ units: fc.integer({ min: 1, max: 19 }), activation: fc.constantFrom("linear", "relu", "tanh", "sigmoid"), use_bias: fc.boolean() });
const shape = fc.record({ inputs: fc.integer({ min: 1, max: 21 }), hidden: fc.array(hidden, { maxLength: 3 }), outputs: fc.integer({ min: 2, max: 12 }), rows: fc.integer({ min: 1, max: 13 }), seed: fc.integer({ min: 1, max: 1 << 30 }) });

for (const loss of ["softmaxCrossEntropy", "meanSquaredError"] as const) {
  test(`value, gradient and predictions agree with tfjs to 1e-5 (${loss})`, async (t) => {
    const lastActivation = loss === "softmaxCrossEntropy" ? fc.constantFrom("softmax", "linear") : fc.constantFrom("linear", "relu", "tanh", "sigmoid");
    await fc.assert(
      fc.asyncProperty(shape, lastActivation, ({ inputs, hidden, outputs, rows, seed }, activation) =>
        agrees(t, denseTopology(inputs, ...hidden, { units: outputs, activation }), loss, rows, seed),
      ),
      { numRuns: 40, seed: 20_240 },
    );
  });

  test(`the gradient is the slope that finite differences see (${loss})`, async (t) => {
    for (const activation of ["linear", "tanh", "sigmoid"]) {
      const plan = planOf(denseTopology(5, { units: 7, activation }, { units: 4, activation: loss === "softmaxCrossEntropy" ? "softmax" : activation }));
      const rows = 3;
      const engine = await createEngine(plan, { loss, batchSize: rows });
      const w0 = firstWeights(plan, 5);
      const batch = { x: uniform(rows * 5, 1, 9), y: loss === "softmaxCrossEntropy" ? classes(rows, 4, 3) : uniform(rows * 4, 1, 3) };
      engine.setInitial(w0);
      const { gradient } = engine.gradient(batch);
      for (let i = 0; i < plan.parameters; i += 5) {
        const slope = slopeOf(engine, w0, batch, i, 1 / 128);
        t.true(Math.abs(slope - (gradient[i] as number)) < 2e-4, `${activation}, weight ${i}: slope ${slope}, gradient ${gradient[i]}`);
      }
    }
  });
}

test("separate Activation, Flatten, Reshape and InputLayer layers train and export like their fused forms", async (t) => {
  const layer = (class_name: string, config: object) => ({ class_name, config });
  const topology = JSON.stringify({
    class_name: "Sequential",
    config: [
      layer("InputLayer", { batch_shape: [null, 2, 6], name: "in" }),
      layer("Flatten", {}),
      layer("Dense", { units: 8 }),
      layer("Activation", { activation: "tanh" }),
      layer("Reshape", { target_shape: [2, -1] }),
      layer("Flatten", {}),
      layer("Dense", { units: 3 }),
      layer("Activation", { activation: "softmax" }),
    ],
  });
  const fused = planOf(denseTopology(12, { units: 8, activation: "tanh" }, { units: 3, activation: "softmax" }));
  const plan = planOf(topology);
  const rows = 5;
  const options = { loss: "softmaxCrossEntropy", batchSize: rows } as const;
  const [a, b] = [await createEngine(plan, options), await createEngine(fused, options)];
  const w0 = firstWeights(fused, 3);
  a.setInitial(w0);
  b.setInitial(w0);
  const batch = { x: uniform(rows * 12, 1, 4), y: classes(rows, 3, 5) };
  t.deepEqual(a.gradient(batch), b.gradient(batch));
  const model = await load(plan, topology, w0);
  const want = (model.predict(tf.tensor3d(batch.x, [rows, 2, 6])) as tf.Tensor).dataSync();
  t.true(relative(a.predict(batch.x, rows), want) < 1e-5);
});

const padding = fc.constantFrom("valid", "same");
const pair = (most: number) => fc.tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: most }));
const convolution = fc
  .record({ filters: fc.integer({ min: 1, max: 18 }), kernel_size: pair(3), strides: pair(2), padding, activation: fc.constantFrom("linear", "relu", "tanh", "sigmoid"), use_bias: fc.boolean() })
  .map((config): Layer => ["Conv2D", config]);
const pool = fc
  .record({ how: fc.constantFrom("MaxPooling2D", "AveragePooling2D"), pool_size: pair(3), strides: fc.option(pair(2), { nil: null }), padding })
  .map(({ how, ...config }): Layer => [how, config]);
/** tfjs's gradient of an average pool that is padded divides by the whole window, its forward pass by what lies in the image: finite differences say that ours is the slope. */
const paddedAverage = (topology: string): boolean => planOf(topology).layers.some((l) => l.kind === "pool2d" && l.how === "average" && l.window.padded.some((n, d) => n !== l.inputShape[d]));
const image = fc.record({ size: fc.tuple(fc.integer({ min: 7, max: 12 }), fc.integer({ min: 7, max: 12 }), fc.integer({ min: 1, max: 4 })), layers: fc.array(fc.oneof(convolution, pool), { minLength: 1, maxLength: 3 }), outputs: fc.integer({ min: 2, max: 9 }), rows: fc.integer({ min: 1, max: 4 }), seed: fc.integer({ min: 1, max: 1 << 30 }) });

test("convolutions and pools of any shape agree with tfjs to 1e-5", async (t) => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(image, async ({ size, layers, outputs, rows, seed }) => {
      const topology = topologyOf(size, ...layers, ["Flatten", {}], ["Dense", { units: outputs, activation: "softmax" }]);
      try {
        if (paddedAverage(topology)) return;
      } catch {
        return; // the windows left nothing of the image
      }
      compared++;
      await agrees(t, topology, "softmaxCrossEntropy", rows, seed);
    }),
    { numRuns: 80, seed: 20_241 },
  );
  t.true(compared > 40, `${compared} models`);
});

test("a convolution may be the first layer and the last", async (t) => {
  await agrees(t, topologyOf([6, 5, 2], ["Conv2D", { filters: 3, kernel_size: 2, activation: "tanh" }]), "meanSquaredError", 3, 11);
  await agrees(t, topologyOf([6, 5, 2], ["MaxPooling2D", { pool_size: [2, 1] }], ["Conv2D", { filters: 5, kernel_size: [3, 5] }], ["Flatten", {}]), "softmaxCrossEntropy", 3, 12);
});

test("global pools agree with tfjs to 1e-5", async (t) => {
  for (const how of ["GlobalMaxPooling2D", "GlobalAveragePooling2D"]) {
    await agrees(t, topologyOf([6, 7, 2], ["Conv2D", { filters: 5, kernel_size: 3, activation: "tanh" }], [how, {}], ["Dense", { units: 3, activation: "softmax" }]), "softmaxCrossEntropy", 4, 31);
  }
});

test("the gradient through padded windows is the slope that finite differences see", async (t) => {
  const plan = planOf(topologyOf([5, 7, 2], ["Conv2D", { filters: 3, kernel_size: [3, 2], strides: [1, 2], padding: "same", activation: "tanh" }], ["AveragePooling2D", { pool_size: 3, strides: 2, padding: "same" }], ["Flatten", {}], ["Dense", { units: 3, activation: "softmax" }]));
  const rows = 4;
  const engine = await createEngine(plan, { loss: "softmaxCrossEntropy", batchSize: rows });
  const w0 = firstWeights(plan, 5);
  const batch = { x: uniform(rows * plan.inputSize, 1, 9), y: classes(rows, 3, 3) };
  engine.setInitial(w0);
  const { gradient } = engine.gradient(batch);
  for (let i = 0; i < plan.parameters; i += 3) {
    const slope = slopeOf(engine, w0, batch, i, 1 / 256);
    t.true(Math.abs(slope - (gradient[i] as number)) < 5e-4, `weight ${i}: slope ${slope}, gradient ${gradient[i]}`);
  }
});

test("LeNet-5 agrees with tfjs to 1e-5", async (t) => {
  t.is(planOf(LENET).parameters, 61_706);
  await agrees(t, LENET, "softmaxCrossEntropy", 3, 21);
});
