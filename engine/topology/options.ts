/**
 * Options of a layer as tfjs and Keras write them. Every option is either understood, without effect on training, or
 * refused by name: an option passed over in silence would train another model than the client meant.
 */
import { TopologyError } from "./error.js";
import { type Json, type JsonObject, isObject, show } from "./json.js";
import type { Activation, LayerBody, Tensor } from "./plan.js";

/** No row of any layer is larger than this, whatever the limits of the chain say. */
export const MAX_ROW = 1 << 24;
const ACTIVATIONS: readonly string[] = ["linear", "relu", "tanh", "sigmoid", "softmax", "gelu"];

/** Understood for every layer. Initialisers are read past: the first weights come from the task's seed. */
const COMMON = ["name", "kernel_initializer", "bias_initializer", "recurrent_initializer", "depthwise_initializer", "embeddings_initializer", "gamma_initializer", "beta_initializer", "moving_mean_initializer", "moving_variance_initializer", "trainable", "dtype", "batch_input_shape", "batch_shape", "input_shape", "input_dim", "sparse", "ragged"];
/** Allowed only while they are null, as tfjs and Keras write them by default. */
const NULL_ONLY = [
  ...["kernel", "bias", "activity", "recurrent", "depthwise", "embeddings", "beta", "gamma"].map((of) => `${of}_regularizer`),
  ...["kernel", "bias", "recurrent", "depthwise", "embeddings", "beta", "gamma"].map((of) => `${of}_constraint`),
  "lora_rank", "lora_alpha", "quantization_config", "optional", "sliding_window",
];

/** What a model grows by while its layers are read. */
export interface Builder {
  maxParameters: number;
  tensors: Tensor[];
  parameters: number;
  macs: bigint;
  dropouts: number;
  /** of an embedding of the model's input */
  vocabulary: number | undefined;
}

/** One layer of a file, with what it reads. */
export interface Node {
  readonly config: JsonObject;
  readonly name: string;
  /** of every input, in order */
  readonly shapes: readonly number[][];
  /** arguments of the call beside the inputs */
  readonly call: JsonObject;
  /** whether it reads the model's input, through nothing that computes */
  readonly first: boolean;
}

export type Reader = (config: JsonObject, name: string, inputShape: number[], build: Builder, node: Node) => LayerBody;

export type NewTensor = Pick<Tensor, "kind" | "shape" | "initial" | "fanIn" | "fanOut" | "statistic">;

export const drawn = (kind: string, shape: number[], fanIn: number, fanOut: number): NewTensor => ({ kind, shape, initial: "uniform", fanIn, fanOut });
export const begun = (kind: string, shape: number[], initial: Tensor["initial"] = "zeros"): NewTensor => ({ kind, shape, initial, fanIn: 0, fanOut: 0 });

/** Takes a layer's tensors into the flat parameter vector. The bound holds before anything of that size exists. */
export function addTensors(build: Builder, name: string, advice: string, tensors: readonly NewTensor[]): Tensor[] {
  // In bigint: the product of sizes from outside may exceed what a double holds exactly.
  const total = tensors.reduce((sum, x) => sum + x.shape.reduce((a, d) => a * BigInt(d), 1n), BigInt(build.parameters));
  if (total > BigInt(build.maxParameters)) {
    throw new TopologyError(`brings the model to ${total} parameters, want at most ${build.maxParameters}: ${advice}`, name);
  }
  return tensors.map((t) => {
    const tensor: Tensor = { name: `${name}/${t.kind}`, offset: build.parameters, size: sizeOf(t.shape), ...t };
    build.parameters += tensor.size;
    build.tensors.push(tensor);
    return tensor;
  });
}

/** A kernel and, unless it is left out, its bias. */
export function addKernel(build: Builder, name: string, advice: string, kernel: NewTensor, bias: NewTensor | undefined): { kernel: Tensor; bias: Tensor | undefined } {
  const [k, b] = addTensors(build, name, advice, bias ? [kernel, bias] : [kernel]);
  return { kernel: k as Tensor, bias: b };
}

export function allowOptions(config: JsonObject, name: string, own: readonly string[]): void {
  for (const key of Object.keys(config)) {
    const value = config[key];
    if (NULL_ONLY.includes(key)) {
      if (value !== null && value !== false) throw new TopologyError(`option ${key} is not supported, leave it out`, name);
    } else if (!COMMON.includes(key) && !own.includes(key)) {
      throw new TopologyError(`option "${key.slice(0, 40)}" is not known, leave it out${own.length > 0 ? ` or take one of ${own.join(", ")}` : ""}`, name);
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

export function readActivation(value: Json | undefined, name: string): Activation {
  if (typeof value === "string" && ACTIVATIONS.includes(value)) return value as Activation;
  throw new TopologyError(`activation ${show(value)} is not supported, use ${ACTIVATIONS.join(", ")}`, name);
}

export function readFlag(value: Json | undefined, option: string, name: string, otherwise: boolean): boolean {
  const flag = value ?? otherwise;
  if (typeof flag !== "boolean") throw new TopologyError(`${option} is ${show(flag)}, want true or false`, name);
  return flag;
}

export function readCount(value: Json | undefined, option: string, name: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1) throw new TopologyError(`${option} is ${show(value)}, want a whole number of 1 or more`, name);
  return value;
}

/** A number within bounds, both allowed. */
export function readNumber(value: Json | undefined, option: string, name: string, otherwise: number, least: number, most: number): number {
  const number = value ?? otherwise;
  if (typeof number !== "number" || !(number >= least && number <= most)) throw new TopologyError(`${option} is ${show(number)}, want a number from ${least} to ${most}`, name);
  return number;
}

/** Options that are understood with one value alone. */
export function readOnly(config: JsonObject, name: string, only: Readonly<Record<string, readonly Json[]>>): void {
  for (const [option, values] of Object.entries(only)) {
    const value = config[option];
    if (value !== undefined && value !== null && !values.includes(value)) throw new TopologyError(`${option} is ${show(value)}, want ${show(values[0] as Json)}`, name);
  }
}

/** Time × features, of a layer over sequences. */
export function sequenceOf(shape: readonly number[], name: string): [number, number] {
  const [length, width] = shape;
  if (shape.length !== 2 || length === undefined || width === undefined) throw new TopologyError(`got an input of shape [${shape.join(", ")}], want steps × features: put a Reshape or Embedding layer before it`, name);
  return [length, width];
}

export function rowOf(shape: number[], name: string, advice = "use fewer units"): number[] {
  if (sizeOf(shape) > MAX_ROW) throw new TopologyError(`has an output row of ${shape.join(" × ")}, want at most ${MAX_ROW} numbers: ${advice}`, name);
  return shape;
}

/** One size for both directions, or [rows, columns]. */
export function readPair(value: Json | undefined, option: string, name: string, most: number): [number, number] {
  const pair = Array.isArray(value) ? value : [value, value];
  const fits = (d: Json | undefined): d is number => typeof d === "number" && Number.isSafeInteger(d) && d >= 1 && d <= most;
  const [a, b] = pair;
  if (pair.length !== 2 || !fits(a) || !fits(b)) throw new TopologyError(`${option} is ${show(value)}, want one or two whole numbers from 1 to ${most}`, name);
  return [a, b];
}

export function channelsLast(value: Json | undefined, name: string): void {
  if (value === undefined || value === null || value === "channelsLast" || value === "channels_last") return;
  throw new TopologyError(`data_format is ${show(value)}, use "channels_last"`, name);
}

export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const d of shape) size *= d;
  return size;
}
