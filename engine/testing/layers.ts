/** Every kind of layer and loss beside stock tfjs, which reads what the exporter writes: a part of compliance.ts. */
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { type GraphLayer, graphOf, type Layer, planOf, topologyOf } from "#engine/testing/models.js";
import { agrees, type Check, isRefused } from "#engine/testing/compliance.js";
import { madeBatch, relative, variedWeights } from "#engine/testing/reference.js";
import type { ModelPlan } from "#engine/topology/index.js";
import type { Batch } from "#engine/types.js";

const seed = fc.integer({ min: 1, max: 1 << 30 });
const rows = fc.integer({ min: 1, max: 5 });
const small = (most: number) => fc.integer({ min: 1, max: most });
const out = (units = 3): Layer => ["Dense", { units, activation: "softmax" }];
const RUNS = { numRuns: 25, seed: 20_251 };

/** tfjs cannot take the gradient of one step. */
const steps = fc.integer({ min: 2, max: 6 });
const sequence = fc.record({ length: steps, width: small(7), units: small(19), seed, rows });

const recurrent = (kind: "GRU" | "LSTM"): Check =>
  async (t, candidate) => {
    const options = fc.record({ return_sequences: fc.boolean(), use_bias: fc.boolean(), recurrent_activation: fc.constantFrom("sigmoid", "hardSigmoid"), unit_forget_bias: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(sequence, options, async ({ length, width, units, seed, rows }, { unit_forget_bias, ...o }) => {
        const config = kind === "LSTM" ? { ...o, unit_forget_bias } : o;
        const second: Layer[] = o.return_sequences ? [[kind, { ...config, units: 4, return_sequences: false }]] : [];
        await agrees(t, candidate, topologyOf([length, width], [kind, { units, ...config }], ...second, out()), "softmaxCrossEntropy", rows, seed, 2e-5);
      }),
      RUNS,
    );
  };

const lossAgrees = (loss: "binaryCrossEntropy" | "meanAbsoluteError" | "huber" | "meanSquaredError"): Check =>
  async (t, candidate) => {
    for (const activation of loss === "binaryCrossEntropy" ? ["sigmoid", "linear"] : ["linear", "tanh", "gelu"]) {
      for (const units of [1, 5]) await agrees(t, candidate, topologyOf([9], ["Dense", { units: 12, activation: "tanh" }], ["Dense", { units, activation }]), loss, 6, 33 + units);
    }
  };

const pair = (most: number) => fc.tuple(small(most), small(most));

export const LAYERS: Readonly<Record<string, Check>> = {
  "GRU agrees with tfjs": recurrent("GRU"),
  "LSTM agrees with tfjs": recurrent("LSTM"),

  "an embedding, and what follows it, agrees with tfjs": async (t, candidate) => {
  await fc.assert(
    fc.asyncProperty(fc.record({ vocabulary: small(30), width: small(9), length: steps, seed, rows }), async ({ vocabulary, width, length, seed, rows }) => {
      await agrees(t, candidate, topologyOf([length], ["Embedding", { input_dim: vocabulary, output_dim: width }], ["GRU", { units: 5 }], out()), "softmaxCrossEntropy", rows, seed);
      await agrees(t, candidate, topologyOf([length], ["Embedding", { input_dim: vocabulary, output_dim: width }], ["Flatten", {}], out(5)), "softmaxCrossEntropy", rows, seed);
    }),
    { ...RUNS, numRuns: 12 },
  );
  },

  "layer and batch normalisation agree with tfjs, moving averages as well": async (t, candidate) => {
  // tfjs cannot train a batch normalisation without scale or center.
  const options = fc.record({ epsilon: fc.constantFrom(1e-3, 1e-5) });
  await fc.assert(
    fc.asyncProperty(fc.record({ width: small(37), seed, rows: fc.integer({ min: 3, max: 9 }) }), options, fc.constantFrom("LayerNormalization", "BatchNormalization"), async ({ width, seed, rows }, o, kind) => {
      if (width === 1 && kind === "LayerNormalization") return;
      const momentum = kind === "BatchNormalization" ? { momentum: 0.9 } : {};
      await agrees(t, candidate, topologyOf([6], ["Dense", { units: width, activation: "tanh" }], [kind, { ...o, ...momentum }], out()), "softmaxCrossEntropy", rows, seed, 1e-4);
    }),
    RUNS,
  );
  await agrees(t, candidate, topologyOf([6, 5, 2], ["Conv2D", { filters: 5, kernel_size: 3, activation: "relu" }], ["BatchNormalization", {}], ["Flatten", {}], out()), "softmaxCrossEntropy", 4, 5, 3e-5);
  await agrees(t, candidate, topologyOf([6, 5], ["Dense", { units: 20 }], ["LayerNormalization", {}], ["GlobalAveragePooling1D", {}], out()), "softmaxCrossEntropy", 4, 5, 3e-5);
  },


  "depthwise convolutions agree with tfjs": async (t, candidate) => {
  const image = fc.record({ size: fc.tuple(fc.integer({ min: 5, max: 9 }), fc.integer({ min: 5, max: 9 }), small(6)), kernel_size: pair(3), stride: small(2), padding: fc.constantFrom("valid", "same"), depth_multiplier: small(3), activation: fc.constantFrom("linear", "relu", "gelu"), use_bias: fc.boolean(), seed, rows });
  await fc.assert(
    fc.asyncProperty(image, async ({ size, stride, seed, rows, ...config }) => {
      await agrees(t, candidate, topologyOf(size, ["Conv2D", { filters: size[2], kernel_size: 1 }], ["DepthwiseConv2D", { ...config, strides: [stride, stride] }], ["Flatten", {}], out()), "softmaxCrossEntropy", rows, seed, 3e-5);
    }),
    RUNS,
  );
  },

  "convolutions and pools over one direction agree with tfjs": async (t, candidate) => {
  await fc.assert(
    fc.asyncProperty(fc.record({ length: fc.integer({ min: 6, max: 12 }), width: small(5), filters: small(9), kernel_size: small(3), strides: small(2), padding: fc.constantFrom("valid", "same"), pool: fc.constantFrom("MaxPooling1D", "AveragePooling1D", "GlobalMaxPooling1D", "GlobalAveragePooling1D"), seed, rows }), async ({ length, width, pool, seed, rows, ...config }) => {
      const pooling: Layer = [pool, pool.startsWith("Global") ? {} : { pool_size: 2 }];
      const flat: Layer[] = pool.startsWith("Global") ? [] : [["Flatten", {}]];
      await agrees(t, candidate, topologyOf([length, width], ["Conv1D", { ...config, activation: "tanh" }], pooling, ...flat, out()), "softmaxCrossEntropy", rows, seed, 2e-5);
    }),
    RUNS,
  );
  },

  "leaky relu, gelu and the other activations agree with tfjs": async (t, candidate) => {
  for (const layer of [["LeakyReLU", { alpha: 0.2 }], ["LeakyReLU", {}], ["ReLU", {}], ["Activation", { activation: "gelu" }], ["Activation", { activation: "sigmoid" }], ["Activation", { activation: "linear" }]] as Layer[]) {
    await agrees(t, candidate, topologyOf([7], ["Dense", { units: 21 }], layer, out()), "softmaxCrossEntropy", 4, 77);
  }
  for (const activation of ["gelu", "relu", "tanh"]) await agrees(t, candidate, topologyOf([7, 3], ["Dense", { units: 21, activation }], ["Conv1D", { filters: 4, kernel_size: 2, activation }], ["Flatten", {}], out()), "softmaxCrossEntropy", 4, 78);
  await agrees(t, candidate, topologyOf([7], ["Dense", { units: 5 }], ["Softmax", {}]), "softmaxCrossEntropy", 4, 79);
  },

  "the loss binaryCrossEntropy agrees with tfjs": lossAgrees("binaryCrossEntropy"),
  "the loss meanAbsoluteError agrees with tfjs": lossAgrees("meanAbsoluteError"),
  "the loss huber agrees with tfjs": lossAgrees("huber"),
  "the loss meanSquaredError agrees with tfjs": lossAgrees("meanSquaredError"),

  "models with branches agree with tfjs": async (t, candidate) => {
  const dense = (units: number, activation = "tanh"): Layer => ["Dense", { units, activation }];
  const residual: GraphLayer[] = [
    ["a", dense(6), "in"],
    ["b", dense(6), "a"],
    ["sum", ["Add", {}], "a", "b"],
    ["c", dense(6, "gelu"), "sum"],
    ["product", ["Multiply", {}], "sum", "c", "a"],
    ["both", ["Concatenate", {}], "product", "b", "in"],
    ["again", ["Add", {}], "both", "both"],
    ["out", dense(3, "softmax"), "again"],
  ];
  await agrees(t, candidate, graphOf([4], ...residual), "softmaxCrossEntropy", 5, 41);
  const image: GraphLayer[] = [
    ["a", ["Conv2D", { filters: 4, kernel_size: 3, padding: "same", activation: "relu" }], "in"],
    ["b", ["Conv2D", { filters: 4, kernel_size: 3, padding: "same", use_bias: false }], "a"],
    ["n", ["BatchNormalization", {}], "b"],
    ["sum", ["Add", {}], "a", "n"],
    ["r", ["ReLU", {}], "sum"],
    ["pool", ["GlobalAveragePooling2D", {}], "r"],
    ["flat", ["Flatten", {}], "a"],
    ["both", ["Concatenate", {}], "flat", "pool"],
    ["out", dense(3, "softmax"), "both"],
  ];
  await agrees(t, candidate, graphOf([5, 6, 2], ...image), "softmaxCrossEntropy", 4, 42, 3e-5);
  },

  "a layer that joins the model's input with what was computed leaves the input alone": async (t, candidate) => {
  await agrees(t, candidate, graphOf([3], ["a", ["Dense", { units: 3 }], "in"], ["s", ["Add", {}], "in", "a"], ["out", ["Dense", { units: 2 }], "s"]), "meanSquaredError", 3, 43);
  // Only the second branch has parameters before it.
  await agrees(t, candidate, graphOf([3], ["act", ["Activation", { activation: "tanh" }], "in"], ["m", ["Multiply", {}], "act", "in"], ["out", ["Dense", { units: 2 }], "m"]), "meanSquaredError", 3, 44);
  },

  "multi-head attention agrees with the same written in tfjs's operations": async (t, candidate) => {
  await fc.assert(
    fc.asyncProperty(fc.record({ length: small(9), width: small(12), heads: small(3), keyWidth: small(6), valueWidth: small(6), causal: fc.boolean(), bias: fc.boolean(), rows, seed }), async (shape) => {
      const { length, width, heads, keyWidth, valueWidth, causal, bias, rows, seed } = shape;
      const topology = graphOf([length, width], ["mha", ["MultiHeadAttention", { num_heads: heads, key_dim: keyWidth, value_dim: valueWidth, use_bias: bias }, { use_causal_mask: causal }], "in"], ["flat", ["Flatten", {}], "mha"]);
      const plan = planOf(topology);
      if (isRefused(candidate, plan)) return void t.pass("refused by name");
      const engine = await candidate.create(plan, topology, { loss: "meanSquaredError", batchSize: rows });
      const w0 = variedWeights(plan, seed);
      engine.setInitial(w0);
      const batch = madeBatch(plan, "meanSquaredError", rows, seed);
      const got = engine.gradient(batch);
      const want = attentionByTfjs(plan, w0, batch, rows);
      t.true(relative([got.loss], [want.loss]) < 1e-5);
      plan.tensors.forEach((x, i) => {
        const error = relative(got.gradient.subarray(x.offset, x.offset + x.size), want.gradients[i] as Float32Array);
        // A key's bias moves all scores of a row alike: its true gradient is zero.
        t.true(error < 3e-5 || x.name === "mha/key/bias", `${x.name} off by ${error}: ${JSON.stringify(shape)}`);
      });
    }),
    { ...RUNS, numRuns: 60 },
  );
  },
};

function attentionByTfjs(plan: ModelPlan, w0: Float32Array, batch: Batch, rows: number): { loss: number; gradients: Float32Array[] } {
  const layer = plan.layers.find((l) => l.kind === "attention");
  if (layer?.kind !== "attention") throw new Error("no attention");
  const { length: T, width, heads, keyWidth, valueWidth, causal } = layer;
  const variables = plan.tensors.map((x) => tf.variable(tf.tensor(w0.subarray(x.offset, x.offset + x.size), x.shape)));
  const of = (name: string) => variables[plan.tensors.findIndex((x) => x.name === `mha/${name}`)];
  const x = tf.tensor2d(batch.x, [rows * T, width]);
  const project = (name: string, wide: number) => {
    const flat = tf.matMul(x, (of(`${name}/kernel`) as tf.Tensor).reshape([width, heads * wide]));
    const bias = of(`${name}/bias`);
    return (bias ? flat.add(bias.reshape([heads * wide])) : flat).reshape([rows, T, heads, wide]).transpose([0, 2, 1, 3]);
  };
  const forward = () => {
    const q = project("query", keyWidth).mul(1 / Math.sqrt(keyWidth));
    let scores = tf.matMul(q, project("key", keyWidth), false, true);
    if (causal) scores = scores.add(tf.tensor2d(Array.from({ length: T }, (_, i) => Array.from({ length: T }, (_, j) => (j > i ? -1e9 : 0)))));
    const mixed = tf.matMul(tf.softmax(scores), project("value", valueWidth)).transpose([0, 2, 1, 3]).reshape([rows * T, heads * valueWidth]);
    const out = tf.matMul(mixed as tf.Tensor2D, (of("attention_output/kernel") as tf.Tensor).reshape([heads * valueWidth, width]));
    const bias = of("attention_output/bias");
    return tf.losses.meanSquaredError(tf.tensor2d(batch.y as Float32Array, [rows * T, width]), bias ? out.add(bias) : out) as tf.Scalar;
  };
  const { value, grads } = tf.variableGrads(forward, variables);
  const result = { loss: value.dataSync()[0] as number, gradients: variables.map((v) => (grads[v.name] as tf.Tensor).dataSync() as Float32Array) };
  tf.dispose([value, grads, variables]);
  return result;
}
