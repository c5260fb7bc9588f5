/** A finished task's best model, rebuilt from the log: maps added up to the clock that the chain recorded. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createEngine } from "#engine/index.js";
import { WEIGHTS_FILE, writeLayersModel } from "#engine/export.js";
import { parseTopology } from "#engine/topology/index.js";
import { BlobClient, fetchSpan, LogClient } from "#net/index.js";
import { maxTestSetBytes } from "#net/task-data.js";
import { nodeCrypto } from "#platform/crypto.js";
import { openTestSet } from "#platform/seal.js";
import { engineOptionsOf } from "#protocol/tasks/engine-options.js";
import { decodeSegment, rowShapeOf, type Rows } from "#protocol/tasks/data.js";
import { initialWeights, taskSeed } from "#protocol/state/initial.js";
import { MAX_PARAMETERS } from "#protocol/tasks/task-spec.js";
import { EvaluationQuery, type QueryTaskResultResponse } from "#proto/gen/pouw/evaluation/v1/query.js";
import { TasksQuery } from "#proto/gen/pouw/tasks/v1/query.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { started } from "#protocol/tasks/task-view.js";
import { type Chain } from "../chain/types.js";

const ZEROS = new Uint8Array(32);

export async function taskResult(chain: Chain, id: bigint): Promise<QueryTaskResultResponse> {
  return (await chain.query(EvaluationQuery.methods.taskResult, { id })).value;
}

export interface BestModel {
  readonly topology: string;
  readonly weights: Float32Array;
  readonly clock: readonly bigint[];
  readonly slot: number;
  /** absent where models were ranked by verified work */
  readonly score: bigint | undefined;
}

/** The best model with its weights. Throws when the task has none yet, or no supervisor serves its log. */
export async function bestModel(chain: Chain, id: bigint, allowPrivate: boolean): Promise<BestModel> {
  const { value: state } = await chain.query(TasksQuery.methods.taskState, { id });
  const { seats, slots } = state;
  if (!state.task) throw new Error(`there is no task ${id}`);
  const task = started(state.task);
  if (task?.bestSlot === undefined) throw new Error(`task ${id} has no best model yet: it is not ranked`);
  const { spec } = task;
  const endpoints = seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && s.endpoint).map((s) => s.endpoint);
  const logs = new LogClient({ endpoints, allowPrivate });
  try {
    const plan = parseTopology(spec.topology, { maxParameters: MAX_PARAMETERS });
    const engine = await createEngine(plan, engineOptionsOf(spec));
    engine.setInitial(initialWeights(nodeCrypto, plan, taskSeed(nodeCrypto, task.startBeacon, task.id)));
    for (const { slot, head } of slots) {
      const count = task.bestClock[slot] ?? 0n;
      if (count === 0n || !head) continue;
      const entries = await fetchSpan(logs, { taskId: id, slot, first: 1n, previous: ZEROS, last: head.seq, hash: head.hash });
      for (const entry of entries.slice(0, Number(count))) engine.addMap(entry.map, 1);
    }
    return { topology: spec.topology, weights: engine.weights().slice(), clock: task.bestClock, slot: task.bestSlot, score: task.bestScore };
  } finally {
    logs.close();
  }
}

/** The test set of a task whose key is revealed, opened by the key on chain. Throws before that. */
export async function testSet(chain: Chain, id: bigint, allowPrivate: boolean): Promise<Rows> {
  const { value: state } = await chain.query(TasksQuery.methods.taskState, { id });
  const { task, seats } = state;
  if (!task?.spec?.testSet) throw new Error(`there is no task ${id}`);
  if (!task.testKey) throw new Error(`the test set of task ${id} is not revealed yet`);
  const { spec } = task;
  const plan = parseTopology(spec.topology, { maxParameters: MAX_PARAMETERS });
  const endpoints = seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && s.endpoint).map((s) => s.endpoint);
  const blobs = new BlobClient({ endpoints, allowPrivate });
  try {
    const sealed = await blobs.get(task.spec.testSet.cid, maxTestSetBytes(spec, plan));
    return decodeSegment(rowShapeOf(spec, plan), openTestSet(sealed, task.testKey, spec.manifestCid));
  } finally {
    blobs.close();
  }
}

/** Writes model.json and weights.bin, which stock tf.loadLayersModel reads. */
export function writeModel(out: string, topology: string, weights: Float32Array): void {
  const plan = parseTopology(topology, { maxParameters: MAX_PARAMETERS });
  const { modelJson, weightsBin } = writeLayersModel(plan, topology, weights);
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "model.json"), modelJson);
  writeFileSync(join(out, WEIGHTS_FILE), weightsBin);
}
