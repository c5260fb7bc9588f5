import { TopologyError } from "./error.js";
import type { LayerPlan, ModelPlan } from "./plan.js";

/**
 * The layers of which TensorFlow.js computes the gradient that this engine computes, held by the compliance suite: a new
 * kind comes in when the suite has passed with it. One whose random part is drawn from the task's seed cannot.
 */
const KINDS: readonly LayerPlan["kind"][] = ["dense", "activation", "conv2d", "depthwise", "pool2d", "shape", "merge", "embedding", "layerNorm", "gru", "lstm"];

/** Throws where the profile tf-f32 does not do for a model. A rule of the chain: by the plan alone. */
export function checkTolerant(plan: ModelPlan): void {
  for (const layer of plan.layers) {
    if (!KINDS.includes(layer.kind)) throw new TopologyError("is not among the layers of the profile tf-f32, take wasm-f32-1", layer.name);
    // Its gradient divides by the whole window in TensorFlow.js, by what lies in the image here (docs/decisions.md).
    if (layer.kind === "pool2d" && layer.how === "average" && layer.window.padded.some((n, d) => n !== layer.window.image[d])) {
      throw new TopologyError('is an average pool with padding, which TensorFlow.js differentiates otherwise: take padding "valid", or the profile wasm-f32-1', layer.name);
    }
  }
}
