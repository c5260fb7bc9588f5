/** A trained model as the two files of a tfjs LayersModel: stock `tf.loadLayersModel` reads them. */
import { fileLayers, type LayerPlan, type ModelPlan, type Window } from "#engine/topology/index.js";

export const WEIGHTS_FILE = "weights.bin";

/**
 * `topologyJson` is what the plan was read from. The layers are written anew from the plan, so that
 * what was said in another dialect (Keras 3, short forms) is a file that every tfjs loads.
 */
export function writeLayersModel(plan: ModelPlan, topologyJson: string, weights: Float32Array): { modelJson: string; weightsBin: Uint8Array } {
  if (weights.length !== plan.parameters) throw new Error(`export: ${weights.length} weights, the model has ${plan.parameters}`);
  const file = fileLayers(topologyJson);
  const sequential = file.every((l) => l.inputs === undefined);
  const layers = plan.layers.map((layer, i) => {
    const class_name = file[i]?.className as string;
    const first = i === 0 ? { batch_input_shape: [null, ...plan.inputShape], dtype: "float32" } : {};
    const written = { class_name, config: { ...configOf(layer, class_name), ...first, name: layer.name } };
    if (sequential) return written;
    const inputs = layer.from.filter((f) => f >= 0).map((f) => [plan.layers[f]?.name, 0, 0]);
    return { ...written, name: layer.name, inbound_nodes: inputs.length === 0 ? [] : [inputs.map((reference) => [...reference, layer.kind === "attention" ? { value: reference, use_causal_mask: layer.causal } : {}])] };
  });
  const [input, output] = [plan.layers[0], plan.layers.at(-1)].map((l) => [[l?.name, 0, 0]]);
  const config = sequential ? { name: "sequential", layers } : { name: "model", layers, input_layers: input, output_layers: output };
  const modelJson = JSON.stringify({
    format: "layers-model",
    generatedBy: "pouwd",
    convertedBy: null,
    modelTopology: { class_name: sequential ? "Sequential" : "Functional", config, keras_version: "tfjs-layers 4.22.0", backend: "tensor_flow.js" },
    weightsManifest: [{ paths: [WEIGHTS_FILE], weights: plan.tensors.map(({ name, shape }) => ({ name, shape, dtype: "float32" })) }],
  });
  // Little-endian by the format's definition, as in the engine's memory.
  const weightsBin = new Uint8Array(weights.length * 4);
  const view = new DataView(weightsBin.buffer);
  weights.forEach((w, i) => view.setFloat32(i * 4, w, true));
  return { modelJson, weightsBin };
}

function configOf(layer: LayerPlan, className: string): Record<string, unknown> {
  const use_bias = "bias" in layer && layer.bias !== undefined;
  const [center, scale] = ["beta" in layer && layer.beta !== undefined, "gamma" in layer && layer.gamma !== undefined];
  const flat = className.endsWith("1D");
  switch (layer.kind) {
    case "dense":
      return { units: layer.units, activation: layer.activation, use_bias };
    case "activation":
      if (className === "LeakyReLU") return { alpha: layer.slope };
      if (className === "ReLU") return layer.slope === 0 ? {} : { negative_slope: layer.slope };
      return className === "Softmax" ? {} : { activation: layer.activation };
    case "conv2d":
      return { filters: layer.filters, kernel_size: along(layer.window.size, flat), ...slidingOf(layer.window, flat), dilation_rate: along([1, 1], flat), activation: layer.activation, use_bias };
    case "depthwise":
      return { kernel_size: layer.window.size, depth_multiplier: layer.multiplier, ...slidingOf(layer.window, flat), dilation_rate: [1, 1], activation: layer.activation, use_bias };
    case "pool2d":
      return className.startsWith("Global") ? { data_format: "channels_last" } : { pool_size: along(layer.window.size, flat), ...slidingOf(layer.window, flat) };
    case "shape":
      return className === "Reshape" ? { target_shape: layer.outputShape } : {};
    case "merge":
      return layer.how === "concatenate" ? { axis: -1 } : {};
    case "dropout":
      return { rate: layer.rate };
    case "embedding":
      return { input_dim: layer.vocabulary, output_dim: layer.width, ...(layer.inputShape.length === 1 ? { input_length: layer.length } : {}) };
    case "position":
      return { sequence_length: layer.length };
    case "layerNorm":
      return { axis: -1, epsilon: layer.epsilon, center, scale };
    case "batchNorm":
      return { axis: -1, epsilon: layer.epsilon, momentum: layer.momentum, center, scale };
    case "gru":
    case "lstm": {
      const cell = { units: layer.units, activation: "tanh", recurrent_activation: layer.gate === "sigmoid" ? "sigmoid" : "hard_sigmoid", use_bias, return_sequences: layer.sequences };
      return layer.kind === "gru" ? { ...cell, reset_after: false } : { ...cell, unit_forget_bias: layer.bias?.initial === "forget" };
    }
    case "attention":
      return { num_heads: layer.heads, key_dim: layer.keyWidth, value_dim: layer.valueWidth, use_bias: layer.query.bias !== undefined, dropout: 0 };
  }
}

/** A window over one direction stands in the plan as one over images of one column. */
const along = (pair: readonly [number, number], flat: boolean): number[] => (flat ? [pair[0]] : [...pair]);

/** Where "same" pads nothing it is "valid", so the padded size tells which of them it was. */
function slidingOf({ image, padded, strides }: Window, flat: boolean): Record<string, unknown> {
  const same = padded.some((n, d) => n !== image[d]);
  return { strides: along(strides, flat), padding: same ? "same" : "valid", data_format: "channels_last" };
}
