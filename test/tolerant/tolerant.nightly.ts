/** False alarms and detection rates of the tolerant rule, with the figures that docs/decisions.md tells. */
import "#platform/install.js";
import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { createEngine } from "#engine/index.js";
import { denseTopology } from "#engine/testing/models.js";
import { createTolerantEngine, tensorFlow } from "#engine/tolerant/index.js";
import { tolerantFault } from "#protocol/verification/tolerant.js";
import { sgdUpdate } from "#protocol/state/quantise.js";
import { CHEATS } from "./cheats.js";
import { reordered } from "./reordered.js";
import { groupOf, judged, planOfSubject, quantaOf, type Subject, SUBJECTS, train } from "./runs.js";

await tf.setBackend("cpu");
const native = await tensorFlow();
const HONEST = 10_000;

test.serial(`of ${HONEST} honest iterations none is refused, whichever engine works and whichever judges`, async (t) => {
  const each = HONEST / (2 * SUBJECTS.length);
  let seen = 0;
  for (const s of SUBJECTS) {
    const plan = planOfSubject(s);
    const options = { loss: s.loss, batchSize: s.batchSize, quanta: quantaOf(s) };
    const [exact, tolerant] = [await createEngine(plan, options), await createTolerantEngine(native ?? tf, plan, s.topology, options)];
    for (const [worker, judge, how] of [[exact, tolerant, "exact, judged by TensorFlow.js"], [tolerant, exact, "TensorFlow.js, judged by exact"]] as const) {
      let refused = 0;
      const start = performance.now();
      train(s, worker, judge, each, 11, (signed) => {
        const fault = judged(s, judge, signed);
        if (fault) t.log(`${s.name}, ${how}, iteration ${signed.number}: ${fault.text}`);
        refused += fault ? 1 : 0;
        seen++;
      });
      t.log(`${s.name}: made by ${how}: ${refused} of ${each} refused, ${Math.round(performance.now() - start)} ms`);
      t.is(refused, 0);
    }
  }
  t.is(seen, HONEST);
});

const RELU: readonly Subject[] = [
  { name: "64-128-64-10, batch 32", topology: denseTopology(64, { units: 128, activation: "relu" }, { units: 64, activation: "relu" }, { units: 10, activation: "softmax" }), loss: "softmaxCrossEntropy", batchSize: 32, lr: 0.1, quantumLog2: -8, levels: 1 },
  { name: "64-32-16-10, batch 1", topology: denseTopology(64, { units: 32, activation: "relu" }, { units: 16, activation: "relu" }, { units: 10, activation: "softmax" }), loss: "softmaxCrossEntropy", batchSize: 1, lr: 0.02, quantumLog2: -9, levels: 1 },
];

for (const s of RELU) {
  test.serial(`of 50,000 honest iterations of a relu model in another order of sums none is refused, as some are without the moved weights: ${s.name}`, async (t) => {
    const plan = planOfSubject(s);
    const make = () => createEngine(plan, { loss: s.loss, batchSize: s.batchSize, quanta: quantaOf(s) });
    const [worker, idle] = [await make(), await make()];
    const judge = reordered(await make(), () => worker.weights());
    let [refused, strictly, all] = [0, 0, 0];
    for (let run = 0; run < 334; run++) {
      train(s, worker, idle, 150, 100 + run, (signed) => {
        all++;
        judge.makeWeights();
        const found = judge.gradient(signed.batch);
        const own = { residual: signed.before, update: sgdUpdate(found.gradient, Math.fround(s.lr)), loss: found.loss, correct: { rows: found.correct, of: s.batchSize } };
        if (!tolerantFault(signed.claim, own, [groupOf(s)])) return;
        strictly++;
        const fault = judged(s, judge, signed);
        if (!fault) return;
        refused++;
        t.log(`run ${run}, iteration ${signed.number}: ${fault.text}`);
      });
    }
    t.log(`${strictly} of ${all} refused by the plain bound, ${refused} with the moved weights`);
    t.is(refused, 0);
  });
}

for (const s of SUBJECTS) {
  test.serial(`every cheat is refused at every one of 500 iterations: ${s.name}`, async (t) => {
    const plan = planOfSubject(s);
    const make = () => createEngine(plan, { loss: s.loss, batchSize: s.batchSize, quanta: quantaOf(s) });
    const [worker, judge] = [await make(), await make()];
    for (const [name, cheat] of Object.entries(CHEATS)) {
      let caught = 0;
      train(s, worker, judge, 500, 13, (signed) => {
        if (judged(s, judge, { ...signed, claim: cheat(s, worker, signed) })) caught++;
      });
      t.log(`${name}: ${caught} of 500 refused`);
      t.is(caught, 500);
    }
  });
}
