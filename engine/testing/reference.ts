/** A model as stock TensorFlow.js computes it, from the very files that the exporter writes: what values and gradients are held to. */
import * as tf from "@tensorflow/tfjs";
import { writeLayersModel } from "#engine/export.js";
import type { Loss, ModelPlan } from "#engine/topology/index.js";
import type { Batch } from "#engine/types.js";

export interface Reference {
  readonly loss: number;
  /** by tensor of the plan */
  readonly gradients: readonly Float32Array[];
  readonly predictions: Float32Array;
}

export async function loadModel(plan: ModelPlan, topology: string, weights: Float32Array): Promise<tf.LayersModel> {
  const { modelJson, weightsBin } = writeLayersModel(plan, topology, weights);
  const { modelTopology, weightsManifest } = JSON.parse(modelJson);
  return tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest[0].weights, weightData: weightsBin.buffer as ArrayBuffer }));
}

export async function reference(plan: ModelPlan, topology: string, weights: Float32Array, loss: Loss, { x, y }: Batch, rows: number): Promise<Reference> {
  const model = await loadModel(plan, topology, weights);
  const outputs = plan.outputSize;
  const xs = tf.tensor(x, [rows, ...plan.inputShape]);
  const probabilities = plan.layers.some((l) => "activation" in l && l.activation === "softmax");
  const f = () => {
    const out = (model.apply(xs, { training: true }) as tf.Tensor).reshape([rows, outputs]) as tf.Tensor2D;
    if (loss === "meanSquaredError") return tf.losses.meanSquaredError(tf.tensor2d(y as Float32Array, [rows, outputs]), out) as tf.Scalar;
    const onehot = tf.oneHot(tf.tensor1d(y as Int32Array, "int32"), outputs);
    return tf.neg(tf.mean(tf.sum(tf.mul(onehot, probabilities ? tf.log(out) : tf.logSoftmax(out)), 1))) as tf.Scalar;
  };
  const variables = model.trainableWeights.map((w) => (w as unknown as { val: tf.Variable }).val);
  const { value, grads } = tf.variableGrads(f, variables);
  const predictions = model.predict(xs) as tf.Tensor;
  const result = {
    loss: value.dataSync()[0] as number,
    gradients: variables.map((v) => (grads[v.name] as tf.Tensor).dataSync() as Float32Array),
    predictions: predictions.dataSync() as Float32Array,
  };
  tf.dispose([value, grads, xs, predictions]);
  model.dispose();
  return result;
}
