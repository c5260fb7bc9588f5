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

/** InputLayer, Flatten and Reshape: the row-major elements stay where they are. */
export interface ShapeLayer extends LayerShape {
  kind: "shape";
}

export type LayerPlan = DenseLayer | ActivationLayer | ShapeLayer;

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
