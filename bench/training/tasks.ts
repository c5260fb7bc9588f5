/** The tasks that the protocol is measured on: the demo's own, and a larger model on the same digits. */
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { parseTopology, type ModelPlan } from "#engine/topology/index.js";
import { denseTopology } from "#engine/testing/models.js";
import { prepareData } from "#client/data/prepare.js";
import { readTaskFile } from "#client/task/task-file.js";
import { type ComputeSetup } from "#miner/protocol.js";
import { repositoryRoot } from "#platform/entry.js";
import { Loss, Phase, Task, TaskSpec } from "#proto/gen/pouw.js";
import { batchOfSegment, checkSegment, packData, type PackedData, rowShapeOf } from "#protocol/data.js";
import { bitsOf } from "#protocol/floats.js";
import { fillDefaults } from "#protocol/task-spec.js";

export interface BenchTask {
  readonly name: string;
  readonly task: Task;
  readonly spec: TaskSpec;
  readonly plan: ModelPlan;
  readonly batches: ComputeSetup["batches"];
}

const START_HEIGHT = 100n;
const SIDE = 28;

function ready(name: string, spec: TaskSpec, plan: ModelPlan, packed: PackedData): BenchTask {
  // Nothing is anchored here, and miners never wait for it.
  const full = fillDefaults({ ...spec, batches: packed.manifest.batches - packed.manifest.validationBatches, manifestCid: packed.manifestCid, runAhead: 1_000_000n }, plan);
  const shape = rowShapeOf(full, plan);
  const batches = packed.segments.flatMap((bytes, i) => {
    const rows = checkSegment(packed.manifest, shape, i, bytes);
    return Array.from({ length: rows.rows / full.batchSize }, (_, b) => batchOfSegment(shape, rows, full.batchSize, b));
  });
  const task = Task.create({ id: 1n, spec: full, phase: Phase.PHASE_TRAINING, startHeight: START_HEIGHT, startBeacon: new Uint8Array(32).fill(9), parameters: BigInt(plan.parameters) });
  return {
    name,
    task,
    spec: full,
    plan,
    batches: batches.slice(0, full.batches).map(({ x, y }, i) => ({ x: x.slice(), y: y.slice(), hash: packed.manifest.batchHashes[i] as Uint8Array })),
  };
}

/** The demo's task as examples/digits.yaml has it. */
async function digits(): Promise<BenchTask> {
  const { spec, plan, shape, data } = readTaskFile(join(repositoryRoot, "examples", "digits.yaml"));
  const prepared = await prepareData(data, shape, { name: "digits", inputShape: [...plan.inputShape], targetShape: [], batchSize: spec.batchSize });
  const packed = { ...prepared.packed, segments: prepared.packed.segments.map((s) => s.read()) };
  prepared.close();
  return ready(`digits 64-32-10 batch ${spec.batchSize}`, spec, plan, packed);
}

/** 784-128-64-10 in batches of 100, on the digits drawn larger: real gradients make maps of a real size. */
function mlp(): BenchTask {
  const batchSize = 100;
  const rows = readFileSync(join(repositoryRoot, "data", "digits.csv"), "utf8").trim().split("\n").map((l) => l.split(",").map(Number));
  const x = new Float32Array(rows.length * SIDE * SIDE);
  rows.forEach((row, r) => {
    for (let i = 0; i < SIDE * SIDE; i++) x[r * SIDE * SIDE + i] = (row[8 * Math.floor((8 * Math.floor(i / SIDE)) / SIDE) + Math.floor((8 * (i % SIDE)) / SIDE)] as number) / 16;
  });
  const topology = denseTopology(SIDE * SIDE, { units: 128, activation: "relu" }, { units: 64, activation: "relu" }, { units: 10, activation: "softmax" });
  const plan = parseTopology(topology, { maxParameters: 2 ** 26 });
  const packed = packData({ name: "digits", inputShape: [SIDE * SIDE], targetShape: [], classes: 10, batchSize }, { rows: rows.length, x, y: Int32Array.from(rows, (r) => r[64] as number) });
  const spec = TaskSpec.create({ topology, loss: Loss.LOSS_SOFTMAX_CROSS_ENTROPY, batchSize, epochs: 100, slots: 3, supervisors: 3, evaluators: 3, lag: 1, levels: 1, lrBits: bitsOf(0.1), quantumLog2: -8 });
  return ready(`mlp 784-128-64-10 batch ${batchSize}`, spec, plan, packed);
}

export const benchTasks = async (): Promise<BenchTask[]> => [await digits(), mlp()];
