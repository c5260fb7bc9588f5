/** The layers that the exact profile `wasm-f32-1` computes: one reader each. */
import { readDense } from "./dense.js";
import { readActivationLayer, readDropout, readLeakyRelu, readMerge, readRelu, readSoftmax } from "./elements.js";
import { TopologyError } from "./error.js";
import { readConv1d, readConv2d, readDepthwise, readGlobalPool1d, readGlobalPool2d, readPool1d, readPool2d } from "./images.js";
import { readBatchNorm, readLayerNorm } from "./normal.js";
import type { Builder, Node, Reader } from "./options.js";
import type { LayerBody } from "./plan.js";
import { readAttention, readEmbedding, readPosition, readRecurrent } from "./sequences.js";
import { readFlatten, readInput, readReshape } from "./shapes.js";

/** By class name, as tfjs and Keras write it. */
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["InputLayer", readInput],
  ["Dense", readDense],
  ["Activation", readActivationLayer],
  ["ReLU", readRelu],
  ["LeakyReLU", readLeakyRelu],
  ["Softmax", readSoftmax],
  ["Dropout", readDropout],
  ["Flatten", readFlatten],
  ["Reshape", readReshape],
  ["Conv1D", readConv1d],
  ["Conv2D", readConv2d],
  ["DepthwiseConv2D", readDepthwise],
  ...(["max", "average"] as const).flatMap((how): [string, Reader][] => {
    const How = how === "max" ? "Max" : "Average";
    return [
      [`${How}Pooling1D`, (config, name, shape) => readPool1d(how, config, name, shape)],
      [`${How}Pooling2D`, (config, name, shape) => readPool2d(how, config, name, shape)],
      [`Global${How}Pooling1D`, (config, name, shape) => readGlobalPool1d(how, config, name, shape)],
      [`Global${How}Pooling2D`, (config, name, shape) => readGlobalPool2d(how, config, name, shape)],
    ];
  }),
  ["BatchNormalization", readBatchNorm],
  ["LayerNormalization", readLayerNorm],
  ["Embedding", readEmbedding],
  ["PositionEmbedding", readPosition],
  ["GRU", (config, name, shape, build) => readRecurrent("gru", config, name, shape, build)],
  ["LSTM", (config, name, shape, build) => readRecurrent("lstm", config, name, shape, build)],
  ["MultiHeadAttention", readAttention],
  ["Add", (config, name, _shape, _build, node) => readMerge("add", config, name, node)],
  ["Multiply", (config, name, _shape, _build, node) => readMerge("multiply", config, name, node)],
  ["Concatenate", (config, name, _shape, _build, node) => readMerge("concatenate", config, name, node)],
]);

const MERGES: readonly string[] = ["Add", "Multiply", "Concatenate"];

export function readLayer(className: string, node: Node, build: Builder): LayerBody {
  const read = READERS.get(className);
  const { config, name, shapes } = node;
  if (!read) throw new TopologyError(`layer type "${className.slice(0, 40)}" is not supported: engine/README.md lists those that are`, name);
  if (shapes.length > 1 && !MERGES.includes(className)) throw new TopologyError(`reads ${shapes.length} layers, want one`, name);
  return read(config, name, shapes[0] as number[], build, node);
}
