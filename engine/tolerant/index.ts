/**
 * The tolerant profile `tf-f32`: gradients by TensorFlow.js, everything that is state by the exact kernels.
 *
 * It is a door of its own: nothing that imports engine/index.ts loads any TensorFlow.
 */
import { chooseHost } from "#engine/index.js";
import { checkFits, ExactEngine } from "#engine/exact.js";
import type { ModelPlan } from "#engine/topology/index.js";
import type { Engine, EngineOptions } from "#engine/types.js";
import { type TensorFlow, tensorModel } from "./model.js";
import { TensorNetwork } from "./network.js";

export type { TensorFlow } from "./model.js";
export { noTensorFlow, tensorFlow } from "./tensorflow.js";

/** `topologyJson` is what the plan was read from. */
export async function createTolerantEngine(tf: TensorFlow, plan: ModelPlan, topologyJson: string, options: EngineOptions): Promise<Engine> {
  checkFits(plan, options.batchSize);
  await tf.ready();
  const model = await tensorModel(tf, plan, topologyJson, options.loss);
  return new ExactEngine(plan, options, await chooseHost(options.host ?? "auto"), {
    profile: "tf-f32",
    network: (arena, host, at) => new TensorNetwork(tf, model, plan, options.loss, arena, host, at),
  });
}
