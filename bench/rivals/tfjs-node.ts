/** TensorFlow.js on libtensorflow as a side, where @tensorflow/tfjs-node can be required (NODE_PATH may name its folder). */
import { createRequire } from "node:module";
import type * as Tfjs from "@tensorflow/tfjs";
import { REFERENCE_MODELS } from "#engine/reference.js";
import { planOf } from "#engine/testing/models.js";
import { baseOf, batchOf, DIFFERENT } from "../models.js";
import { answer } from "../side.js";

const tf = createRequire(import.meta.url)("@tensorflow/tfjs-node") as typeof Tfjs;

interface Trainer {
  step(x: Tfjs.Tensor, y: Tfjs.Tensor1D): void;
  readonly data: readonly (readonly [Tfjs.Tensor, Tfjs.Tensor1D])[];
}
const made = new Map<string, Trainer>();

/** The topology that our engine reads; its softmax is taken into the loss, as there. */
async function trainer(name: string, batch: number): Promise<Trainer> {
  const reference = REFERENCE_MODELS.find((m) => m.name === baseOf(name));
  if (!reference) throw new Error(`there is no reference model ${name}`);
  const topology = JSON.parse(reference.topology) as { config: { layers: { config: { activation?: string } }[] } };
  const last = topology.config.layers.at(-1);
  if (last) last.config.activation = "linear";
  const model = (await tf.models.modelFromJSON({ modelTopology: topology } as never)) as Tfjs.Sequential;
  const plan = planOf(reference.topology);
  const optimizer = tf.train.sgd(0.01);
  const data = Array.from({ length: DIFFERENT }, (_, i) => {
    const { x, y } = batchOf(name, plan, batch, i);
    return [tf.tensor(x, [batch, ...plan.inputShape]), tf.tensor1d(y, "int32")] as const;
  });
  return {
    data,
    step: (x, y) => {
      const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(tf.oneHot(y, plan.outputSize), model.apply(x, { training: true }) as Tfjs.Tensor) as Tfjs.Scalar, true);
      loss?.dispose();
    },
  };
}

await answer(tf.version["tfjs-core"] ?? "unknown", async (model, batch, milliseconds) => {
  const key = `${model}/${batch}`;
  const t = made.get(key) ?? (await trainer(model, batch));
  made.set(key, t);
  const start = performance.now();
  for (let steps = t.data.length; ; steps += t.data.length) {
    for (const [x, y] of t.data) t.step(x, y);
    const passed = performance.now() - start;
    if (passed >= milliseconds) return (batch * steps * 1000) / passed;
  }
});
