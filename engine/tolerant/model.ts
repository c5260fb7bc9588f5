/** A plan as a TensorFlow.js model: its outputs before any softmax, its variables in the plan's order. */
import type * as tfjs from "@tensorflow/tfjs";
import { writeLayersModel } from "#engine/export.js";
import { finalOf } from "#engine/network.js";
import { lastComputing, type Loss, type ModelPlan } from "#engine/topology/index.js";

/** The namespace of @tensorflow/tfjs or of @tensorflow/tfjs-node: only what stands in both is used. */
export type TensorFlow = Pick<typeof tfjs, "io" | "loadLayersModel" | "mul" | "ready" | "sum" | "tensor" | "tidy" | "variableGrads">;

export interface TensorModel {
  /** One for each tensor of the plan. */
  readonly variables: tfjs.Variable[];
  /** rows × outputSize; logits where the loss computes the last activation */
  outputs(x: tfjs.Tensor): tfjs.Tensor;
}

export async function tensorModel(tf: TensorFlow, plan: ModelPlan, topologyJson: string, loss: Loss): Promise<TensorModel> {
  const { modelJson, weightsBin } = writeLayersModel(plan, topologyJson, new Float32Array(plan.parameters));
  const { modelTopology, weightsManifest } = JSON.parse(modelJson) as { modelTopology: object; weightsManifest: { weights: tfjs.io.WeightsManifestEntry[] }[] };
  if (finalOf(plan, loss) !== undefined) makeLastLinear(modelTopology, plan);
  let model: tfjs.LayersModel;
  try {
    model = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest[0]?.weights ?? [], weightData: weightsBin.buffer as ArrayBuffer }));
  } catch (e) {
    throw new Error(`engine: TensorFlow.js does not build this model (${(e as Error).message.split("\n")[0]}): take the profile wasm-f32-1`);
  }
  // Two models of one process share layer names: the name that a weight was given is kept as its original one.
  const byName = new Map((model.trainableWeights as unknown as { originalName: string; val: tfjs.Variable }[]).map((w) => [w.originalName, w.val]));
  const variables = plan.tensors.map(({ name }) => {
    const variable = byName.get(name);
    if (!variable) throw new Error(`engine: TensorFlow.js has no weight ${name} in this model: take the profile wasm-f32-1`);
    return variable;
  });
  if (byName.size !== variables.length) throw new Error(`engine: TensorFlow.js trains ${byName.size} tensors of this model, the plan has ${variables.length}: take the profile wasm-f32-1`);
  return {
    variables,
    outputs: (x) => (model.apply(x, { training: false }) as tfjs.Tensor).reshape([x.shape[0] as number, plan.outputSize]),
  };
}

/** The activation of the last computing layer that belongs to the loss: its layer is made linear, whatever holds it. */
function makeLastLinear(node: unknown, plan: ModelPlan): void {
  const last = lastComputing(plan.layers);
  if (!last) return;
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit);
    if (typeof value !== "object" || value === null) return;
    const layer = value as { class_name?: string; config?: { name?: unknown; activation?: string } | null };
    if (typeof layer.config === "object" && layer.config?.name === last.name) {
      layer.config.activation = "linear";
      if (layer.class_name === "Softmax") layer.class_name = "Activation";
    }
    Object.values(value).forEach(visit);
  };
  visit(node);
}
