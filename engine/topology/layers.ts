/**
 * The layers that the exact profile `wasm-f32-1` computes, one reader each, from a tfjs or Keras
 * layer config. Every option is either understood, without effect on training, or refused by name:
 * an option passed over in silence would train another model than the client meant.
 */
import { TopologyError } from "./error.js";
import { type Json, type JsonObject, isObject, show } from "./json.js";
import type { Activation, LayerPlan, Tensor } from "./plan.js";

/** No row of any layer is larger than this, whatever the limits of the chain say. */
const MAX_ROW = 1 << 24;
const ACTIVATIONS: readonly string[] = ["linear", "relu", "tanh", "sigmoid", "softmax"];

/** Understood for every layer. Initialisers are read past: the first weights come from the task's seed. */
const COMMON = ["name", "trainable", "dtype", "batch_input_shape", "batch_shape", "input_shape", "input_dim", "sparse", "ragged"];
const DENSE = ["units", "activation", "use_bias", "kernel_initializer", "bias_initializer"];
/** Allowed only while they are null, as tfjs and Keras write them by default. */
const NULL_ONLY = ["kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint", "lora_rank", "quantization_config", "optional"];

export interface Builder {
  maxParameters: number;
  tensors: Tensor[];
  parameters: number;
  macs: bigint;
}

export function readLayer(className: string, config: JsonObject, name: string, inputShape: number[], build: Builder): LayerPlan {
  switch (className) {
    case "InputLayer":
      allowOptions(config, name, []);
      return { kind: "shape", name, inputShape, outputShape: inputShape };
    case "Dense":
      return readDense(config, name, inputShape, build);
    case "Activation":
      allowOptions(config, name, ["activation"]);
      return { kind: "activation", name, inputShape, outputShape: inputShape, activation: readActivation(config["activation"], name) };
    case "Flatten":
      allowOptions(config, name, ["data_format"]);
      if (config["data_format"] === "channelsFirst" || config["data_format"] === "channels_first") {
        throw new TopologyError(`data_format "channels_first" is not supported, use "channels_last"`, name);
      }
      return { kind: "shape", name, inputShape, outputShape: [sizeOf(inputShape)] };
    case "Reshape":
      allowOptions(config, name, ["target_shape"]);
      return { kind: "shape", name, inputShape, outputShape: readTargetShape(config["target_shape"], inputShape, name) };
    default:
      throw new TopologyError(`layer type "${className.slice(0, 40)}" is not supported, use InputLayer, Dense, Activation, Flatten or Reshape`, name);
  }
}

function readDense(config: JsonObject, name: string, inputShape: number[], build: Builder): LayerPlan {
  allowOptions(config, name, DENSE);
  const units = config["units"];
  if (typeof units !== "number" || !Number.isSafeInteger(units) || units < 1) throw new TopologyError(`units is ${show(units)}, want a whole number of 1 or more`, name);
  const useBias = config["use_bias"] ?? true;
  if (typeof useBias !== "boolean") throw new TopologyError(`use_bias is ${show(useBias)}, want true or false`, name);
  const activation = readActivation(config["activation"] ?? "linear", name);
  const inputs = inputShape[0];
  if (inputs === undefined || inputShape.length !== 1) {
    throw new TopologyError(`Dense got an input of shape [${inputShape.join(", ")}], want one dimension: put a Flatten layer before it`, name);
  }
  // Compared in bigint: the product of two sizes from outside may exceed what a double holds exactly.
  const added = BigInt(inputs) * BigInt(units) + (useBias ? BigInt(units) : 0n);
  const total = BigInt(build.parameters) + added;
  if (total > BigInt(build.maxParameters)) {
    throw new TopologyError(`brings the model to ${total} parameters, want at most ${build.maxParameters}: use fewer units`, name);
  }
  if (units > MAX_ROW) throw new TopologyError(`units is ${units}, want at most ${MAX_ROW}`, name);
  const add = (kind: Tensor["kind"], shape: number[]): Tensor => {
    const tensor: Tensor = { name: `${name}/${kind}`, shape, offset: build.parameters, size: sizeOf(shape), kind, fanIn: inputs, fanOut: units };
    build.parameters += tensor.size;
    build.tensors.push(tensor);
    return tensor;
  };
  const kernel = add("kernel", [inputs, units]);
  const bias = useBias ? add("bias", [units]) : undefined;
  build.macs += BigInt(inputs) * BigInt(units);
  return { kind: "dense", name, inputShape, outputShape: [units], inputs, units, activation, kernel, bias };
}

function readActivation(value: Json | undefined, name: string): Activation {
  if (typeof value === "string" && ACTIVATIONS.includes(value)) return value as Activation;
  throw new TopologyError(`activation ${show(value)} is not supported, use ${ACTIVATIONS.join(", ")}`, name);
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

function allowOptions(config: JsonObject, name: string, own: readonly string[]): void {
  for (const key of Object.keys(config)) {
    const value = config[key];
    if (NULL_ONLY.includes(key)) {
      if (value !== null && value !== false) throw new TopologyError(`option ${key} is not supported, leave it out`, name);
    } else if (!COMMON.includes(key) && !own.includes(key)) {
      throw new TopologyError(`option "${key.slice(0, 40)}" is not known, leave it out`, name);
    }
  }
  if (config["trainable"] === false) throw new TopologyError("trainable is false, frozen layers are not supported", name);
  if (config["sparse"] === true || config["ragged"] === true) throw new TopologyError("sparse and ragged inputs are not supported", name);
  const dtype = dtypeOf(config["dtype"]);
  if (dtype !== "float32") throw new TopologyError(`dtype is ${show(dtype)}, want "float32"`, name);
}

/** Keras 3 writes a policy object where others write the name. */
function dtypeOf(value: Json | undefined): Json {
  if (value === undefined || value === null) return "float32";
  if (isObject(value) && isObject(value["config"])) return value["config"]["name"] ?? null;
  return value;
}

/** The first layer's input shape without the batch dimension, or undefined when it states none. */
export function readInputShape(config: JsonObject, name: string): number[] | undefined {
  const batched = config["batch_input_shape"] ?? config["batch_shape"];
  const bare = config["input_shape"];
  let dims: Json[];
  if (batched !== undefined && batched !== null) {
    if (!Array.isArray(batched) || batched[0] !== null) throw new TopologyError(`batch_input_shape is ${show(batched)}, want [null, …]: the task sets the batch size`, name);
    dims = batched.slice(1);
  } else if (Array.isArray(bare)) dims = bare;
  else if (bare !== undefined && bare !== null) throw new TopologyError(`input_shape is ${show(bare)}, want a list of sizes`, name);
  else if (config["input_dim"] !== undefined && config["input_dim"] !== null) dims = [config["input_dim"]];
  else return undefined;
  if (dims.length === 0 || dims.length > 8) throw new TopologyError(`the input has ${dims.length} dimensions, want 1 to 8`, name);
  let size = 1;
  const shape = dims.map((d) => {
    if (typeof d !== "number" || !Number.isSafeInteger(d) || d < 1) throw new TopologyError(`the input shape holds ${show(d)}, want whole numbers of 1 or more`, name);
    if (d > MAX_ROW || (size *= d) > MAX_ROW) throw new TopologyError(`an input row of ${show(dims)} is too large, want at most ${MAX_ROW} numbers`, name);
    return d;
  });
  return shape;
}

export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const d of shape) size *= d;
  return size;
}
