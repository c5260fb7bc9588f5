/** A task trained here and now: data, group and evaluation as the network has them, in one process. */
import { createEngine } from "#engine/index.js";
import type { Batch } from "#engine/types.js";
import { openTestSet } from "#platform/seal.js";
import { engineOptionsOf } from "#protocol/engine-options.js";
import { batchesOfSegment, decodeSegment } from "#protocol/data.js";
import { evaluateModel } from "#protocol/evaluation.js";
import { NOT_FINITE } from "#protocol/floats.js";
import { taskSeed } from "#protocol/initial.js";
import { LocalGroup } from "#protocol/local-group.js";
import { totalPositions } from "#protocol/positions.js";
import { fillDefaults } from "#protocol/task-spec.js";
import { checkData } from "./check.js";
import { type TaskFile } from "./task-file.js";

export interface LocalOptions {
  readonly chainId: string;
  readonly taskId: bigint;
  readonly beacon: Uint8Array;
  /** after each round: iterations done, of how many, the round's mean loss */
  readonly progress: (done: number, of: number, loss: number) => void;
}

export interface LocalResult {
  readonly iterations: number;
  readonly seconds: number;
  readonly modelDigest: Uint8Array;
  /** of the test set, as evaluators score it; higher is better */
  readonly score: bigint;
  /** right rows of the test set over its rows; absent for regression */
  readonly accuracy: number | undefined;
  readonly weights: Float32Array;
  readonly host: "wasm" | "native";
}

/** Throws what reading the data throws, and one line where the model does not fit an engine. */
export async function trainLocally(file: TaskFile, o: LocalOptions): Promise<LocalResult> {
  const { plan, shape } = file;
  const data = checkData(file);
  const { manifest, manifestCid, segments } = data.packed;
  const batches = segments.flatMap((bytes, i) => batchesOfSegment(manifest, shape, i, bytes)).map(({ hash, ...batch }) => ({ batch, hash }));
  const test = decodeSegment(shape, openTestSet(data.test.sealed, data.test.key, manifestCid));
  const spec = fillDefaults({ ...file.spec, batches: manifest.batches - manifest.validationBatches, manifestCid }, plan);
  const engine = await createEngine(plan, engineOptionsOf(spec));
  const group = new LocalGroup({ ...o, spec, engine, seed: taskSeed(o.beacon, o.taskId), height: 1n, batch: (n) => batches[n] as { batch: Batch; hash: Uint8Array } });

  const total = Number(totalPositions(spec));
  const start = performance.now();
  let losses: number[] = [];
  let done = 0;
  for (const { header } of group.run()) {
    done++;
    if (header.loss !== NOT_FINITE) losses.push(header.loss / 1e6);
    if (header.slot < spec.slots - 1 && done < total) continue;
    o.progress(done, total, losses.reduce((a, b) => a + b, 0) / losses.length);
    losses = [];
  }
  const seconds = (performance.now() - start) / 1000;
  const { score, correct, rows } = evaluateModel(engine, shape, test);
  const modelDigest = group.replica.digestAt(group.replica.clock);
  if (!modelDigest) throw new Error("train: the group does not know its own state");
  return { iterations: done, seconds, modelDigest, score, accuracy: shape.classes > 0 ? correct / rows : undefined, weights: engine.weights().slice(), host: engine.host };
}
