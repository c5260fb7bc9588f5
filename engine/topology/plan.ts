/**
 * A model as the engine and the chain see it: shapes, flat parameter offsets and cost, all known
 * before anything is allocated.
 */

export type Activation = "linear" | "relu" | "tanh" | "sigmoid" | "softmax" | "gelu" | "leakyRelu";
/** Of the gates of recurrent layers. */
export type GateActivation = "sigmoid" | "hardSigmoid";

/** One tensor inside the flat parameter vector; offset and size count float32 elements. */
export interface Tensor {
  name: string;
  shape: number[];
  offset: number;
  size: number;
  /** the last part of its name, as Keras has it */
  kind: string;
  /** How it begins: drawn by the fans, +0, 1, or the bias of an LSTM, whose second quarter (the forget gate) is 1. */
  initial: "uniform" | "zeros" | "ones" | "forget";
  /** Inputs and outputs of the layer, for the bound of the first weights. */
  fanIn: number;
  fanOut: number;
  /** A moving average: it follows the batches and no gradient, optimizer or decay. */
  statistic?: true;
}

interface LayerShape {
  name: string;
  /** The layers it reads, by their place in the plan; -1 is the model's input. */
  from: number[];
  /** Without the batch dimension; of the first of `from`. */
  inputShape: number[];
  outputShape: number[];
  parameters: number;
  /** multiply-accumulates of one row, forward */
  macs: bigint;
}

export interface DenseLayer extends LayerShape {
  kind: "dense";
  /** how often it is applied within a row: the product of all dimensions but the last */
  positions: number;
  inputs: number;
  units: number;
  /** whether it reads the model's input, where zeros are often many */
  first: boolean;
  activation: Activation;
  kernel: Tensor;
  bias: Tensor | undefined;
}

export interface ActivationLayer extends LayerShape {
  kind: "activation";
  activation: Activation;
  /** of leakyRelu, else 0 */
  slope: number;
}

/** A window that slides over rows and columns; every pair is [rows, columns]. */
export interface Window {
  /** of the input */
  image: [number, number];
  size: [number, number];
  strides: [number, number];
  /** of the output */
  positions: [number, number];
  /** zeros before the image's first row and column */
  before: [number, number];
  /** the image with all its zeros */
  padded: [number, number];
}

export interface Conv2dLayer extends LayerShape {
  kind: "conv2d";
  window: Window;
  channels: number;
  filters: number;
  activation: Activation;
  /** rows × columns × channels × filters */
  kernel: Tensor;
  bias: Tensor | undefined;
}

export interface DepthwiseLayer extends LayerShape {
  kind: "depthwise";
  window: Window;
  channels: number;
  /** outputs of each channel */
  multiplier: number;
  activation: Activation;
  /** rows × columns × channels × multiplier */
  kernel: Tensor;
  bias: Tensor | undefined;
}

export interface Pool2dLayer extends LayerShape {
  kind: "pool2d";
  how: "max" | "average";
  window: Window;
  channels: number;
}

/** InputLayer, Flatten and Reshape: the row-major elements stay where they are. */
export interface ShapeLayer extends LayerShape {
  kind: "shape";
}

/** Add, Multiply: element by element; Concatenate: along the last dimension. */
export interface MergeLayer extends LayerShape {
  kind: "merge";
  how: "add" | "multiply" | "concatenate";
  /** the last dimension of each input */
  widths: number[];
}

export interface DropoutLayer extends LayerShape {
  kind: "dropout";
  rate: number;
  /** which dropout layer of the model it is: a part of its random numbers */
  ordinal: number;
}

export interface EmbeddingLayer extends LayerShape {
  kind: "embedding";
  /** indices in a row */
  length: number;
  vocabulary: number;
  width: number;
  table: Tensor;
}

/** One learned row a position, the same for every row of the batch. */
export interface PositionLayer extends LayerShape {
  kind: "position";
  length: number;
  width: number;
  table: Tensor;
}

/** Over the last dimension of every position. */
export interface LayerNormLayer extends LayerShape {
  kind: "layerNorm";
  positions: number;
  width: number;
  epsilon: number;
  gamma: Tensor | undefined;
  beta: Tensor | undefined;
}

/** Over the batch and all dimensions but the last. */
export interface BatchNormLayer extends LayerShape {
  kind: "batchNorm";
  positions: number;
  width: number;
  epsilon: number;
  momentum: number;
  gamma: Tensor | undefined;
  beta: Tensor | undefined;
  mean: Tensor;
  variance: Tensor;
}

export interface RecurrentLayer extends LayerShape {
  kind: "gru" | "lstm";
  length: number;
  inputs: number;
  units: number;
  gate: GateActivation;
  /** whether every step's state is given out, or the last one */
  sequences: boolean;
  kernel: Tensor;
  recurrent: Tensor;
  bias: Tensor | undefined;
}

interface Projection {
  kernel: Tensor;
  bias: Tensor | undefined;
}

/** Multi-head attention of a sequence to itself. */
export interface AttentionLayer extends LayerShape {
  kind: "attention";
  length: number;
  width: number;
  heads: number;
  keyWidth: number;
  valueWidth: number;
  /** whether a position sees those behind it */
  causal: boolean;
  query: Projection;
  key: Projection;
  value: Projection;
  output: Projection;
}

export type LayerPlan =
  | DenseLayer
  | ActivationLayer
  | Conv2dLayer
  | DepthwiseLayer
  | Pool2dLayer
  | ShapeLayer
  | MergeLayer
  | DropoutLayer
  | EmbeddingLayer
  | PositionLayer
  | LayerNormLayer
  | BatchNormLayer
  | RecurrentLayer
  | AttentionLayer;

/** What a layer's reader makes; where its inputs come from is told beside it. */
export type LayerBody = LayerPlan extends infer L ? (L extends LayerPlan ? Omit<L, "from" | "parameters" | "macs"> : never) : never;

export const activationOf = (layer: LayerPlan): Activation => ("activation" in layer ? layer.activation : "linear");

/** The last layer that computes something: the loss meets its outputs. */
export const lastComputing = (layers: readonly LayerPlan[]): LayerPlan | undefined => layers.filter((l) => l.kind !== "shape").at(-1);

export interface ModelPlan {
  inputShape: number[];
  inputSize: number;
  outputSize: number;
  /** Every layer stands behind those it reads; the last one is the model's output. */
  layers: LayerPlan[];
  tensors: Tensor[];
  /** n of the protocol: all parameters, moving averages among them. */
  parameters: number;
  /** Multiply-accumulates of one row, forward. */
  macs: bigint;
  /** The inputs are indices below this, of an embedding; undefined for numbers. */
  vocabulary: number | undefined;
}

export const LOSSES = ["softmaxCrossEntropy", "meanSquaredError", "binaryCrossEntropy", "meanAbsoluteError", "huber"] as const;
export type Loss = (typeof LOSSES)[number];
