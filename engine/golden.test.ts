import test from "ava";
import { readFileSync, writeFileSync } from "node:fs";
import { denseTopology, LENET, planOf, topologyOf } from "#engine/testing/models.js";
import { run } from "#engine/testing/run.js";
import type { Loss } from "#engine/topology/index.js";

/**
 * Digests of whole runs, the same on every machine. A change here is another arithmetic: it needs a
 * new profile name, not a new golden file. (GOLDEN=write makes the file when a run is added.)
 */
const FILE = new URL("golden.json", import.meta.url);
const golden = JSON.parse(readFileSync(FILE, "utf8"));

const RUNS: { name: string; topology: string; loss: Loss; batchSize: number; lr: number; quantumLog2: number; levels: number }[] = [
  { name: "mlp 784-128-64-10, batch 32", topology: denseTopology(784, { units: 128, activation: "relu" }, { units: 64, activation: "relu" }, { units: 10, activation: "softmax" }), loss: "softmaxCrossEntropy", batchSize: 32, lr: 0.1, quantumLog2: -8, levels: 1 },
  { name: "odd sizes, tanh and sigmoid, levels 7", topology: denseTopology(13, { units: 11, activation: "tanh" }, { units: 9, activation: "sigmoid", use_bias: false }, { units: 3, activation: "softmax" }), loss: "softmaxCrossEntropy", batchSize: 7, lr: 0.3, quantumLog2: -9, levels: 7 },
  { name: "LeNet-5, batch 8", topology: LENET, loss: "softmaxCrossEntropy", batchSize: 8, lr: 0.1, quantumLog2: -8, levels: 1 },
  { name: "strides, same and valid, average and maximum", topology: topologyOf([9, 11, 3], ["Conv2D", { filters: 5, kernel_size: [3, 2], strides: [2, 1], padding: "same", activation: "tanh" }], ["AveragePooling2D", { pool_size: 3, strides: 2, padding: "same" }], ["Conv2D", { filters: 9, kernel_size: 2, activation: "relu" }], ["MaxPooling2D", { pool_size: 2, strides: 1 }], ["Flatten", {}], ["Dense", { units: 4, activation: "softmax" }]), loss: "softmaxCrossEntropy", batchSize: 6, lr: 0.2, quantumLog2: -8, levels: 3 },
  { name: "regression, batch 5", topology: denseTopology(6, { units: 17, activation: "relu" }, { units: 2, activation: "tanh" }), loss: "meanSquaredError", batchSize: 5, lr: 0.25, quantumLog2: -7, levels: 1 },
];

for (const { name, topology, ...o } of RUNS) {
  for (const host of ["wasm", "auto"] as const) {
    test(`200 steps give the golden digests: ${name} (host ${host})`, async (t) => {
      const got = await run(planOf(topology), { loss: o.loss, batchSize: o.batchSize, host }, 200, o);
      if (process.env["GOLDEN"] === "write") {
        golden[name] ??= got;
        writeFileSync(FILE, `${JSON.stringify(golden, null, 2)}\n`);
      }
      t.deepEqual(got, golden[name]);
    });
  }
}
