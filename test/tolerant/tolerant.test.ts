/** A sample of what tolerant.nightly.ts measures. */
import "#platform/install.js";
import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { createEngine } from "#engine/index.js";
import { createTolerantEngine } from "#engine/tolerant/index.js";
import { CHEATS } from "./cheats.js";
import { judged, planOfSubject, quantaOf, type Subject, SUBJECTS, train } from "./runs.js";

await tf.setBackend("cpu");

async function engines(s: Subject) {
  const plan = planOfSubject(s);
  const options = { loss: s.loss, batchSize: s.batchSize, quanta: quantaOf(s) };
  return { exact: await createEngine(plan, { ...options, host: "wasm" }), tolerant: await createTolerantEngine(tf, plan, s.topology, options) };
}

for (const s of SUBJECTS) {
  test(`honest iterations are within the bound, whichever engine works and whichever judges: ${s.name}`, async (t) => {
    const { exact, tolerant } = await engines(s);
    const iterations = s.name.startsWith("conv") ? 8 : 30;
    for (const [worker, judge] of [[exact, tolerant], [tolerant, exact]] as const) {
      train(s, worker, judge, iterations, 5, (signed) => t.is(judged(s, judge, signed), undefined));
    }
  });

  test(`every cheat is refused at every iteration: ${s.name}`, async (t) => {
    const { exact, tolerant } = await engines(s);
    const plan = planOfSubject(s);
    const judge = await createEngine(plan, { loss: s.loss, batchSize: s.batchSize, quanta: quantaOf(s) });
    for (const [name, cheat] of Object.entries(CHEATS)) {
      train(s, exact, judge, 12, 9, (signed) => t.truthy(judged(s, judge, { ...signed, claim: cheat(s, exact, signed) }), `${name}, iteration ${signed.number}`));
    }
    if (s.name.startsWith("conv")) return;
    for (const [name, cheat] of Object.entries(CHEATS)) {
      train(s, exact, tolerant, 2, 9, (signed) => t.truthy(judged(s, tolerant, { ...signed, claim: cheat(s, exact, signed) }), `${name}, judged by TensorFlow.js`));
    }
  });
}
