/**
 * A model as the engine and the chain see it: shapes, flat parameter offsets and cost, all known
 * before anything is allocated.
 */

export type Activation = "linear" | "relu" | "tanh" | "sigmoid" | "softmax";

/** One trainable tensor inside the flat parameter vector; offset and size count float32 elements. */
export interface Tensor {
  name: string;
  shape: number[];
  offset: number;
  size: number;
  kind: "kernel" | "bias";
  /** Inputs and outputs of the layer, for the bound of the first weights (biases begin at zero). */
  fanIn: number;
  fanOut: number;
}

interface LayerShape {
  name: string;
  /** Without the batch dimension. */
  inputShape: number[];
  outputShape: number[];
}

export interface DenseLayer extends LayerShape {
  kind: "dense";
  inputs: number;
  units: number;
  activation: Activation;
  kernel: Tensor;
  bias: Tensor | undefined;
}

export interface ActivationLayer extends LayerShape {
  kind: "activation";
  activation: Activation;
}

/** A window that slides over rows and columns; every pair is [rows, columns]. */
export interface Window {
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

export type LayerPlan = DenseLayer | ActivationLayer | Conv2dLayer | Pool2dLayer | ShapeLayer;

export const activationOf = (layer: LayerPlan): Activation => ("activation" in layer ? layer.activation : "linear");

export interface ModelPlan {
  inputShape: number[];
  inputSize: number;
  outputSize: number;
  layers: LayerPlan[];
  tensors: Tensor[];
  /** n of the protocol: trainable parameters. */
  parameters: number;
  /** Multiply-accumulates of one row, forward. */
  macs: bigint;
}

export type Loss = "softmaxCrossEntropy" | "meanSquaredError";
