/** Digests of training runs. */
import { createHash } from "node:crypto";
import { createEngine } from "#engine/index.js";
import type { EngineOptions } from "#engine/types.js";
import { type Rate, traceOfRun } from "#engine/testing/trace.js";
import type { ModelPlan } from "#engine/topology/index.js";

export interface RunDigest {
  K: string;
  weights: string;
  residual: string;
  maps: string;
  losses: string;
}

export async function run(plan: ModelPlan, options: EngineOptions, steps: number, rate: Rate): Promise<RunDigest> {
  const trace = traceOfRun(await createEngine(plan, options), options.loss, steps, rate);
  const digest = (arrays: readonly ArrayBufferView[]): string => {
    const hash = createHash("sha256");
    for (const a of arrays) hash.update(new Uint8Array(a.buffer, a.byteOffset, a.byteLength));
    return hash.digest("hex");
  };
  return { K: digest(trace.K), weights: digest(trace.weights), residual: digest(trace.residual), maps: digest(trace.maps), losses: digest(trace.losses) };
}
