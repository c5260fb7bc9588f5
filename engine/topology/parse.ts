import { TopologyError } from "./error.js";
import { type FileLayer, readGraph } from "./graph.js";
import { readInputShape } from "./input.js";
import { parseStrictJson } from "./json.js";
import { readLayer } from "./layers.js";
import { type Builder, MAX_ROW, sizeOf } from "./options.js";
import { activationOf, lastComputing, type LayerPlan, type ModelPlan } from "./plan.js";

/**
 * Reads a tfjs LayersModel topology: the bare `{class_name: "Sequential", config: {layers}}` or `"Functional"`, or
 * that within `modelTopology` and `model_config` as tfjs and its converter write files.
 * Everything is checked and counted before anything the size of the model exists.
 */
export function parseTopology(json: string, limits: { maxParameters: number }): ModelPlan {
  const file = readGraph(parseStrictJson(json));
  const build: Builder = { maxParameters: limits.maxParameters, tensors: [], parameters: 0, macs: 0n, dropouts: 0, vocabulary: undefined };
  const layers: LayerPlan[] = [];
  const places = new Map(file.map((l, i) => [l.name, i]));
  let inputShape: number[] | undefined;
  let total = 0;
  file.forEach(({ className, config, name, inputs, call }, i) => {
    const stated = readInputShape(config, name, className);
    const from = inputs === undefined ? [i - 1] : inputs.length === 0 ? [-1] : inputs.map((n) => places.get(n) as number);
    const only = from.length === 1 && from[0] === -1;
    if (i === 0) {
      if (stated === undefined) throw new TopologyError("the first layer states no input shape, give it batch_input_shape: [null, …]", name);
      inputShape = stated;
    } else if (className === "InputLayer") throw new TopologyError("an InputLayer can only come first", name);
    const shapes = only ? [inputShape as number[]] : from.map((f) => (layers[f] as LayerPlan).outputShape);
    const shape = shapes[0] as number[];
    if (i > 0 && stated !== undefined && !(stated.length === shape.length && stated.every((d, j) => d === shape[j]))) {
      throw new TopologyError(`states the input shape [${stated.join(", ")}] but receives [${shape.join(", ")}]`, name);
    }
    const first = only || from.every((f) => isInput(layers, f));
    const [parameters, macs] = [build.parameters, build.macs];
    const body = readLayer(className, { config, name, shapes, call, first }, build);
    const layer = { ...body, from, parameters: build.parameters - parameters, macs: build.macs - macs } as LayerPlan;
    layers.push(layer);
    // Many wide layers are as much as one that is too wide.
    total += sizeOf(layer.outputShape);
    if (total > 16 * MAX_ROW) throw new TopologyError(`brings the outputs of a row to ${total} numbers, want at most ${16 * MAX_ROW}: use narrower layers`, name);
  });

  if (inputShape === undefined) throw new TopologyError("no layers, want at least one Dense layer");
  if (build.parameters === 0) throw new TopologyError("nothing to train, want at least one Dense or Conv2D layer");
  refuseInnerSoftmax(layers);
  return {
    inputShape,
    inputSize: sizeOf(inputShape),
    outputSize: sizeOf((layers.at(-1) as LayerPlan).outputShape),
    layers,
    tensors: build.tensors,
    parameters: build.parameters,
    macs: build.macs,
    vocabulary: build.vocabulary,
  };
}

/** The layers of a topology that parseTopology accepts, in the plan's order: for writing files. */
export function fileLayers(json: string): FileLayer[] {
  return readGraph(parseStrictJson(json));
}

/** Whether a layer's output is the model's input, in whatever shape. */
function isInput(layers: readonly LayerPlan[], at: number): boolean {
  for (let i = at; i >= 0; i = (layers[i] as LayerPlan).from[0] as number) if ((layers[i] as LayerPlan).kind !== "shape") return false;
  return true;
}

/** Softmax is computed together with the cross-entropy, so only the last computing layer may have it. */
function refuseInnerSoftmax(layers: readonly LayerPlan[]): void {
  const last = lastComputing(layers);
  for (const layer of layers) {
    if (activationOf(layer) !== "softmax") continue;
    if (layer !== last) throw new TopologyError("softmax is only supported in the last layer", layer.name);
    if (layer.outputShape.length !== 1) {
      throw new TopologyError(`softmax over an output of shape [${layer.outputShape.join(", ")}], want one dimension: put a Flatten layer before it`, layer.name);
    }
  }
}
