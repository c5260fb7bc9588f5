/** Every kind of layer and loss beside stock tfjs, which reads what the exporter writes. */
import test from "ava";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { type Layer, topologyOf } from "#engine/testing/models.js";
import { agreesWithTfjs } from "#engine/testing/reference.js";

test.before(async () => {
  await tf.setBackend("cpu");
});

const seed = fc.integer({ min: 1, max: 1 << 30 });
const rows = fc.integer({ min: 1, max: 5 });
const small = (most: number) => fc.integer({ min: 1, max: most });
const out = (units = 3): Layer => ["Dense", { units, activation: "softmax" }];
const RUNS = { numRuns: 25, seed: 20_251 };

const sequence = fc.record({ length: small(6), width: small(7), units: small(19), seed, rows });

for (const kind of ["GRU", "LSTM"] as const) {
  test(`${kind} agrees with tfjs`, async (t) => {
    const options = fc.record({ return_sequences: fc.boolean(), use_bias: fc.boolean(), recurrent_activation: fc.constantFrom("sigmoid", "hardSigmoid"), unit_forget_bias: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(sequence, options, async ({ length, width, units, seed, rows }, { unit_forget_bias, ...o }) => {
        const config = kind === "LSTM" ? { ...o, unit_forget_bias } : o;
        const second: Layer[] = o.return_sequences ? [[kind, { ...config, units: 4, return_sequences: false }]] : [];
        await agreesWithTfjs(t, topologyOf([length, width], [kind, { units, ...config }], ...second, out()), "softmaxCrossEntropy", rows, seed, { tolerance: 2e-5 });
      }),
      RUNS,
    );
  });
}

test("an embedding, and what follows it, agrees with tfjs", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.record({ vocabulary: small(30), width: small(9), length: small(7), seed, rows }), async ({ vocabulary, width, length, seed, rows }) => {
      await agreesWithTfjs(t, topologyOf([length], ["Embedding", { input_dim: vocabulary, output_dim: width }], ["GRU", { units: 5 }], out()), "softmaxCrossEntropy", rows, seed);
      await agreesWithTfjs(t, topologyOf([length], ["Embedding", { input_dim: vocabulary, output_dim: width }], ["Flatten", {}], out(5)), "softmaxCrossEntropy", rows, seed);
    }),
    { ...RUNS, numRuns: 12 },
  );
});

test("layer and batch normalisation agree with tfjs, moving averages as well", async (t) => {
  const options = fc.record({ scale: fc.boolean(), center: fc.boolean(), epsilon: fc.constantFrom(1e-3, 1e-5) });
  await fc.assert(
    fc.asyncProperty(fc.record({ width: small(37), seed, rows: fc.integer({ min: 3, max: 9 }) }), options, fc.constantFrom("LayerNormalization", "BatchNormalization"), async ({ width, seed, rows }, o, kind) => {
      if (width === 1 && kind === "LayerNormalization") return;
      const momentum = kind === "BatchNormalization" ? { momentum: 0.9 } : {};
      await agreesWithTfjs(t, topologyOf([6], ["Dense", { units: width, activation: "tanh" }], [kind, { ...o, ...momentum }], out()), "softmaxCrossEntropy", rows, seed, { tolerance: 1e-4 });
    }),
    RUNS,
  );
  await agreesWithTfjs(t, topologyOf([6, 5, 2], ["Conv2D", { filters: 5, kernel_size: 3, activation: "relu" }], ["BatchNormalization", {}], ["Flatten", {}], out()), "softmaxCrossEntropy", 4, 5, { tolerance: 3e-5 });
  await agreesWithTfjs(t, topologyOf([6, 5], ["Dense", { units: 20 }], ["LayerNormalization", {}], ["GlobalAveragePooling1D", {}], out()), "softmaxCrossEntropy", 4, 5, { tolerance: 3e-5 });
});

const pair = (most: number) => fc.tuple(small(most), small(most));

test("depthwise convolutions agree with tfjs", async (t) => {
  const image = fc.record({ size: fc.tuple(fc.integer({ min: 5, max: 9 }), fc.integer({ min: 5, max: 9 }), small(6)), kernel_size: pair(3), stride: small(2), padding: fc.constantFrom("valid", "same"), depth_multiplier: small(3), activation: fc.constantFrom("linear", "relu", "gelu"), use_bias: fc.boolean(), seed, rows });
  await fc.assert(
    fc.asyncProperty(image, async ({ size, stride, seed, rows, ...config }) => {
      await agreesWithTfjs(t, topologyOf(size, ["Conv2D", { filters: size[2], kernel_size: 1 }], ["DepthwiseConv2D", { ...config, strides: [stride, stride] }], ["Flatten", {}], out()), "softmaxCrossEntropy", rows, seed, { tolerance: 3e-5 });
    }),
    RUNS,
  );
});

test("convolutions and pools over one direction agree with tfjs", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.record({ length: fc.integer({ min: 6, max: 12 }), width: small(5), filters: small(9), kernel_size: small(3), strides: small(2), padding: fc.constantFrom("valid", "same"), pool: fc.constantFrom("MaxPooling1D", "AveragePooling1D", "GlobalMaxPooling1D", "GlobalAveragePooling1D"), seed, rows }), async ({ length, width, pool, seed, rows, ...config }) => {
      const pooling: Layer = [pool, pool.startsWith("Global") ? {} : { pool_size: 2 }];
      await agreesWithTfjs(t, topologyOf([length, width], ["Conv1D", { ...config, activation: "tanh" }], pooling, ["Flatten", {}], out()), "softmaxCrossEntropy", rows, seed, { tolerance: 2e-5 });
    }),
    RUNS,
  );
});

test("leaky relu, gelu and the other activations agree with tfjs", async (t) => {
  for (const layer of [["LeakyReLU", { alpha: 0.2 }], ["LeakyReLU", {}], ["ReLU", {}], ["Activation", { activation: "gelu" }], ["Activation", { activation: "sigmoid" }], ["Activation", { activation: "linear" }]] as Layer[]) {
    await agreesWithTfjs(t, topologyOf([7], ["Dense", { units: 21 }], layer, out()), "softmaxCrossEntropy", 4, 77);
  }
  for (const activation of ["gelu", "relu", "tanh"]) await agreesWithTfjs(t, topologyOf([7, 3], ["Dense", { units: 21, activation }], ["Conv1D", { filters: 4, kernel_size: 2, activation }], ["Flatten", {}], out()), "softmaxCrossEntropy", 4, 78);
  await agreesWithTfjs(t, topologyOf([7], ["Dense", { units: 5 }], ["Softmax", {}]), "softmaxCrossEntropy", 4, 79);
});

for (const loss of ["binaryCrossEntropy", "meanAbsoluteError", "huber", "meanSquaredError"] as const) {
  test(`the loss ${loss} agrees with tfjs`, async (t) => {
    for (const activation of loss === "binaryCrossEntropy" ? ["sigmoid", "linear"] : ["linear", "tanh", "gelu"]) {
      for (const units of [1, 5]) await agreesWithTfjs(t, topologyOf([9], ["Dense", { units: 12, activation: "tanh" }], ["Dense", { units, activation }]), loss, 6, 33 + units);
    }
  });
}
