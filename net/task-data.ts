/** Bounds on what a client may push for a task, known from its spec before anything is allocated. */
import { type ModelPlan } from "#engine/topology/index.js";
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { MAX_SEGMENT_BYTES, rowShapeOf } from "#protocol/tasks/data.js";

/** The largest manifest that could describe the task: hashes, CIDs and a name. Validation may take as much again as training. */
export const maxManifestBytes = (spec: TaskSpec): number => 4096 + 2 * (spec.batches + 1) * (36 + 70);

/** The sealed test set: nonce, tag and protobuf around rows of x and y. */
export function maxTestSetBytes(spec: TaskSpec, plan: ModelPlan): number {
  const s = rowShapeOf(spec, plan);
  return 12 + 16 + 64 + (spec.testSet?.rows ?? 0) * 4 * (s.inputSize + (s.targetSize || 1));
}

/** protobuf around the rows of a segment: three tags and lengths */
const SEGMENT_OVERHEAD = 32;

/** A segment of so many whole batches: no larger than its batches need, whatever the manifest calls them. */
export function maxSegmentBytes(spec: TaskSpec, plan: ModelPlan, batches: number): number {
  const s = rowShapeOf(spec, plan);
  return Math.min(MAX_SEGMENT_BYTES, SEGMENT_OVERHEAD + batches * spec.batchSize * 4 * (s.inputSize + (s.targetSize || 1)));
}
