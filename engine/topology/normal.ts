/** Layers that normalise. */
import type { JsonObject } from "./json.js";
import { addTensors, allowOptions, begun, type Builder, type NewTensor, readFlag, readNumber, readOnly, sizeOf } from "./options.js";
import type { LayerBody, Tensor } from "./plan.js";

export function readLayerNorm(config: JsonObject, name: string, inputShape: number[], build: Builder): LayerBody {
  allowOptions(config, name, ["axis", "epsilon", "center", "scale", "rms_scaling"]);
  const last = inputShape.length;
  const axis = config["axis"];
  readOnly({ ...config, axis: Array.isArray(axis) && axis.length === 1 ? (axis[0] as number) : (axis ?? null) }, name, { axis: [-1, last], rms_scaling: [false] });
  const width = inputShape.at(-1) as number;
  const epsilon = Math.fround(readNumber(config["epsilon"], "epsilon", name, 1e-3, 1e-9, 1));
  const [gamma, beta] = scaleAndShift(config, name, width, build, []);
  return { kind: "layerNorm", name, inputShape, outputShape: inputShape, positions: sizeOf(inputShape) / width, width, epsilon, gamma, beta };
}

export function readBatchNorm(config: JsonObject, name: string, inputShape: number[], build: Builder): LayerBody {
  allowOptions(config, name, ["axis", "epsilon", "momentum", "center", "scale", "synchronized", "renorm", "renorm_clipping", "renorm_momentum"]);
  const axis = config["axis"];
  readOnly({ ...config, axis: Array.isArray(axis) && axis.length === 1 ? (axis[0] as number) : (axis ?? null) }, name, { axis: [-1, inputShape.length], synchronized: [false], renorm: [false] });
  const width = inputShape.at(-1) as number;
  const epsilon = Math.fround(readNumber(config["epsilon"], "epsilon", name, 1e-3, 1e-9, 1));
  const momentum = readNumber(config["momentum"], "momentum", name, 0.99, 0, 1);
  const [gamma, beta, mean, variance] = scaleAndShift(config, name, width, build, [
    { ...begun("moving_mean", [width]), statistic: true },
    { ...begun("moving_variance", [width], "ones"), statistic: true },
  ]);
  return { kind: "batchNorm", name, inputShape, outputShape: inputShape, positions: sizeOf(inputShape) / width, width, epsilon, momentum, gamma, beta, mean: mean as Tensor, variance: variance as Tensor };
}

function scaleAndShift(config: JsonObject, name: string, width: number, build: Builder, more: readonly NewTensor[]): [Tensor | undefined, Tensor | undefined, ...(Tensor | undefined)[]] {
  const scale = readFlag(config["scale"], "scale", name, true);
  const center = readFlag(config["center"], "center", name, true);
  const tensors = addTensors(build, name, "normalise a narrower layer", [...(scale ? [begun("gamma", [width], "ones")] : []), ...(center ? [begun("beta", [width])] : []), ...more]);
  const gamma = scale ? tensors.shift() : undefined;
  const beta = center ? tensors.shift() : undefined;
  return [gamma, beta, ...tensors];
}
