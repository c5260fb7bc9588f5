/** The layers that the exact profile `wasm-f32-1` computes: one reader each. */
import { readActivationLayer, readDense } from "./dense.js";
import { TopologyError } from "./error.js";
import { readConv2d, readGlobalPool2d, readPool2d } from "./images.js";
import type { JsonObject } from "./json.js";
import type { Builder } from "./options.js";
import type { LayerPlan } from "./plan.js";
import { readFlatten, readInput, readReshape } from "./shapes.js";

type Reader = (config: JsonObject, name: string, inputShape: number[], build: Builder) => LayerPlan;

/** By class name, as tfjs and Keras write it. */
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["InputLayer", readInput],
  ["Dense", readDense],
  ["Activation", readActivationLayer],
  ["Flatten", readFlatten],
  ["Reshape", readReshape],
  ["Conv2D", readConv2d],
  ["MaxPooling2D", (config, name, shape) => readPool2d("max", config, name, shape)],
  ["AveragePooling2D", (config, name, shape) => readPool2d("average", config, name, shape)],
  ["GlobalMaxPooling2D", (config, name, shape) => readGlobalPool2d("max", config, name, shape)],
  ["GlobalAveragePooling2D", (config, name, shape) => readGlobalPool2d("average", config, name, shape)],
]);

export function readLayer(className: string, config: JsonObject, name: string, inputShape: number[], build: Builder): LayerPlan {
  const read = READERS.get(className);
  if (!read) throw new TopologyError(`layer type "${className.slice(0, 40)}" is not supported, use one of ${[...READERS.keys()].join(", ")}`, name);
  return read(config, name, inputShape, build);
}
