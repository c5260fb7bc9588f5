/** Layers that slide a window over an image: rows × columns × channels, channels last. */
import { TopologyError } from "./error.js";
import { type Json, type JsonObject, show } from "./json.js";
import { addKernel, allowOptions, begun, type Builder, channelsLast, drawn, readActivation, readCount, readFlag, readPair, rowOf, sequenceOf } from "./options.js";
import type { LayerBody, Window } from "./plan.js";

const CONV = ["filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "groups", "activation", "use_bias", "rank"];
const DEPTHWISE = ["kernel_size", "depth_multiplier", "strides", "padding", "data_format", "dilation_rate", "activation", "use_bias", "rank", "filters", "groups", "kernel_initializer", "kernel_regularizer"];
const SMALLER = "use fewer filters or larger strides";
const POOL = ["pool_size", "strides", "padding", "data_format"];
/** Largest window and stride in one direction. */
const MAX_WINDOW = 1024;

export function readConv2d(config: JsonObject, name: string, inputShape: number[], build: Builder): LayerBody {
  allowOptions(config, name, CONV);
  checkSliding(config, name, 2);
  const filters = readCount(config["filters"], "filters", name);
  const image = imageOf(inputShape, name);
  const window = readWindow(readPair(config["kernel_size"], "kernel_size", name, MAX_WINDOW), config, image, name, [1, 1]);
  return convolution(config, name, inputShape, build, window, image[2], filters, [...window.size, image[2], filters], [...window.positions, filters]);
}

/** A convolution over one direction is one over images of one column. */
export function readConv1d(config: JsonObject, name: string, inputShape: number[], build: Builder): LayerBody {
  allowOptions(config, name, CONV);
  checkSliding(config, name, 1);
  const filters = readCount(config["filters"], "filters", name);
  const [length, channels] = sequenceOf(inputShape, name);
  const window = readWindow([readOne(config["kernel_size"], "kernel_size", name), 1], { ...config, strides: strides1d(config["strides"], name) }, [length, 1, channels], name, [1, 1]);
  return convolution(config, name, inputShape, build, window, channels, filters, [window.size[0], channels, filters], [window.positions[0], filters]);
}

function convolution(config: JsonObject, name: string, inputShape: number[], build: Builder, window: Window, channels: number, filters: number, kernelShape: number[], outputs: number[]): LayerBody {
  const useBias = readFlag(config["use_bias"], "use_bias", name, true);
  const activation = readActivation(config["activation"] ?? "linear", name);
  const [kh, kw] = window.size;
  const { kernel, bias } = addKernel(build, name, "use fewer filters or a smaller kernel", drawn("kernel", kernelShape, kh * kw * channels, kh * kw * filters), useBias ? begun("bias", [filters]) : undefined);
  const outputShape = rowOf(outputs, name, SMALLER);
  checkColumns(window, channels, name);
  build.macs += BigInt(kernel.size) * BigInt(window.positions[0] * window.positions[1]);
  return { kind: "conv2d", name, inputShape, outputShape, window, channels, filters, activation, kernel, bias };
}

export function readDepthwise(config: JsonObject, name: string, inputShape: number[], build: Builder): LayerBody {
  allowOptions(config, name, DEPTHWISE);
  checkSliding(config, name, 2);
  const multiplier = readCount(config["depth_multiplier"] ?? 1, "depth_multiplier", name);
  const useBias = readFlag(config["use_bias"], "use_bias", name, true);
  const activation = readActivation(config["activation"] ?? "linear", name);
  const image = imageOf(inputShape, name);
  const channels = image[2];
  const window = readWindow(readPair(config["kernel_size"], "kernel_size", name, MAX_WINDOW), config, image, name, [1, 1]);
  const [kh, kw] = window.size;
  const { kernel, bias } = addKernel(build, name, "use a smaller kernel or depth_multiplier", drawn("depthwise_kernel", [kh, kw, channels, multiplier], kh * kw * channels, kh * kw * multiplier), useBias ? begun("bias", [channels * multiplier]) : undefined);
  const outputShape = rowOf([...window.positions, channels * multiplier], name, SMALLER);
  checkColumns({ ...window, size: [1, 1] }, channels, name);
  build.macs += BigInt(kernel.size) * BigInt(window.positions[0] * window.positions[1]);
  return { kind: "depthwise", name, inputShape, outputShape, window, channels, multiplier, activation, kernel, bias };
}

export function readPool2d(how: "max" | "average", config: JsonObject, name: string, inputShape: number[]): LayerBody {
  allowOptions(config, name, POOL);
  channelsLast(config["data_format"], name);
  const image = imageOf(inputShape, name);
  const channels = image[2];
  const size = readPair(config["pool_size"] ?? 2, "pool_size", name, MAX_WINDOW);
  const window = readWindow(size, config, image, name, size);
  return { kind: "pool2d", how, name, inputShape, outputShape: rowOf([...window.positions, channels], name, SMALLER), window, channels };
}

export function readPool1d(how: "max" | "average", config: JsonObject, name: string, inputShape: number[]): LayerBody {
  allowOptions(config, name, POOL);
  channelsLast(config["data_format"], name);
  const [length, channels] = sequenceOf(inputShape, name);
  const size = readOne(config["pool_size"] ?? 2, "pool_size", name);
  const window = readWindow([size, 1], { ...config, strides: strides1d(config["strides"] ?? size, name) }, [length, 1, channels], name, [size, 1]);
  return { kind: "pool2d", how, name, inputShape, outputShape: rowOf([window.positions[0], channels], name, SMALLER), window, channels };
}

/** A pool whose window is the whole image; a row of channels is left. */
export function readGlobalPool2d(how: "max" | "average", config: JsonObject, name: string, inputShape: number[]): LayerBody {
  allowOptions(config, name, ["data_format", "keepdims", "keep_dims"]);
  channelsLast(config["data_format"], name);
  for (const option of ["keepdims", "keep_dims"]) if (readFlag(config[option], option, name, false)) throw new TopologyError(`${option} is true, leave it out`, name);
  const [h, w, channels] = imageOf(inputShape, name);
  return wholeImage(how, name, inputShape, [h, w], channels);
}

export function readGlobalPool1d(how: "max" | "average", config: JsonObject, name: string, inputShape: number[]): LayerBody {
  allowOptions(config, name, ["data_format", "keepdims", "keep_dims"]);
  channelsLast(config["data_format"], name);
  for (const option of ["keepdims", "keep_dims"]) if (readFlag(config[option], option, name, false)) throw new TopologyError(`${option} is true, leave it out`, name);
  const [length, channels] = sequenceOf(inputShape, name);
  return wholeImage(how, name, inputShape, [length, 1], channels);
}

function wholeImage(how: "max" | "average", name: string, inputShape: number[], image: [number, number], channels: number): LayerBody {
  const window: Window = { image, size: image, strides: image, positions: [1, 1], before: [0, 0], padded: image };
  return { kind: "pool2d", how, name, inputShape, outputShape: [channels], window, channels };
}

function checkSliding(config: JsonObject, name: string, rank: number): void {
  channelsLast(config["data_format"], name);
  for (const [option, only] of [["dilation_rate", 1], ["groups", 1], ["rank", rank]] as const) {
    const value = config[option];
    if (value !== undefined && value !== null && !(Array.isArray(value) ? value : [value]).every((d) => d === only)) throw new TopologyError(`${option} is ${show(value)}, want ${only}`, name);
  }
}

const readOne = (value: Json | undefined, option: string, name: string): number => readPair(Array.isArray(value) && value.length === 1 ? value[0] : value, option, name, MAX_WINDOW)[0];
const strides1d = (value: Json | undefined, name: string): Json => (value === undefined || value === null ? null : [readOne(value, "strides", name), 1]);

function imageOf(shape: readonly number[], name: string): [number, number, number] {
  const [h, w, c] = shape;
  if (shape.length !== 3 || h === undefined || w === undefined || c === undefined) {
    throw new TopologyError(`got an input of shape [${shape.join(", ")}], want rows × columns × channels: put a Reshape layer before it`, name);
  }
  return [h, w, c];
}

/** TensorFlow's "same": ⌈n / stride⌉ positions, what is missing padded half before, the odd one behind. */
function readWindow(size: [number, number], config: JsonObject, inputShape: readonly number[], name: string, otherwise: [number, number]): Window {
  const strides = config["strides"] === undefined || config["strides"] === null ? otherwise : readPair(config["strides"], "strides", name, MAX_WINDOW);
  const same = readPadding(config["padding"], name);
  const along = (d: 0 | 1): { positions: number; before: number; padded: number } => {
    const [n, k, s] = [inputShape[d] as number, size[d], strides[d]];
    if (!same) {
      if (k > n) throw new TopologyError(`a window of ${size.join(" × ")} on an image of ${inputShape.slice(0, 2).join(" × ")}, want one that fits, or padding "same"`, name);
      return { positions: Math.floor((n - k) / s) + 1, before: 0, padded: n };
    }
    const positions = Math.ceil(n / s);
    const missing = Math.max(0, (positions - 1) * s + k - n);
    return { positions, before: Math.floor(missing / 2), padded: n + missing };
  };
  const [y, x] = [along(0), along(1)];
  return { image: [inputShape[0] as number, inputShape[1] as number], size, strides, positions: [y.positions, x.positions], before: [y.before, x.before], padded: [y.padded, x.padded] };
}

function readPadding(value: Json | undefined, name: string): boolean {
  if (value === undefined || value === null || value === "valid") return false;
  if (value === "same") return true;
  throw new TopologyError(`padding is ${show(value)}, use "valid" or "same"`, name);
}

/** The windows of one image side by side are a matrix; it is what a convolution takes most memory for. */
function checkColumns(window: Window, channels: number, name: string): void {
  const columns = window.size[0] * window.size[1] * channels * window.positions[0] * window.positions[1];
  if (!(columns <= 1 << 28)) throw new TopologyError(`the windows of one image are ${columns} numbers, want at most ${1 << 28}: use a smaller kernel or larger strides`, name);
}
