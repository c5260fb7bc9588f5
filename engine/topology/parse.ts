import { TopologyError } from "./error.js";
import { type Json, type JsonObject, isObject, parseStrictJson, show } from "./json.js";
import { readInputShape } from "./input.js";
import { readLayer } from "./layers.js";
import { type Builder, sizeOf } from "./options.js";
import { activationOf, type LayerPlan, type ModelPlan } from "./plan.js";

const MAX_LAYERS = 512;
const NAME = /^[A-Za-z0-9_.:\-/ ]{1,64}$/;

/**
 * Reads a tfjs LayersModel topology: the bare `{class_name: "Sequential", config: {layers}}`, or
 * that within `modelTopology` and `model_config` as tfjs and its converter write files.
 * Everything is checked and counted before anything the size of the model exists.
 */
export function parseTopology(json: string, limits: { maxParameters: number }): ModelPlan {
  const layersJson = sequentialLayers(parseStrictJson(json));
  if (layersJson.length > MAX_LAYERS) throw new TopologyError(`${layersJson.length} layers, want at most ${MAX_LAYERS}`);

  const build: Builder = { maxParameters: limits.maxParameters, tensors: [], parameters: 0, macs: 0n };
  const layers: LayerPlan[] = [];
  const names = new Set<string>();
  let inputShape: number[] | undefined;
  let shape: number[] | undefined;
  layersJson.forEach((value, i) => {
    const { className, config, name } = layerHead(value, i);
    if (names.has(name)) throw new TopologyError("two layers have this name, give each its own", name);
    names.add(name);
    const stated = readInputShape(config, name);
    if (shape === undefined) {
      if (stated === undefined) throw new TopologyError("the first layer states no input shape, give it batch_input_shape: [null, …]", name);
      inputShape = shape = stated;
    } else if (className === "InputLayer") throw new TopologyError("an InputLayer can only come first", name);
    else if (stated !== undefined && !(stated.length === shape.length && stated.every((d, j) => d === (shape as number[])[j]))) {
      throw new TopologyError(`states the input shape [${stated.join(", ")}] but receives [${shape.join(", ")}]`, name);
    }
    const layer = readLayer(className, config, name, shape, build);
    layers.push(layer);
    shape = layer.outputShape;
  });

  if (inputShape === undefined || shape === undefined) throw new TopologyError("no layers, want at least one Dense layer");
  if (build.parameters === 0) throw new TopologyError("nothing to train, want at least one Dense or Conv2D layer");
  refuseInnerSoftmax(layers);
  return {
    inputShape,
    inputSize: sizeOf(inputShape),
    outputSize: sizeOf(shape),
    layers,
    tensors: build.tensors,
    parameters: build.parameters,
    macs: build.macs,
  };
}

/** The class name of every layer of a topology that parseTopology accepts, in order: for writing files. */
export function layerClasses(json: string): string[] {
  return sequentialLayers(parseStrictJson(json)).map((value, i) => layerHead(value, i).className);
}

/** Softmax is computed together with the cross-entropy, so only the last computing layer may have it. */
function refuseInnerSoftmax(layers: readonly LayerPlan[]): void {
  const computing = layers.filter((l) => l.kind !== "shape");
  computing.forEach((layer, i) => {
    if (activationOf(layer) === "softmax" && i < computing.length - 1) {
      throw new TopologyError("softmax is only supported in the last layer", layer.name);
    }
    if (activationOf(layer) === "softmax" && layer.outputShape.length !== 1) {
      throw new TopologyError(`softmax over an output of shape [${layer.outputShape.join(", ")}], want one dimension: put a Flatten layer before it`, layer.name);
    }
  });
}

function sequentialLayers(root: Json): Json[] {
  let model = root;
  for (const key of ["modelTopology", "model_config"]) {
    if (isObject(model) && model["class_name"] === undefined && model[key] !== undefined) model = model[key] as Json;
  }
  if (!isObject(model)) throw new TopologyError(`topology is ${show(model)}, want {"class_name": "Sequential", …}`);
  const className = model["class_name"];
  if (className !== "Sequential") {
    throw new TopologyError(`model type ${show(className)} is not supported, want "Sequential": models with branches or cycles are not trained`);
  }
  const config = model["config"];
  const layers = isObject(config) ? config["layers"] : config;
  if (!Array.isArray(layers)) throw new TopologyError(`config.layers is ${show(layers)}, want a list of layers`);
  return layers;
}

function layerHead(value: Json, index: number): { className: string; config: JsonObject; name: string } {
  if (!isObject(value)) throw new TopologyError(`layer ${index} is ${show(value)}, want {"class_name": …, "config": …}`);
  const className = value["class_name"];
  const config = value["config"] ?? {};
  if (typeof className !== "string") throw new TopologyError(`layer ${index} has class_name ${show(className)}, want text`);
  if (!isObject(config)) throw new TopologyError(`layer ${index} has config ${show(config)}, want an object`);
  const name = config["name"] ?? value["name"] ?? `${className.slice(0, 40).toLowerCase()}_${index}`;
  if (typeof name !== "string" || !NAME.test(name)) throw new TopologyError(`layer ${index} is named ${show(name)}, want 1 to 64 letters, digits or _ . : - /`);
  const nodes = value["inbound_nodes"];
  if (Array.isArray(nodes) && nodes.length > 0) throw new TopologyError("has inbound_nodes, a Sequential model has none", name);
  return { className, config, name };
}
