/** What only a task's data tell: how many batches, how fast averages can follow, and which quantum groups do. */
import { parseTopology, type ModelPlan } from "#engine/topology/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { totalPositions } from "#protocol/log/positions.js";
import { batchesOfSegment } from "#protocol/tasks/data.js";
import { MAX_PARAMETERS } from "#protocol/tasks/task-spec.js";
import type { PreparedData } from "../data/prepare.js";
import { quantaOf } from "./quanta.js";
import type { TaskFile } from "./task-file.js";
import { findQuanta, type TrialData } from "./trial.js";

/** Segments of 4 MiB that a trial keeps decoded. */
const KEPT_SEGMENTS = 16;

export interface Fitted {
  readonly spec: TaskSpec;
  readonly plan: ModelPlan;
  /** what departs from a default, and what starves; one line each */
  readonly notes: readonly string[];
  readonly data: TrialData;
}

/** The task with what is known without running anything: batches, momentum of averages, default groups. */
export function withBatches(file: TaskFile, { packed: { manifest, manifestCid } }: PreparedData): { spec: TaskSpec; plan: ModelPlan; notes: string[] } {
  const batches = manifest.batches - manifest.validationBatches;
  const bare: TaskSpec = { ...file.spec, batches, manifestCid };
  const { topology, note } = file.sugared ? followingAverages(bare) : { topology: bare.topology };
  const plan = topology === bare.topology ? file.plan : parseTopology(topology, { maxParameters: MAX_PARAMETERS });
  return { spec: { ...bare, topology, quanta: quantaOf(plan, file.quanta, totalPositions(bare)) }, plan, notes: note ? [note] : [] };
}

/** Runs a trial on the data. The same file and data give the same task. */
export async function fit(file: TaskFile, prepared: PreparedData): Promise<Fitted> {
  const { spec, plan, notes } = withBatches(file, prepared);
  const data = { batch: batchReader(file, prepared) };
  const found = await findQuanta(spec, plan, file.quanta, data);
  return { spec: { ...spec, quanta: [...found.quanta] }, plan, notes: [...notes, ...found.notes], data };
}

/**
 * Averages that follow slower than a task is long never arrive: with 0.99, Keras' default, a hundredth of the first value is
 * left after 460 iterations, and Keras reaches 36 to 88 % of the digits by the seed. And the slots of a round move them
 * together. So where the file says no momentum an iteration moves an average by 24 parts in all iterations, at least by
 * 1/100, and a round at most by two fifths.
 */
function followingAverages(spec: TaskSpec): { topology: string; note?: string } {
  const model = JSON.parse(spec.topology) as { config: { layers: { class_name: string; config: Record<string, unknown> }[] } };
  const silent = model.config.layers.filter((l) => l.class_name === "BatchNormalization" && l.config["momentum"] === undefined);
  if (silent.length === 0) return { topology: spec.topology };
  const part = Math.min(0.4 / (spec.slots * spec.lag), Math.max(0.01, 24 / Number(totalPositions(spec))));
  if (part === 0.01) return { topology: spec.topology };
  const momentum = Number((1 - part).toFixed(4));
  for (const l of silent) l.config["momentum"] = momentum;
  const note = `momentum ${momentum} of ${silent.length} batch normalisation${silent.length > 1 ? "s" : ""}: with 0.99 averages would not follow in ${totalPositions(spec)} iterations of ${spec.slots} slot${spec.slots > 1 ? "s" : ""}`;
  return { topology: JSON.stringify(model), note };
}

function batchReader({ shape }: TaskFile, { packed: { manifest, segments } }: PreparedData): TrialData["batch"] {
  const decoded = new Map<number, ReturnType<typeof batchesOfSegment>>();
  return (number) => {
    let [segment, first] = [0, 0];
    while (number >= first + (manifest.segments[segment]?.batches ?? Infinity)) first += manifest.segments[segment++]?.batches as number;
    let batches = decoded.get(segment);
    if (!batches) {
      if (decoded.size >= KEPT_SEGMENTS) decoded.delete(decoded.keys().next().value as number);
      batches = batchesOfSegment(nodeCrypto, manifest, shape, segment, (segments[segment] as (typeof segments)[number]).read());
      decoded.set(segment, batches);
    }
    const { hash, ...batch } = batches[number - first] as (typeof batches)[number];
    return { batch, hash };
  };
}
