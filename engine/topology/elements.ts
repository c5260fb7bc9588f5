/** Layers that work element by element: activations, dropout, merges. */
import { TopologyError } from "./error.js";
import { type JsonObject, show } from "./json.js";
import { allowOptions, type Builder, type Node, readActivation, readNumber, readOnly, rowOf } from "./options.js";
import type { LayerBody, MergeLayer } from "./plan.js";

export function readActivationLayer(config: JsonObject, name: string, inputShape: number[]): LayerBody {
  allowOptions(config, name, ["activation"]);
  return { kind: "activation", name, inputShape, outputShape: inputShape, activation: readActivation(config["activation"], name), slope: 0 };
}

export function readRelu(config: JsonObject, name: string, inputShape: number[]): LayerBody {
  allowOptions(config, name, ["max_value", "negative_slope", "threshold"]);
  if (config["max_value"] !== undefined && config["max_value"] !== null) throw new TopologyError(`max_value is ${show(config["max_value"])}, leave it out`, name);
  readOnly(config, name, { threshold: [0] });
  const slope = readNumber(config["negative_slope"], "negative_slope", name, 0, 0, 1);
  return { kind: "activation", name, inputShape, outputShape: inputShape, activation: slope === 0 ? "relu" : "leakyRelu", slope: Math.fround(slope) };
}

/** Its slope is `alpha` in tfjs and Keras 2, `negative_slope` in Keras 3. */
export function readLeakyRelu(config: JsonObject, name: string, inputShape: number[]): LayerBody {
  allowOptions(config, name, ["alpha", "negative_slope"]);
  const option = "negative_slope" in config ? "negative_slope" : "alpha";
  const slope = readNumber(config[option], option, name, 0.3, 0, 1);
  return { kind: "activation", name, inputShape, outputShape: inputShape, activation: "leakyRelu", slope: Math.fround(slope) };
}

export function readSoftmax(config: JsonObject, name: string, inputShape: number[]): LayerBody {
  allowOptions(config, name, ["axis"]);
  readOnly(config, name, { axis: [-1, inputShape.length] });
  return { kind: "activation", name, inputShape, outputShape: inputShape, activation: "softmax", slope: 0 };
}

export function readDropout(config: JsonObject, name: string, inputShape: number[], build: Builder): LayerBody {
  allowOptions(config, name, ["rate", "noise_shape", "seed"]);
  if (config["noise_shape"] !== undefined && config["noise_shape"] !== null) throw new TopologyError("noise_shape is not supported, leave it out", name);
  const rate = readNumber(config["rate"], "rate", name, -1, 0, 0.99);
  return { kind: "dropout", name, inputShape, outputShape: inputShape, rate, ordinal: build.dropouts++ };
}

export function readMerge(how: MergeLayer["how"], config: JsonObject, name: string, { shapes }: Node): LayerBody {
  allowOptions(config, name, how === "concatenate" ? ["axis"] : []);
  const [first, ...others] = shapes as [number[], ...number[][]];
  if (others.length === 0) throw new TopologyError("has one input, want two or more", name);
  if (how === "concatenate") readOnly(config, name, { axis: [-1, first.length] });
  const compared = how === "concatenate" ? -1 : first.length;
  for (const other of others) {
    if (other.length !== first.length || !other.slice(0, compared).every((d, i) => d === first[i])) {
      throw new TopologyError(`joins inputs of shapes [${first.join(", ")}] and [${other.join(", ")}], want ${how === "concatenate" ? "all but the last size" : "all sizes"} the same`, name);
    }
  }
  const widths = shapes.map((s) => s.at(-1) as number);
  const outputShape = how === "concatenate" ? rowOf([...first.slice(0, -1), widths.reduce((a, b) => a + b)], name) : first;
  return { kind: "merge", how, name, inputShape: first, outputShape, widths };
}
