#!/usr/bin/env node
// Loads a LayersModel with stock TensorFlow.js and prints its accuracy on a CSV of inputs with the class in the last column.
//   scripts/check-model MODEL_DIR TEST.csv
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";

const [dir, csv] = process.argv.slice(2);
if (!dir || !csv) {
  console.error("✖ usage: scripts/check-model MODEL_DIR TEST.csv");
  process.exit(1);
}
const { modelTopology, weightsManifest } = JSON.parse(readFileSync(join(dir, "model.json"), "utf8"));
const weights = Buffer.concat(weightsManifest.flatMap((g) => g.paths.map((p) => readFileSync(join(dir, p)))));
const model = await tf.loadLayersModel(
  tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest.flatMap((g) => g.weights), weightData: new Uint8Array(weights).buffer }),
);
const rows = readFileSync(csv, "utf8").trim().split("\n").map((line) => line.split(",").map(Number));
const shape = model.inputs[0].shape.slice(1);
const inputs = tf.tensor(rows.flatMap((r) => r.slice(0, -1)), [rows.length, ...shape]);
const classes = await model.predict(inputs).argMax(-1).data();
const correct = rows.filter((r, i) => r.at(-1) === classes[i]).length;
console.log(JSON.stringify({ rows: rows.length, correct, accuracy: correct / rows.length }));
