/** A model that this chain does not train: one line naming the layer, what was got and what would do. */
export class TopologyError extends Error {
  override readonly name = "TopologyError";
  constructor(
    text: string,
    /** The layer's name, or undefined when the fault is of the model as a whole. */
    readonly layer?: string,
  ) {
    super(layer === undefined ? `model: ${text}` : `layer "${layer}": ${text}`);
  }
}
