/** The tasks that the protocol is measured on: the demo's own, and a larger model on the same digits. */
import { oneGroup } from "#engine/quanta.js";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { parseTopology, type ModelPlan } from "#engine/topology/index.js";
import { REFERENCE_MODELS } from "#engine/reference.js";
import { prepareData } from "#client/data/prepare.js";
import { readTaskFile } from "#client/task/task-file.js";
import { type StartedTask } from "#protocol/tasks/task-view.js";
import { type ComputeSetup } from "#miner/protocol.js";
import { nodeCrypto } from "#platform/crypto.js";
import { repositoryRoot } from "#platform/entry.js";
import { Loss, Phase, Task, TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { batchOfSegment, checkSegment, packData, type PackedData, rowShapeOf } from "#protocol/tasks/data.js";
import { bitsOf } from "#protocol/floats.js";
import { fillDefaults, MAX_PARAMETERS } from "#protocol/tasks/task-spec.js";

export interface BenchTask {
  readonly name: string;
  readonly task: StartedTask;
  readonly spec: TaskSpec;
  readonly plan: ModelPlan;
  readonly batches: ComputeSetup["batches"];
}

const START_HEIGHT = 100n;
const SIDE = 28;
/** of 100 rows, as MNIST has: an epoch's order is drawn as seldom as there */
const BATCHES = 600;

/** `batches`: as if there were so many, the real ones over and over. */
function ready(name: string, spec: TaskSpec, plan: ModelPlan, packed: PackedData, batches = packed.manifest.batches - packed.manifest.validationBatches): BenchTask {
  // Nothing is anchored here, and miners never wait for it.
  const full = fillDefaults({ ...spec, batches, manifestCid: packed.manifestCid, runAhead: 1_000_000n }, plan);
  const shape = rowShapeOf(full, plan);
  const real = packed.segments.flatMap((bytes, i) => {
    const rows = checkSegment(nodeCrypto, packed.manifest, shape, i, bytes);
    return Array.from({ length: rows.rows / full.batchSize }, (_, b) => batchOfSegment(shape, rows, full.batchSize, b));
  });
  const copies = real.slice(0, packed.manifest.batches - packed.manifest.validationBatches).map(({ x, y }, i) => ({ x: x.slice(), y: y.slice(), hash: packed.manifest.batchHashes[i] as Uint8Array }));
  const task = { ...Task.create({ id: 1n, phase: Phase.PHASE_TRAINING, parameters: BigInt(plan.parameters) }), spec: full, startHeight: START_HEIGHT, startBeacon: new Uint8Array(32).fill(9) };
  return {
    name,
    task,
    spec: full,
    plan,
    batches: Array.from({ length: batches }, (_, i) => copies[i % copies.length] as (typeof copies)[number]),
  };
}

/** The demo's task as examples/digits.yaml has it, or for another number of epochs. */
export async function digits(epochs?: number): Promise<BenchTask> {
  const { spec, plan, shape, data } = readTaskFile(join(repositoryRoot, "examples", "digits.yaml"));
  const prepared = await prepareData(data, shape, { name: "digits", inputShape: [...plan.inputShape], targetShape: [], batchSize: spec.batchSize });
  const packed = { ...prepared.packed, segments: prepared.packed.segments.map((s) => s.read()) };
  prepared.close();
  return ready(`digits 64-32-10 batch ${spec.batchSize}`, { ...spec, epochs: epochs ?? spec.epochs }, plan, packed);
}

/** A reference model on the digits drawn larger: real gradients make maps of a real size. */
function reference(name: (typeof REFERENCE_MODELS)[number]["name"], slots: number): BenchTask {
  const { topology, title, batch } = REFERENCE_MODELS.find((m) => m.name === name) as (typeof REFERENCE_MODELS)[number];
  const rows = readFileSync(join(repositoryRoot, "data", "digits.csv"), "utf8").trim().split("\n").map((l) => l.split(",").map(Number));
  const x = new Float32Array(rows.length * SIDE * SIDE);
  rows.forEach((row, r) => {
    for (let i = 0; i < SIDE * SIDE; i++) x[r * SIDE * SIDE + i] = (row[8 * Math.floor((8 * Math.floor(i / SIDE)) / SIDE) + Math.floor((8 * (i % SIDE)) / SIDE)] as number) / 16;
  });
  const plan = parseTopology(topology, { maxParameters: MAX_PARAMETERS });
  const packed = packData(nodeCrypto, { name: "digits", inputShape: [...plan.inputShape], targetShape: [], classes: 10, batchSize: batch }, { rows: rows.length, x, y: Int32Array.from(rows, (r) => r[64] as number) });
  const lr = 0.1 * Math.min(1, 8 / slots);
  const spec = TaskSpec.create({ topology, loss: Loss.LOSS_SOFTMAX_CROSS_ENTROPY, batchSize: batch, epochs: 20, slots, supervisors: 3, evaluators: 3, lag: 1, lrBits: bitsOf(lr), quanta: oneGroup(plan, Math.round(Math.log2(lr / 25))) });
  return ready(`${title} batch ${batch}`, spec, plan, packed, BATCHES);
}

export const benchTasks = async (): Promise<BenchTask[]> => [await digits(), reference("mlp", 3)];

/** One slot among eleven, so that an iteration adds the maps of ten peers. */
export const overheadTasks = (): BenchTask[] => [reference("mlp", 11), reference("lenet", 11)];
