/** What a model costs: its layers, F, memory and map sizes. */
import { groupsOf, type QuantumGroup } from "#engine/quanta.js";
import { activationOf, flop, type LayerPlan, type ModelPlan, type Tensor } from "#engine/topology/index.js";
import type { Optimizer } from "#proto/gen/pouw/tasks/v1/types.js";
import { taskMemoryBytes } from "#protocol/tasks/engine-options.js";
import { residualInterval } from "#protocol/log/positions.js";
import { EXACT_PROFILE } from "#protocol/tasks/profiles.js";
import { largestMap } from "#protocol/tasks/task-spec.js";

export interface InspectedLayer {
  readonly name: string;
  readonly kind: string;
  readonly outputShape: readonly number[];
  readonly parameters: number;
  /** what a task file's quanta name */
  readonly tensors: readonly string[];
  /** multiply-accumulates of one row, forward */
  readonly macs: bigint;
}

export interface Inspection {
  readonly layers: readonly InspectedLayer[];
  readonly parameters: number;
  readonly batch: number;
  /** F of one iteration (protocol section 9) */
  readonly flop: bigint;
  /** bytes that an engine with one slot takes */
  readonly memoryBytes: bigint;
  /** bytes of a map in which every entry fires */
  readonly largestMapBytes: number;
  /** iterations between two hashed residuals */
  readonly residualInterval: bigint;
}

export function inspect(plan: ModelPlan, batch: number, quanta: readonly QuantumGroup[], { profile = EXACT_PROFILE, optimizer }: { profile?: string; optimizer?: Optimizer | undefined } = {}): Inspection {
  return {
    layers: plan.layers.map((l) => layerOf(l, plan.tensors)),
    parameters: plan.parameters,
    batch,
    flop: flop(plan, batch),
    memoryBytes: taskMemoryBytes({ batchSize: batch, optimizer }, plan),
    largestMapBytes: largestMap(groupsOf(quanta, plan.tensors)),
    residualInterval: residualInterval(plan.parameters, profile),
  };
}

const layerOf = (layer: LayerPlan, tensors: readonly Tensor[]): InspectedLayer => ({
  name: layer.name,
  kind: kindOf(layer),
  outputShape: layer.outputShape,
  parameters: layer.parameters,
  tensors: tensors.map((t) => t.name).filter((name) => name.startsWith(`${layer.name}/`)),
  macs: layer.macs,
});

function kindOf(layer: LayerPlan): string {
  if (layer.kind === "pool2d") return `${layer.how} pool`;
  if (layer.kind === "merge") return layer.how;
  if (layer.kind === "activation") return layer.activation;
  const activation = activationOf(layer);
  return activation === "linear" ? layer.kind : `${layer.kind}, ${activation}`;
}
