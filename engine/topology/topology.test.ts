import test from "ava";
import * as tf from "@tensorflow/tfjs";
import { TopologyError, checkLoss, flop, memoryBytes, parseTopology } from "#engine/topology/index.js";

const LIMITS = { maxParameters: 1_000_000 };
const dense = (config: object) => ({ class_name: "Dense", config: { units: 4, ...config } });
const sequential = (...layers: object[]) => JSON.stringify({ class_name: "Sequential", config: { layers } });
const first = { name: "first", batch_input_shape: [null, 3] };

test("a model that tfjs itself writes is read with its shapes, offsets and cost", (t) => {
  const model = tf.sequential({
    layers: [
      tf.layers.inputLayer({ inputShape: [8, 8] }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 32, activation: "relu", name: "hidden" }),
      tf.layers.dense({ units: 10, activation: "softmax", useBias: false, name: "out" }),
    ],
  });
  const plan = parseTopology(model.toJSON() as string, LIMITS);
  t.deepEqual(plan.inputShape, [8, 8]);
  t.is(plan.inputSize, 64);
  t.is(plan.outputSize, 10);
  t.is(plan.parameters, model.countParams());
  t.deepEqual(plan.tensors.map((x) => [x.name, x.shape, x.offset, x.size, x.fanIn, x.fanOut]), [
    ["hidden/kernel", [64, 32], 0, 2048, 64, 32],
    ["hidden/bias", [32], 2048, 32, 0, 0],
    ["out/kernel", [32, 10], 2080, 320, 32, 10],
  ]);
  t.is(plan.macs, 64n * 32n + 32n * 10n);
  t.is(flop(plan, 20), 6n * 20n * plan.macs);
  t.true(memoryBytes(plan, 20) > BigInt(plan.parameters) * 20n);
});

test("the wrappings of tfjs and of its converter hold the same model", (t) => {
  const bare = sequential(dense({ ...first, activation: "softmax" }));
  const plan = parseTopology(bare, LIMITS);
  t.deepEqual(parseTopology(`{"modelTopology":${bare}}`, LIMITS), plan);
  t.deepEqual(parseTopology(`{"modelTopology":{"keras_version":"2.1","model_config":${bare}}}`, LIMITS), plan);
  t.deepEqual(parseTopology(`{"class_name":"Sequential","config":${JSON.stringify(JSON.parse(bare).config.layers)}}`, LIMITS), plan);
});

test("a reshape may leave one size open", (t) => {
  const plan = parseTopology(sequential({ class_name: "InputLayer", config: { batch_shape: [null, 12], name: "in" } }, { class_name: "Reshape", config: { name: "r", target_shape: [3, -1] } }, { class_name: "Flatten", config: {} }, dense({})), LIMITS);
  t.deepEqual(plan.layers.map((l) => l.outputShape), [[12], [3, 4], [12], [4]]);
});

const refused: [title: string, json: string, names: RegExp][] = [
  ["an unknown layer", sequential({ class_name: "Conv9D", config: first }), /layer "first": layer type "Conv9D" is not supported/],
  ["an unknown option", sequential(dense({ ...first, turbo: 1 })), /layer "first": option "turbo" is not known/],
  ["a regulariser", sequential(dense({ ...first, kernel_regularizer: { class_name: "L2" } })), /layer "first": option kernel_regularizer/],
  ["an unknown activation", sequential(dense({ ...first, activation: "selu" })), /layer "first": activation "selu"/],
  ["softmax inside", sequential(dense({ ...first, activation: "softmax" }), dense({ name: "b" })), /layer "first": softmax is only/],
  ["two layers of one name", sequential(dense(first), dense({ name: "first" })), /layer "first": two layers/],
  ["a model of another kind", JSON.stringify({ class_name: "Forest", config: { layers: [] } }), /model type "Forest" is not supported/],
  ["inbound nodes", sequential({ ...dense(first), inbound_nodes: [[["first", 0, 0]]] }), /layer "first": has inbound_nodes/],
  ["an enormous layer", sequential(dense({ ...first, units: Number.MAX_SAFE_INTEGER })), /layer "first": brings the model to 36028797018963964 parameters/],
  ["an enormous input", sequential(dense({ ...first, batch_input_shape: [null, 65536, 65536] })), /layer "first": an input row/],
  ["no input shape", sequential(dense({ name: "first" })), /layer "first": the first layer states no input shape/],
  ["a fixed batch", sequential(dense({ name: "first", batch_input_shape: [32, 3] })), /layer "first": batch_input_shape/],
  ["a frozen layer", sequential(dense({ ...first, trainable: false })), /layer "first": trainable is false/],
  ["another dtype", sequential(dense({ ...first, dtype: "float16" })), /layer "first": dtype is "float16"/],
  ["half a unit", sequential(dense({ ...first, units: 1.5 })), /layer "first": units is 1.5/],
  ["no layer", sequential(), /no layers/],
  ["nothing to train", sequential({ class_name: "Flatten", config: first }), /nothing to train/],
  ["a wrong reshape", sequential({ class_name: "Reshape", config: { ...first, target_shape: [2, -1] } }), /layer "first": target_shape \[2,-1\] does not hold the 3/],
  ["broken JSON", "{", /not valid JSON/],
  ["a prototype key", '{"class_name":"Sequential","config":{"__proto__":{}}}', /key "__proto__"/],
  ["deep nesting", "[".repeat(100_000), /nested deeper/],
  ["a window larger than the image", sequential({ class_name: "Conv2D", config: { name: "first", batch_input_shape: [null, 4, 4, 1], filters: 2, kernel_size: 5 } }), /layer "first": a window of 5 × 5 on an image of 4 × 4/],
  ["a dilated convolution", sequential({ class_name: "Conv2D", config: { name: "first", batch_input_shape: [null, 4, 4, 1], filters: 2, kernel_size: 2, dilation_rate: [2, 2] } }), /layer "first": dilation_rate is \[2,2\], want 1/],
  ["channels first", sequential({ class_name: "MaxPooling2D", config: { name: "first", batch_input_shape: [null, 4, 4, 1], data_format: "channels_first" } }), /layer "first": data_format is "channels_first"/],
  ["an unknown padding", sequential({ class_name: "MaxPooling2D", config: { name: "first", batch_input_shape: [null, 4, 4, 1], padding: "causal" } }), /layer "first": padding is "causal"/],
  ["a convolution on a row", sequential({ class_name: "Conv2D", config: { ...first, name: "first", filters: 2, kernel_size: 2 } }), /layer "first": got an input of shape \[3\], want rows × columns × channels/],
  ["an enormous convolution", sequential({ class_name: "Conv2D", config: { name: "first", batch_input_shape: [null, 9, 9, 1], filters: 2 ** 40, kernel_size: 3 } }), /layer "first": brings the model to 10995116277760 parameters/],
  ["softmax over an image", sequential({ class_name: "Conv2D", config: { name: "first", batch_input_shape: [null, 9, 9, 1], filters: 2, kernel_size: 3, activation: "softmax" } }), /layer "first": softmax over an output of shape \[7, 7, 2\]/],
  ["a huge text", " ".repeat((1 << 20) + 1), /characters, want at most/],
  ["a name that breaks lines", sequential(dense({ name: "a\nb", batch_input_shape: [null, 3] })), /is named/],
];
for (const [title, json, names] of refused) {
  test(`${title} is refused by name, in one line`, (t) => {
    const error = t.throws(() => parseTopology(json, LIMITS), { instanceOf: TopologyError, message: names });
    t.false(error?.message.includes("\n"));
    t.true((error?.message.length ?? 999) < 250);
  });
}

test("a loss that does not fit the last layer is refused by the layer's name", (t) => {
  const relu = parseTopology(sequential(dense({ ...first, activation: "relu" })), LIMITS);
  const softmax = parseTopology(sequential(dense({ ...first, activation: "softmax" })), LIMITS);
  t.throws(() => checkLoss(relu, "softmaxCrossEntropy"), { message: /layer "first": activation relu/ });
  t.throws(() => checkLoss(softmax, "meanSquaredError"), { message: /layer "first": softmax with mean squared error/ });
  t.notThrows(() => checkLoss(softmax, "softmaxCrossEntropy"));
  t.notThrows(() => checkLoss(relu, "meanSquaredError"));
});
