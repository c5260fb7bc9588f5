/** The YAML sugar for models, as a tfjs LayersModel topology. */
export type LayerSugar = string | Record<string, Readonly<Record<string, unknown>> | null>;

export const CLASSES: Readonly<Record<string, string>> = {
  dense: "Dense",
  conv1d: "Conv1D",
  conv2d: "Conv2D",
  depthwise_conv2d: "DepthwiseConv2D",
  max_pooling1d: "MaxPooling1D",
  max_pooling2d: "MaxPooling2D",
  average_pooling1d: "AveragePooling1D",
  average_pooling2d: "AveragePooling2D",
  global_max_pooling1d: "GlobalMaxPooling1D",
  global_max_pooling2d: "GlobalMaxPooling2D",
  global_average_pooling1d: "GlobalAveragePooling1D",
  global_average_pooling2d: "GlobalAveragePooling2D",
  batch_normalization: "BatchNormalization",
  layer_normalization: "LayerNormalization",
  dropout: "Dropout",
  embedding: "Embedding",
  position_embedding: "PositionEmbedding",
  gru: "GRU",
  lstm: "LSTM",
  multi_head_attention: "MultiHeadAttention",
  activation: "Activation",
  relu: "ReLU",
  leaky_relu: "LeakyReLU",
  flatten: "Flatten",
  reshape: "Reshape",
  add: "Add",
  multiply: "Multiply",
  concatenate: "Concatenate",
};

/** A kind of layer that this chain does not train. */
export class UnknownLayer extends Error {
  override readonly name = "UnknownLayer";
  constructor(
    readonly index: number,
    readonly kind: string,
  ) {
    super(`there is no layer ${JSON.stringify(kind)}, want one of ${Object.keys(CLASSES).join(", ")}.`);
  }
}

/**
 * One entry a layer: its kind, with the options that Keras gives it: `dense: {units, activation, use_bias}`,
 * `conv2d: {filters, kernel_size, strides, padding, activation}`, `max_pooling2d: {pool_size, strides, padding}`, `flatten`;
 * short forms are `reshape: {shape}`, and `causal` of attention. A layer reads the one before it, unless `from` names one
 * or a list of others by their `name`: then the model is a graph, and `input` names what goes in. Throws UnknownLayer.
 */
export function topologyOfSugar(input: readonly number[], layers: readonly LayerSugar[]): string {
  const read = layers.map((sugar, i) => {
    const [kind, options] = typeof sugar === "string" ? [sugar, {}] : (Object.entries(sugar)[0] as [string, Record<string, unknown> | null]);
    const className = CLASSES[kind];
    if (!className) throw new UnknownLayer(i, kind);
    const { from, causal, ...config }: Record<string, unknown> = { ...options };
    if ("shape" in config) {
      config.target_shape = config.shape;
      delete config.shape;
    }
    config.name ??= `${kind}_${i + 1}`;
    if (kind === "dense" || kind.endsWith("conv2d") || kind === "conv1d") config.activation ??= "linear";
    if (kind === "gru" || kind === "lstm") config.recurrent_activation ??= "sigmoid";
    return { class_name: className, name: config.name, config, from: from === undefined ? undefined : [from].flat(), call: causal === undefined ? {} : { use_causal_mask: causal } };
  });
  if (read.every((l) => l.from === undefined && Object.keys(l.call).length === 0)) {
    const sequential = read.map(({ class_name, config }, i) => ({ class_name, config: i === 0 ? { ...config, batch_input_shape: [null, ...input] } : config }));
    return JSON.stringify({ class_name: "Sequential", config: { name: "model", layers: sequential } });
  }
  const first = { class_name: "InputLayer", name: "input", config: { name: "input", batch_input_shape: [null, ...input] }, inbound_nodes: [] };
  const graph = read.map(({ class_name, name, config, from, call }, i) => {
    const inputs = from ?? [i === 0 ? "input" : read[i - 1]?.name];
    return { class_name, name, config, inbound_nodes: [inputs.map((f) => [f, 0, 0, call])] };
  });
  return JSON.stringify({ class_name: "Functional", config: { name: "model", layers: [first, ...graph], input_layers: [["input", 0, 0]], output_layers: [[read.at(-1)?.name, 0, 0]] } });
}
