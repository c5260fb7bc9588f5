/**
 * Before native kernels are trusted they must give WebAssembly's digests on models that reach every
 * kernel, every activation, and sizes around every tile edge. Once per process, some milliseconds.
 */
import { ExactEngine } from "#engine/exact.js";
import type { Host } from "#engine/kernels.js";
import type { Optimizer } from "#engine/optimizer.js";
import type { QuantumGroup } from "#engine/quanta.js";
import { type Loss, type ModelPlan, parseTopology } from "#engine/topology/index.js";

type Shorthand = readonly [className: string, config: Readonly<Record<string, unknown>>];
const dense = (units: number, activation: string): Shorthand => ["Dense", { units, activation }];

const MODELS: readonly { loss: Loss; rows: number; levels: number; input: readonly number[]; layers: readonly Shorthand[]; optimizer?: Optimizer }[] = [
  { loss: "softmaxCrossEntropy", rows: 13, levels: 1, input: [37], layers: [dense(70, "relu"), dense(33, "tanh"), dense(10, "softmax")] },
  { loss: "softmaxCrossEntropy", rows: 7, levels: 9, input: [5], layers: [dense(17, "sigmoid"), dense(3, "linear")] },
  { loss: "meanSquaredError", rows: 8, levels: 1, input: [64], layers: [dense(32, "sigmoid"), dense(8, "relu"), dense(1, "tanh")] },
  {
    loss: "softmaxCrossEntropy", rows: 5, levels: 1, input: [11, 9, 2],
    layers: [
      ["Conv2D", { filters: 7, kernel_size: 3, padding: "same", activation: "relu" }],
      ["MaxPooling2D", { pool_size: 2 }],
      ["Conv2D", { filters: 19, kernel_size: [2, 3], strides: 2, padding: "same", use_bias: false, activation: "tanh" }],
      ["AveragePooling2D", { pool_size: 2, strides: 1, padding: "same" }],
      ["Conv2D", { filters: 4, kernel_size: 1 }],
      ["Flatten", {}],
      dense(10, "softmax"),
    ],
  },
  {
    loss: "binaryCrossEntropy", rows: 5, levels: 2, input: [6, 5, 3], optimizer: { kind: "momentum", momentum: 0.75, nesterov: true, clipNorm: 1 },
    layers: [
      ["DepthwiseConv2D", { kernel_size: 3, depth_multiplier: 2, padding: "same", activation: "relu" }],
      ["DepthwiseConv2D", { kernel_size: 2, strides: 1, use_bias: false }],
      ["BatchNormalization", {}],
      ["LeakyReLU", { alpha: 0.25 }],
      ["Reshape", { target_shape: [5, -1] }],
      ["LSTM", { units: 19, return_sequences: true }],
      ["GRU", { units: 21, return_sequences: true }],
      ["GRU", { units: 4, recurrent_activation: "sigmoid" }],
      dense(3, "sigmoid"),
    ],
  },
  {
    loss: "huber", rows: 3, levels: 1, input: [19], optimizer: { kind: "adam", momentum: 0.875, beta2: 0.96875, epsilon: 2 ** -20, weightDecay: 0.125 },
    layers: [
      ["Embedding", { input_dim: 23, output_dim: 18 }],
      ["PositionEmbedding", { sequence_length: 19 }],
      ["LayerNormalization", {}],
      ["MultiHeadAttention", { num_heads: 2, key_dim: 5, value_dim: 3 }],
      dense(35, "gelu"),
      ["Dropout", { rate: 0.25 }],
      ["GlobalAveragePooling1D", {}],
      dense(2, "linear"),
    ],
  },
  { loss: "meanAbsoluteError", rows: 3, levels: 1, input: [5], layers: [dense(18, "gelu"), dense(2, "linear")] },
];

export async function sameBits(a: () => Promise<Host>, b: () => Promise<Host>): Promise<boolean> {
  for (const model of MODELS) {
    const [x, y] = [trace(model, await a()), trace(model, await b())];
    if (x.length !== y.length || x.some((v, i) => v !== y[i])) return false;
  }
  return true;
}

/** Two groups of tensors that do not lie side by side, where there are three; levels of 1 and of more. */
function groups({ tensors }: ModelPlan, levels: number): QuantumGroup[] {
  const of = (part: number) => tensors.map((_, i) => i).filter((i) => Math.min(1, i % 3) === part);
  return [0, 1].filter((part) => of(part).length > 0).map((part) => ({ tensors: of(part), quantumLog2: -9 - part, levels: part === 0 ? levels : 5, statistics: false }));
}

/** Every bit that eight iterations leave behind, as 32-bit words. */
function trace(model: (typeof MODELS)[number], host: Host): number[] {
  const layers = model.layers.map(([class_name, config], i) => ({ class_name, config: { ...config, name: `d${i}`, ...(i === 0 ? { batch_input_shape: [null, ...model.input] } : {}) } }));
  const plan = parseTopology(JSON.stringify({ class_name: "Sequential", config: { layers } }), { maxParameters: 1 << 20 });
  const engine = new ExactEngine(plan, { loss: model.loss, batchSize: model.rows, quanta: groups(plan, model.levels), lrMax: 0.5, ...(model.optimizer ? { optimizer: model.optimizer } : {}) }, host);
  let state = 0x9e3779b9;
  const draw = (n: number, scale: number) =>
    Float32Array.from({ length: n }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return ((state >>> 8) / (1 << 23) - 1) * scale;
    });
  engine.setInitial(draw(plan.parameters, 0.5));
  const words: number[] = [];
  const keep = (values: Float32Array | Int32Array | Uint8Array) => {
    if (values instanceof Uint8Array) words.push(...values);
    else words.push(...new Uint32Array(values.buffer, values.byteOffset, values.length));
  };
  for (let s = 0; s < 8; s++) {
    const { vocabulary } = plan;
    const x = draw(model.rows * plan.inputSize, 3);
    if (vocabulary !== undefined) x.forEach((v, i) => (x[i] = Math.floor(((v + 3) / 6) * vocabulary)));
    // Inputs that are mostly zeros go another way.
    if (s === 2 || s === 6 || s === 7) x.forEach((_, i) => i % 10 < 7 && (x[i] = 0));
    // One iteration that must come out null, and one with tiny numbers, where denormals are at stake.
    if ((s === 4 || s === 7) && vocabulary === undefined) x[3] = Infinity;
    if (s === 5 && vocabulary === undefined) x.forEach((v, i) => (x[i] = v * 1e-39));
    const y = draw(model.rows * plan.outputSize, 1);
    const classes = Int32Array.from({ length: model.rows }, (_, i) => (i * 7 + s) % plan.outputSize);
    const batch = { x, y: model.loss === "softmaxCrossEntropy" ? classes : y };
    const random = Uint8Array.from({ length: 16 }, (_, i) => i * 29 + s);
    const result = engine.step(batch, 0, { lrBits: 0x3f000000, time: BigInt(s + 1), random });
    engine.addMap(result.map, 1);
    keep(result.map);
    keep(Float32Array.of(result.isNull ? 0 : result.loss));
    words.push(result.correct, result.overdrive);
    if (!result.isNull) {
      keep(engine.evaluate(batch, model.rows - 1).loss);
      keep(engine.predict(x, model.rows));
      keep(engine.gradient(batch, random).gradient);
    }
  }
  keep(engine.K);
  keep(engine.weights());
  keep(engine.residual(0));
  return words;
}
