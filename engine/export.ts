/** A trained model as the two files of a tfjs LayersModel: stock `tf.loadLayersModel` reads them. */
import { type Conv2dLayer, type LayerPlan, type ModelPlan, type Pool2dLayer, layerClasses } from "#engine/topology/index.js";

export const WEIGHTS_FILE = "weights.bin";

/**
 * `topologyJson` is what the plan was read from. The layers are written anew from the plan, so that
 * what was said in another dialect (Keras 3, short forms) is a file that every tfjs loads.
 */
export function writeLayersModel(plan: ModelPlan, topologyJson: string, weights: Float32Array): { modelJson: string; weightsBin: Uint8Array } {
  if (weights.length !== plan.parameters) throw new Error(`export: ${weights.length} weights, the model has ${plan.parameters}`);
  const classes = layerClasses(topologyJson);
  const layers = plan.layers.map((layer, i) => {
    const class_name = classes[i] as string;
    const first = i === 0 ? { batch_input_shape: [null, ...plan.inputShape], dtype: "float32" } : {};
    return { class_name, config: { ...configOf(layer, class_name), ...first, name: layer.name } };
  });
  const modelJson = JSON.stringify({
    format: "layers-model",
    generatedBy: "pouwd",
    convertedBy: null,
    modelTopology: { class_name: "Sequential", config: { name: "sequential", layers }, keras_version: "tfjs-layers 4.22.0", backend: "tensor_flow.js" },
    weightsManifest: [{ paths: [WEIGHTS_FILE], weights: plan.tensors.map(({ name, shape }) => ({ name, shape, dtype: "float32" })) }],
  });
  // Little-endian by the format's definition, as in the engine's memory.
  const weightsBin = new Uint8Array(weights.length * 4);
  const view = new DataView(weightsBin.buffer);
  weights.forEach((w, i) => view.setFloat32(i * 4, w, true));
  return { modelJson, weightsBin };
}

function configOf(layer: LayerPlan, className: string): Record<string, unknown> {
  if (layer.kind === "dense") return { units: layer.units, activation: layer.activation, use_bias: layer.bias !== undefined };
  if (layer.kind === "activation") return { activation: layer.activation };
  if (layer.kind === "conv2d") return { filters: layer.filters, kernel_size: layer.window.size, ...slidingOf(layer), dilation_rate: [1, 1], activation: layer.activation, use_bias: layer.bias !== undefined };
  if (layer.kind === "pool2d") return className.startsWith("Global") ? { data_format: "channels_last" } : { pool_size: layer.window.size, ...slidingOf(layer) };
  return className === "Reshape" ? { target_shape: layer.outputShape } : {};
}

/** Where "same" pads nothing it is "valid", so the padded size tells which of them it was. */
function slidingOf({ window, inputShape }: Conv2dLayer | Pool2dLayer): Record<string, unknown> {
  const same = window.padded.some((n, d) => n !== inputShape[d]);
  return { strides: window.strides, padding: same ? "same" : "valid", data_format: "channels_last" };
}
