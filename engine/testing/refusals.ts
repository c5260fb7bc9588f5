/** Models that must be refused at once, by the name of the layer at fault: for the test that holds it and the benchmark that times it. */
import { createEngine } from "#engine/index.js";
import { denseTopology, planOf } from "#engine/testing/models.js";
import { parseTopology } from "#engine/topology/index.js";

export interface Refusal {
  readonly title: string;
  /** what the one line says */
  readonly says: RegExp;
  /** makes what may be made before, and answers what must throw */
  prepare(): Promise<() => unknown>;
}

const LIMITS = { maxParameters: 2 ** 26 };
const dense = (name: string, config: object = {}) => ({ class_name: "Dense", config: { name, units: 4, ...config } });
const sequential = (...layers: object[]) => JSON.stringify({ class_name: "Sequential", config: { layers } });
const first = { batch_input_shape: [null, 3] };

const parsing = (title: string, json: string, says: RegExp): Refusal => ({ title, says, prepare: async () => () => parseTopology(json, LIMITS) });

/** A layer's place in a graph, as Keras 2 and tfjs write it. */
const node = (layer: { class_name: string; config: { name: string } }, ...from: string[]) => ({ ...layer, name: layer.config.name, inbound_nodes: from.length > 0 ? [from.map((f) => [f, 0, 0, {}])] : [] });
const graph = (...layers: { name: string }[]) =>
  JSON.stringify({ class_name: "Functional", config: { name: "model", layers, input_layers: [["in", 0, 0]], output_layers: [[layers.at(-1)?.name, 0, 0]] } });
const input = node({ class_name: "InputLayer", config: { name: "in", batch_input_shape: [null, 4] } as { name: string } });
const add = { class_name: "Add", config: { name: "sum" } };

const onCycle = (...names: string[]) => new RegExp(`^layer "(${names.join("|")})": .*cycle`);

const infected = (value: number, says: RegExp, title: string): Refusal => ({
  title,
  says,
  prepare: async () => {
    const plan = planOf(denseTopology(784, { units: 512, activation: "relu" }, { units: 10, activation: "softmax" }));
    const engine = await createEngine(plan, { loss: "softmaxCrossEntropy", batchSize: 1 });
    const weights = new Float32Array(plan.parameters);
    weights[plan.parameters - 1] = value;
    return () => engine.setInitial(weights);
  },
});

export const REFUSALS: readonly Refusal[] = [
  parsing("an enormous dense layer", sequential(dense("first", first), dense("wide", { units: 2 ** 40 })), /^layer "wide": brings the model to \d+ parameters, want at most/),
  parsing("a layer of the largest number", sequential(dense("wide", { ...first, units: Number.MAX_SAFE_INTEGER })), /^layer "wide": brings the model to 36028797018963964 parameters/),
  parsing("an enormous convolution", sequential({ class_name: "Conv2D", config: { name: "wide", batch_input_shape: [null, 9, 9, 1], filters: 2 ** 40, kernel_size: 3 } }), /^layer "wide": brings the model to/),
  parsing("an enormous input", sequential(dense("first", { batch_input_shape: [null, 65_536, 65_536] })), /^layer "first": an input row .* is too large/),
  parsing("an enormous reshape", sequential({ class_name: "Reshape", config: { name: "wide", ...first, target_shape: [2 ** 24, 2 ** 24] } }, dense("out")), /^layer "wide": target_shape/),
  parsing("five hundred layers that are each allowed", sequential(dense("first", first), ...Array.from({ length: 500 }, (_, i) => dense(`d${i}`, { units: 8_192 }))), /^layer "d\d+": brings the model to \d+ parameters/),
  parsing("an unknown layer", sequential({ class_name: "Conv9D", config: { name: "odd", ...first } }), /^layer "odd": layer type "Conv9D" is not supported: engine\/README\.md lists/),
  parsing("an unknown layer behind known ones", sequential(dense("first", first), { class_name: "Teleport", config: { name: "odd" } }), /^layer "odd": layer type "Teleport" is not supported/),
  parsing("a layer that is its own input", graph(input, node(dense("loop"), "loop")), onCycle("loop")),
  parsing("two layers that feed each other", graph(input, node(add, "in", "back"), node(dense("back"), "sum")), onCycle("sum", "back")),
  parsing("a cycle that the output does not need", graph(input, node(dense("a"), "b"), node(dense("b"), "a"), node(dense("out"), "in")), onCycle("a", "b")),
  infected(Number.NaN, /first weight 9 of dense_1\/bias is NaN, want finite numbers/, "a weight that is not a number"),
  infected(Number.POSITIVE_INFINITY, /first weight 9 of dense_1\/bias is Infinity, want finite numbers/, "a weight that is infinite"),
];
