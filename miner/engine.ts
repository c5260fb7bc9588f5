/** The engines that this miner has: the exact one always, the tolerant one where TensorFlow is installed. */
import { createEngine } from "#engine/index.js";
import { createTolerantEngine, noTensorFlow, tensorFlow } from "#engine/tolerant/index.js";
import type { ModelPlan } from "#engine/topology/index.js";
import type { Engine } from "#engine/types.js";
import { engineOptionsOf } from "#protocol/tasks/engine-options.js";
import { EXACT_PROFILE, isTolerant, TOLERANT_PROFILE } from "#protocol/tasks/profiles.js";
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";

/** What a worker registers with, so that it is drawn for nothing else. */
export const profilesHere = async (tensorFlowPackage?: string): Promise<string[]> => [EXACT_PROFILE, ...((await tensorFlow(tensorFlowPackage)) ? [TOLERANT_PROFILE] : [])];

export async function engineFor(spec: TaskSpec, plan: ModelPlan, tensorFlowPackage?: string): Promise<Engine> {
  const options = engineOptionsOf(spec);
  if (!isTolerant(spec.profile)) return createEngine(plan, options);
  const tf = await tensorFlow(tensorFlowPackage);
  if (!tf) throw new Error(noTensorFlow(tensorFlowPackage));
  return createTolerantEngine(tf, plan, spec.topology, options);
}
