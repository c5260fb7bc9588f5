/** Engines of the exact profile. Host "native" or "wasm" changes the time and not one bit. */
import type { ModelPlan } from "#engine/topology/index.js";
import { ExactEngine, checkFits } from "#engine/exact.js";
import type { Engine, EngineOptions } from "#engine/types.js";
import { wasmHost } from "#engine/wasm/host.js";

export type { Batch, Engine, EngineOptions, StepOptions, StepResult } from "#engine/types.js";

export async function createEngine(plan: ModelPlan, options: EngineOptions): Promise<Engine> {
  checkFits(plan, options.batchSize);
  return new ExactEngine(plan, options, await wasmHost());
}
