/** The YAML sugar for models, as a tfjs LayersModel topology. */
export type LayerSugar = string | Record<string, Readonly<Record<string, unknown>> | null>;

export const CLASSES: Readonly<Record<string, string>> = {
  dense: "Dense",
  conv2d: "Conv2D",
  max_pooling2d: "MaxPooling2D",
  average_pooling2d: "AveragePooling2D",
  global_max_pooling2d: "GlobalMaxPooling2D",
  global_average_pooling2d: "GlobalAveragePooling2D",
  activation: "Activation",
  flatten: "Flatten",
  reshape: "Reshape",
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
 * the one short form is `reshape: {shape}`. Throws UnknownLayer.
 */
export function sequentialTopology(input: readonly number[], layers: readonly LayerSugar[]): string {
  const config = layers.map((sugar, i) => {
    const [kind, options] = typeof sugar === "string" ? [sugar, {}] : (Object.entries(sugar)[0] as [string, Record<string, unknown> | null]);
    const className = CLASSES[kind];
    if (!className) throw new UnknownLayer(i, kind);
    const o: Record<string, unknown> = { ...options };
    if ("shape" in o) {
      o.target_shape = o.shape;
      delete o.shape;
    }
    o.name ??= `${kind}_${i + 1}`;
    if (i === 0) o.batch_input_shape = [null, ...input];
    if (kind === "dense" || kind === "conv2d") o.activation ??= "linear";
    return { class_name: className, config: o };
  });
  return JSON.stringify({ class_name: "Sequential", config: { name: "model", layers: config } });
}
