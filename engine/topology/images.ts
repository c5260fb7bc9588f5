/** Layers that slide a window over an image: rows × columns × channels, channels last. */
import { TopologyError } from "./error.js";
import { type Json, type JsonObject, show } from "./json.js";
import { addTensors, allowOptions, type Builder, channelsLast, MAX_ROW, readActivation, readCount, readFlag, readPair, sizeOf } from "./options.js";
import type { LayerPlan, Window } from "./plan.js";

const CONV = ["filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "groups", "activation", "use_bias", "kernel_initializer", "bias_initializer", "rank"];
const POOL = ["pool_size", "strides", "padding", "data_format"];
/** Largest window and stride in one direction. */
const MAX_WINDOW = 1024;

export function readConv2d(config: JsonObject, name: string, inputShape: number[], build: Builder): LayerPlan {
  allowOptions(config, name, CONV);
  channelsLast(config["data_format"], name);
  for (const [option, only] of [["dilation_rate", 1], ["groups", 1], ["rank", 2]] as const) {
    const value = config[option];
    if (value !== undefined && value !== null && !(Array.isArray(value) ? value : [value]).every((d) => d === only)) throw new TopologyError(`${option} is ${show(value)}, want ${only}`, name);
  }
  const filters = readCount(config["filters"], "filters", name);
  const useBias = readFlag(config["use_bias"], "use_bias", name, true);
  const activation = readActivation(config["activation"] ?? "linear", name);
  const [, , channels] = imageOf(inputShape, name);
  const window = readWindow(readPair(config["kernel_size"], "kernel_size", name, MAX_WINDOW), config, inputShape, name, [1, 1]);
  const [kh, kw] = window.size;
  const fan = { fanIn: kh * kw * channels, fanOut: kh * kw * filters };
  const [kernel, bias] = addTensors(build, name, "use fewer filters or a smaller kernel", [{ kind: "kernel", shape: [kh, kw, channels, filters], ...fan }, ...(useBias ? [{ kind: "bias" as const, shape: [filters], ...fan }] : [])]);
  const outputShape = rowOf([...window.positions, filters], name);
  if (!kernel) throw new TopologyError("has no kernel", name);
  checkColumns(window, channels, name);
  build.macs += BigInt(kernel.size) * BigInt(window.positions[0] * window.positions[1]);
  return { kind: "conv2d", name, inputShape, outputShape, window, channels, filters, activation, kernel, bias };
}

export function readPool2d(how: "max" | "average", config: JsonObject, name: string, inputShape: number[]): LayerPlan {
  allowOptions(config, name, POOL);
  channelsLast(config["data_format"], name);
  const [, , channels] = imageOf(inputShape, name);
  const size = readPair(config["pool_size"] ?? 2, "pool_size", name, MAX_WINDOW);
  const window = readWindow(size, config, inputShape, name, size);
  return { kind: "pool2d", how, name, inputShape, outputShape: rowOf([...window.positions, channels], name), window, channels };
}

/** A pool whose window is the whole image; a row of channels is left. */
export function readGlobalPool2d(how: "max" | "average", config: JsonObject, name: string, inputShape: number[]): LayerPlan {
  allowOptions(config, name, ["data_format", "keepdims", "keep_dims"]);
  channelsLast(config["data_format"], name);
  for (const option of ["keepdims", "keep_dims"]) if (readFlag(config[option], option, name, false)) throw new TopologyError(`${option} is true, leave it out`, name);
  const [h, w, channels] = imageOf(inputShape, name);
  const window: Window = { size: [h, w], strides: [h, w], positions: [1, 1], before: [0, 0], padded: [h, w] };
  return { kind: "pool2d", how, name, inputShape, outputShape: [channels], window, channels };
}

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
  return { size, strides, positions: [y.positions, x.positions], before: [y.before, x.before], padded: [y.padded, x.padded] };
}

function readPadding(value: Json | undefined, name: string): boolean {
  if (value === undefined || value === null || value === "valid") return false;
  if (value === "same") return true;
  throw new TopologyError(`padding is ${show(value)}, use "valid" or "same"`, name);
}

function rowOf(shape: number[], name: string): number[] {
  if (sizeOf(shape) > MAX_ROW) throw new TopologyError(`has an output row of ${shape.join(" × ")}, want at most ${MAX_ROW} numbers: use fewer filters or larger strides`, name);
  return shape;
}

/** The windows of one image side by side are a matrix; it is what a convolution takes most memory for. */
function checkColumns(window: Window, channels: number, name: string): void {
  const columns = window.size[0] * window.size[1] * channels * window.positions[0] * window.positions[1];
  if (!(columns <= 1 << 28)) throw new TopologyError(`the windows of one image are ${columns} numbers, want at most ${1 << 28}: use a smaller kernel or larger strides`, name);
}
