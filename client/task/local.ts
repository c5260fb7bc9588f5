/** A task trained here and now: data, group and evaluation as the network has them, in one process. */
import { createEngine } from "#engine/index.js";
import { type Batch, type Engine } from "#engine/types.js";
import { nodeCrypto } from "#platform/crypto.js";
import { openTestSet } from "#platform/seal.js";
import { batchesOfSegment, decodeSegment, type RowShape } from "#protocol/tasks/data.js";
import { engineOptionsOf } from "#protocol/tasks/engine-options.js";
import { evaluateModel } from "#protocol/tasks/evaluation.js";
import { taskSeed } from "#protocol/state/initial.js";
import { LocalGroup } from "#protocol/state/local-group.js";
import { totalPositions } from "#protocol/log/positions.js";
import { fillDefaults } from "#protocol/tasks/task-spec.js";
import { CliError } from "../cli-error.js";
import { type RowStore } from "../data/prepare.js";
import { checkData, completeSpec } from "./check.js";
import { isFiniteScore } from "./figures.js";
import { fit } from "./fit.js";
import { Starvation, starvationNotes } from "./trial.js";
import { type TaskFile } from "./task-file.js";

export interface LocalOptions {
  readonly chainId: string;
  readonly taskId: bigint;
  readonly beacon: Uint8Array;
  readonly progress: (p: Progress) => void;
  /** what a trial found, and what starved */
  readonly note?: (text: string) => void;
}

/** After each round. */
export interface Progress {
  /** iterations */
  readonly done: number;
  readonly of: number;
  /** mean of the round's iterations, but of those that were null; NaN where all were */
  readonly loss: number;
  /** how many of the round's iterations were null: their loss or gradient was not finite */
  readonly nulls: number;
  /** the last one, taken after every epoch */
  readonly validation: Validation | undefined;
}

/** How the model does on rows that it is not trained on. */
export interface Validation {
  readonly rows: number;
  readonly loss: number;
  /** absent for regression */
  readonly accuracy: number | undefined;
}

export interface LocalResult {
  readonly iterations: number;
  readonly seconds: number;
  readonly modelDigest: Uint8Array;
  readonly validation: Validation | undefined;
  /** of the test set, as evaluators score it; higher is better */
  readonly score: bigint;
  /** right rows of the test set over its rows; absent for regression */
  readonly accuracy: number | undefined;
  readonly weights: Float32Array;
  readonly host: "wasm" | "native";
  /** of a text: its characters by their codes */
  readonly vocabulary: readonly string[] | undefined;
}

/** Throws what reading the data throws, one line where the model does not fit an engine, and one where training diverged. */
export async function trainLocally(file: TaskFile, o: LocalOptions): Promise<LocalResult> {
  const { shape } = file;
  const data = await checkData(file);
  try {
    const { manifest, manifestCid, segments } = data.packed;
    const batches = segments.flatMap((s, i) => batchesOfSegment(nodeCrypto, manifest, shape, i, s.read())).map(({ hash, ...batch }) => ({ batch, hash }));
    const test = decodeSegment(shape, openTestSet(data.test.sealed, data.test.key, manifestCid));
    const trained = manifest.batches - manifest.validationBatches;
    completeSpec(file, data);
    const fitted = await fit(file, data);
    const { plan, notes } = fitted;
    for (const note of notes) o.note?.(note);
    const spec = fillDefaults(fitted.spec, plan);
    const engine = await createEngine(plan, engineOptionsOf(spec));
    const group = new LocalGroup({ ...o, hash: nodeCrypto, spec, engine, seed: taskSeed(nodeCrypto, o.beacon, o.taskId), height: 1n, batch: (n) => batches[n] as { batch: Batch; hash: Uint8Array } });
    const held = data.validation ?? heldBatches(batches.slice(trained).map((b) => b.batch), spec.batchSize);

    const total = Number(totalPositions(spec));
    const start = performance.now();
    let losses: number[] = [];
    let done = 0;
    let nulls = 0;
    let validation: Validation | undefined;
    let validating = 0;
    const starvation = new Starvation(plan, spec.quanta);
    for (const { header, loss } of group.run()) {
      done++;
      if (!header.null) starvation.add(engine);
      losses.push(loss);
      nulls = header.null ? nulls + 1 : 0;
      // Null iterations change nothing: once every batch was null at one and the same state, all others will be.
      if (nulls >= trained + spec.lag * spec.slots) throw diverged(done - nulls, total);
      if (held && done % trained === 0 && done < total) {
        const began = performance.now();
        validation = validate(engine, shape, held);
        validating += performance.now() - began;
      }
      if (header.slot < spec.slots - 1 || done === total) continue;
      o.progress({ done, of: total, ...figuresOf(losses), validation });
      losses = [];
    }
    const seconds = (performance.now() - start - validating) / 1000;
    if (held) validation = validate(engine, shape, held);
    o.progress({ done, of: total, ...figuresOf(losses), validation });
    const { score, correct, rows } = evaluateModel(engine, shape, test);
    if (nulls >= losses.length || !isFiniteScore(score) || (validation && !Number.isFinite(validation.loss))) throw diverged(done - nulls, total);
    const modelDigest = group.replica.digestAt(group.replica.clock);
    if (!modelDigest) throw new Error("train: the group does not know its own state");
    // A quantum that starves from the beginning was told of before.
    if (!notes.some((n) => n.includes("pouwd task tune"))) for (const note of await starvationNotes(spec, plan, fitted.data, starvation.parts())) o.note?.(note);
    const accuracy = shape.classes > 0 ? correct / rows : undefined;
    return { iterations: done, seconds, modelDigest, validation, score, accuracy, weights: engine.weights().slice(), host: engine.host, vocabulary: data.vocabulary };
  } finally {
    data.close();
  }
}

function figuresOf(losses: readonly number[]): Pick<Progress, "loss" | "nulls"> {
  const finite = losses.filter(Number.isFinite);
  return { loss: finite.reduce((a, b) => a + b, 0) / finite.length, nulls: losses.length - finite.length };
}

const diverged = (after: number, of: number): CliError =>
  new CliError("diverged", `training diverged: ${after < of ? `after ${after} of ${of} iterations no loss was finite any more` : "the model's loss on rows that it was not trained on is not finite"}. Lower the optimizer's lr, or scale the data (data.normalise, data.scale).`);

/** The manifest's own validation batches, which no group trains on, as rows. */
function heldBatches(batches: readonly Batch[], batchSize: number): RowStore | undefined {
  if (batches.length === 0) return undefined;
  return { rows: batches.length * batchSize, read: (first) => ({ rows: batchSize, ...(batches[first / batchSize] as Batch) }) };
}

/** A batch at a time, at the engine's present K; the last one is filled up with zeros that do not count. */
function validate(engine: Engine, shape: RowShape, held: RowStore): Validation {
  const size = engine.batchSize;
  const width = shape.targetSize || 1;
  let loss = 0;
  let correct = 0;
  for (let first = 0; first < held.rows; first += size) {
    const rows = Math.min(size, held.rows - first);
    let { x, y } = held.read(first, rows);
    if (rows < size) {
      const filled = { x: new Float32Array(size * shape.inputSize), y: shape.classes > 0 ? new Int32Array(size) : new Float32Array(size * width) };
      filled.x.set(x);
      filled.y.set(y);
      ({ x, y } = filled);
    }
    const result = engine.evaluate({ x, y }, rows);
    loss += result.loss.subarray(0, rows).reduce((a, b) => a + b, 0);
    correct += result.correct;
  }
  return { rows: held.rows, loss: loss / held.rows, accuracy: shape.classes > 0 ? correct / held.rows : undefined };
}
