/** The training batches of a task, each checked against the manifest, which its CID checks. */
import { type ModelPlan } from "#engine/topology/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { batchesOfSegment, checkManifestFor, decodeManifest, rowShapeOf } from "#protocol/tasks/data.js";
import { maxManifestBytes, maxSegmentBytes } from "#net/task-data.js";
import { type ComputeSetup } from "./protocol.js";

export async function loadBatches(spec: TaskSpec, plan: ModelPlan, blob: (cid: string, maxBytes: number) => Promise<Uint8Array>): Promise<ComputeSetup["batches"]> {
  const manifest = decodeManifest(await blob(spec.manifestCid, maxManifestBytes(spec)));
  checkManifestFor(manifest, spec, plan);
  const shape = rowShapeOf(spec, plan);
  const out: { x: Float32Array; y: Int32Array | Float32Array; hash: Uint8Array }[] = [];
  for (const [i, ref] of manifest.segments.entries()) {
    if (out.length >= spec.batches) break;
    const bytes = await blob(ref.cid, maxSegmentBytes(spec, plan, ref.batches));
    for (const { x, y, hash } of batchesOfSegment(nodeCrypto, manifest, shape, i, bytes)) out.push({ x: x.slice(), y: y.slice(), hash });
  }
  return out.slice(0, spec.batches);
}
