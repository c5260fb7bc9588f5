import type { JsonObject } from "./json.js";
import { addKernel, allowOptions, begun, type Builder, drawn, type Node, readActivation, readCount, readFlag, rowOf, sizeOf } from "./options.js";
import type { LayerBody } from "./plan.js";

export function readDense(config: JsonObject, name: string, inputShape: number[], build: Builder, { first }: Node): LayerBody {
  allowOptions(config, name, ["units", "activation", "use_bias"]);
  const units = readCount(config["units"], "units", name);
  const useBias = readFlag(config["use_bias"], "use_bias", name, true);
  const activation = readActivation(config["activation"] ?? "linear", name);
  const inputs = inputShape.at(-1) as number;
  const positions = sizeOf(inputShape) / inputs;
  const { kernel, bias } = addKernel(build, name, "use fewer units", drawn("kernel", [inputs, units], inputs, units), useBias ? begun("bias", [units]) : undefined);
  const outputShape = rowOf([...inputShape.slice(0, -1), units], name);
  build.macs += BigInt(positions) * BigInt(inputs) * BigInt(units);
  return { kind: "dense", name, inputShape, outputShape, positions, inputs, units, first, activation, kernel, bias };
}
