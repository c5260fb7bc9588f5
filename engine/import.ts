/** The two files of a LayersModel: what the topology reads, and its weights in the plan's order. */
import type { ModelPlan } from "#engine/topology/index.js";

interface LayersFile {
  modelTopology?: unknown;
  weightsManifest?: { weights?: { name?: string; shape?: number[]; dtype?: string }[] }[];
}

/** The topology of a model.json, as parseTopology and a task take it. */
export function topologyOfFile(modelJson: string): string {
  const { modelTopology } = JSON.parse(modelJson) as LayersFile;
  if (modelTopology === undefined) throw new Error("model file: there is no modelTopology, want a tfjs LayersModel");
  return JSON.stringify(modelTopology);
}

/** Weights of a model that `plan` was read from. They stand in the file layer by layer, as in the plan; shapes are compared. */
export function readWeights(plan: ModelPlan, modelJson: string, weightsBin: Uint8Array): Float32Array {
  const { weightsManifest = [] } = JSON.parse(modelJson) as LayersFile;
  const stored = weightsManifest.flatMap((m) => m.weights ?? []);
  if (stored.length !== plan.tensors.length) throw new Error(`model file: ${stored.length} tensors, the topology has ${plan.tensors.length}`);
  plan.tensors.forEach((t, i) => {
    const { name = "", shape = [], dtype } = stored[i] ?? {};
    if (dtype !== "float32") throw new Error(`model file: tensor ${name} is ${dtype}, want float32: quantised files are not read`);
    if (shape.length !== t.shape.length || shape.some((d, j) => d !== t.shape[j])) throw new Error(`model file: tensor ${name} has shape [${shape.join(", ")}], ${t.name} has [${t.shape.join(", ")}]`);
  });
  if (weightsBin.length !== 4 * plan.parameters) throw new Error(`model file: ${weightsBin.length} bytes of weights, want ${4 * plan.parameters}`);
  const view = new DataView(weightsBin.buffer, weightsBin.byteOffset, weightsBin.byteLength);
  return Float32Array.from({ length: plan.parameters }, (_, i) => view.getFloat32(4 * i, true));
}
