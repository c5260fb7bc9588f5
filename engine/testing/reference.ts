/** What TensorFlow.js makes of the same model, weights and batch: the reference for meaning. */
import type { ExecutionContext } from "ava";
import * as tf from "@tensorflow/tfjs";
import { writeLayersModel } from "#engine/export.js";
import { classes, firstWeights, planOf, uniform } from "#engine/testing/models.js";
import { activationOf, lastComputing, type Loss, type ModelPlan } from "#engine/topology/index.js";
import type { Batch, Engine, EngineOptions } from "#engine/types.js";

/** Stock tfjs reading the very files that the exporter writes. */
export async function loadStock(plan: ModelPlan, topology: string, weights: Float32Array): Promise<tf.LayersModel> {
  const { modelJson, weightsBin } = writeLayersModel(plan, topology, weights);
  const { modelTopology, weightsManifest } = JSON.parse(modelJson);
  return tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest[0].weights, weightData: weightsBin.buffer as ArrayBuffer }));
}

/** Differences beside the size of the whole: one tiny entry among large ones is not held to its own size. */
export function relative(got: ArrayLike<number>, want: ArrayLike<number>): number {
  let worst = 0;
  let scale = 1e-6;
  for (let i = 0; i < want.length; i++) {
    scale = Math.max(scale, Math.abs(want[i] as number));
    worst = Math.max(worst, Math.abs((got[i] as number) - (want[i] as number)));
  }
  return worst / scale;
}

/** The loss's slope along one weight, by finite differences. */
export function slopeOf(engine: Engine, w0: Float32Array, batch: Batch, i: number, h: number, random?: Uint8Array): number {
  const at = (d: number) => {
    const w = w0.slice();
    w[i] = (w[i] as number) + d;
    engine.setInitial(w);
    return engine.gradient(batch, random).loss;
  };
  return (at(h) - at(-h)) / (2 * h);
}

/** Weights that let every part of a sum be seen: biases too, and scales off 1. */
export function variedWeights(plan: ModelPlan, seed: number): Float32Array {
  const w0 = firstWeights(plan, seed);
  for (const { initial, offset, size, kind } of plan.tensors) {
    if (initial === "uniform") continue;
    const noise = uniform(size, 0.1, seed + offset + 1);
    const begin = kind === "gamma" || kind === "moving_variance" ? 1 : 0;
    for (let i = 0; i < size; i++) w0[offset + i] = begin + (noise[i] as number);
  }
  return w0;
}

/** A made-up batch that fits the model and the loss. */
export function madeBatch(plan: ModelPlan, loss: Loss, rows: number, seed: number): Batch {
  const N = plan.outputSize;
  const x = plan.vocabulary === undefined ? uniform(rows * plan.inputSize, 2, seed + 1) : Float32Array.from(classes(rows * plan.inputSize, plan.vocabulary, seed + 1));
  if (loss === "softmaxCrossEntropy") return { x, y: classes(rows, N, seed + 2) };
  return { x, y: loss === "binaryCrossEntropy" ? Float32Array.from(classes(rows * N, 2, seed + 2)) : uniform(rows * N, 1, seed + 2) };
}

/** The mean loss by tfjs's operations, from outputs of `rows` × `outputs`. */
function lossByTfjs(loss: Loss, activation: string, out: tf.Tensor2D, y: Batch["y"], rows: number, outputs: number): tf.Scalar {
  if (loss === "softmaxCrossEntropy") {
    const onehot = tf.oneHot(tf.tensor1d(y as Int32Array, "int32"), outputs);
    return tf.neg(tf.mean(tf.sum(tf.mul(onehot, activation === "softmax" ? tf.log(out) : tf.logSoftmax(out)), 1))) as tf.Scalar;
  }
  const target = tf.tensor2d(y as Float32Array, [rows, outputs]);
  if (loss === "meanSquaredError") return tf.losses.meanSquaredError(target, out) as tf.Scalar;
  if (loss === "meanAbsoluteError") return tf.losses.absoluteDifference(target, out) as tf.Scalar;
  if (loss === "huber") return tf.losses.huberLoss(target, out) as tf.Scalar;
  if (activation === "linear") return tf.losses.sigmoidCrossEntropy(target, out) as tf.Scalar;
  const one = tf.scalar(1);
  return tf.neg(tf.mean(tf.add(tf.mul(target, tf.log(out)), tf.mul(tf.sub(one, target), tf.log(tf.sub(one, out)))))) as tf.Scalar;
}

export type MakeEngine = (plan: ModelPlan, topology: string, options: EngineOptions) => Promise<Engine>;

/** Loss, gradients, moving averages and predictions of the engine beside tfjs's. */
export async function agreesWithTfjs(t: ExecutionContext, create: MakeEngine, topology: string, loss: Loss, rows: number, seed: number, tolerance = 1e-5): Promise<void> {
  const plan = planOf(topology);
  const engine = await create(plan, topology, { loss, batchSize: rows });
  const w0 = variedWeights(plan, seed);
  engine.setInitial(w0);
  const outputs = plan.outputSize;
  const { x, y } = madeBatch(plan, loss, rows, seed);
  const got = engine.gradient({ x, y });
  if (!plan.tensors.some((x) => x.statistic)) {
    const evaluated = engine.evaluate({ x, y }, rows);
    t.is(evaluated.correct, got.correct);
    t.true(Math.abs(evaluated.loss.reduce((a, b) => a + b, 0) / rows - got.loss) <= 1e-5 * Math.max(1, Math.abs(got.loss)));
  }

  const model = await loadStock(plan, topology, w0);
  const xs = tf.tensor(x, [rows, ...plan.inputShape]);
  const last = lastComputing(plan.layers);
  const activation = last ? activationOf(last) : "linear";
  const want = tf.tidy(() => model.predict(xs) as tf.Tensor).dataSync();
  t.true(relative(engine.predict(x, rows), want) < tolerance, `predictions of ${topology}`);
  const trained = model.trainableWeights.map((w) => (w as unknown as { val: tf.Variable }).val);
  const followed = model.nonTrainableWeights.map((w) => (w as unknown as { val: tf.Variable }).val);
  const before = followed.map((v) => v.dataSync().slice());
  const { value, grads } = tf.variableGrads(() => lossByTfjs(loss, activation, (model.apply(xs, { training: true }) as tf.Tensor).reshape([rows, outputs]), y, rows, outputs), trained);
  t.true(relative([got.loss], value.dataSync()) < tolerance, `loss ${got.loss}, tfjs ${value.dataSync()[0]} in ${topology}`);
  const part = (tensor: ModelPlan["tensors"][number]) => got.gradient.subarray(tensor.offset, tensor.offset + tensor.size);
  const compare = (tensors: ModelPlan["tensors"], wanted: readonly ArrayLike<number>[]) => {
    t.is(tensors.length, wanted.length);
    for (const [i, tensor] of tensors.entries()) {
      const error = relative(part(tensor), wanted[i] as ArrayLike<number>);
      t.true(error < tolerance, `${tensor.name} off by ${error} in ${topology}, seed ${seed}`);
    }
  };
  compare(plan.tensors.filter((x) => !x.statistic), trained.map((v) => (grads[v.name] as tf.Tensor).dataSync()));
  // tfjs moves its averages while it trains: ours say by how much.
  compare(plan.tensors.filter((x) => x.statistic), followed.map((v, i) => v.dataSync().map((now, j) => (before[i]?.[j] as number) - now)));
  tf.dispose([value, grads, xs]);
  model.dispose();
}
