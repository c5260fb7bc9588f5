import { TopologyError } from "./error.js";
import type { JsonObject } from "./json.js";
import { addTensors, allowOptions, type Builder, MAX_ROW, readActivation, readCount, readFlag } from "./options.js";
import type { LayerPlan } from "./plan.js";

const DENSE = ["units", "activation", "use_bias", "kernel_initializer", "bias_initializer"];

export function readDense(config: JsonObject, name: string, inputShape: number[], build: Builder): LayerPlan {
  allowOptions(config, name, DENSE);
  const units = readCount(config["units"], "units", name);
  const useBias = readFlag(config["use_bias"], "use_bias", name, true);
  const activation = readActivation(config["activation"] ?? "linear", name);
  const inputs = inputShape[0];
  if (inputs === undefined || inputShape.length !== 1) {
    throw new TopologyError(`Dense got an input of shape [${inputShape.join(", ")}], want one dimension: put a Flatten layer before it`, name);
  }
  const fan = { fanIn: inputs, fanOut: units };
  const [kernel, bias] = addTensors(build, name, "use fewer units", [{ kind: "kernel", shape: [inputs, units], ...fan }, ...(useBias ? [{ kind: "bias" as const, shape: [units], ...fan }] : [])]);
  if (!kernel || units > MAX_ROW) throw new TopologyError(`units is ${units}, want at most ${MAX_ROW}`, name);
  build.macs += BigInt(inputs) * BigInt(units);
  return { kind: "dense", name, inputShape, outputShape: [units], inputs, units, activation, kernel, bias };
}

export function readActivationLayer(config: JsonObject, name: string, inputShape: number[]): LayerPlan {
  allowOptions(config, name, ["activation"]);
  return { kind: "activation", name, inputShape, outputShape: inputShape, activation: readActivation(config["activation"], name) };
}
