/** Our engine as a side: `own HOST` trains reference models on request. */
import { createEngine } from "#engine/index.js";
import { oneGroup } from "#engine/quanta.js";
import { bitsOf, firstWeights, planOf } from "#engine/testing/models.js";
import { REFERENCE_MODELS } from "#engine/reference.js";
import { baseOf, batchOf, DIFFERENT } from "./models.js";
import { answer } from "./side.js";

const step = { lrBits: bitsOf(0.1) };
const host = process.argv[2] as "wasm" | "native";
const made = new Map<string, (milliseconds: number) => number>();

async function trainer(name: string, batch: number): Promise<(milliseconds: number) => number> {
  const model = REFERENCE_MODELS.find((m) => m.name === baseOf(name));
  if (!model) throw new Error(`there is no reference model ${name}`);
  const plan = planOf(model.topology);
  const engine = await createEngine(plan, { loss: model.loss, batchSize: batch, host, quanta: oneGroup(plan, -8) });
  engine.setInitial(firstWeights(plan, 5));
  const data = Array.from({ length: DIFFERENT }, (_, i) => batchOf(name, plan, batch, i));
  return (milliseconds) => {
    const start = performance.now();
    for (let steps = data.length; ; steps += data.length) {
      for (const d of data) {
        engine.addMap(engine.step(d, 0, step).map, 1);
      }
      const passed = performance.now() - start;
      if (passed >= milliseconds) return (batch * steps * 1000) / passed;
    }
  };
}

await answer(process.version, async (model, batch, milliseconds) => {
  const key = `${model}/${batch}`;
  const train = made.get(key) ?? (await trainer(model, batch));
  made.set(key, train);
  return train(milliseconds);
});
