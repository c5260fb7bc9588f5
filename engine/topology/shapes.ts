/** Layers that only read a row's elements in another shape. */
import { TopologyError } from "./error.js";
import { type Json, type JsonObject, show } from "./json.js";
import { allowOptions, channelsLast, MAX_ROW, sizeOf } from "./options.js";
import type { LayerBody } from "./plan.js";

export function readInput(config: JsonObject, name: string, inputShape: number[]): LayerBody {
  allowOptions(config, name, []);
  return { kind: "shape", name, inputShape, outputShape: inputShape };
}

export function readFlatten(config: JsonObject, name: string, inputShape: number[]): LayerBody {
  allowOptions(config, name, ["data_format"]);
  channelsLast(config["data_format"], name);
  return { kind: "shape", name, inputShape, outputShape: [sizeOf(inputShape)] };
}

export function readReshape(config: JsonObject, name: string, inputShape: number[]): LayerBody {
  allowOptions(config, name, ["target_shape"]);
  return { kind: "shape", name, inputShape, outputShape: readTargetShape(config["target_shape"], inputShape, name) };
}

function readTargetShape(value: Json | undefined, inputShape: number[], name: string): number[] {
  const size = sizeOf(inputShape);
  if (!Array.isArray(value) || value.length === 0 || value.length > 8) throw new TopologyError(`target_shape is ${show(value)}, want a list of 1 to 8 sizes`, name);
  let known = 1;
  let open = -1;
  const shape = value.map((d, i) => {
    if ((d === -1 || d === null) && open < 0) {
      open = i;
      return 1;
    }
    if (typeof d !== "number" || !Number.isSafeInteger(d) || d < 1 || d > MAX_ROW) throw new TopologyError(`target_shape is ${show(value)}, want sizes of 1 or more and at most one -1`, name);
    known *= d;
    return d;
  });
  if (open >= 0 && size % known === 0) shape[open] = size / known;
  if (sizeOf(shape) !== size) throw new TopologyError(`target_shape ${show(value)} does not hold the ${size} elements of [${inputShape.join(", ")}]`, name);
  return shape;
}
