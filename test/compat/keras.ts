/** A model that Keras saved: read here with the same outputs, trained here, and taken back with the same outputs. */
import { oneGroup } from "#engine/quanta.js";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { createEngine } from "#engine/index.js";
import { writeLayersModel } from "#engine/export.js";
import { readWeights, topologyOfFile } from "#engine/import.js";
import { bitsOf, classes, planOf } from "#engine/testing/models.js";
import { madeBatch, relative } from "#engine/testing/reference.js";
import { repositoryRoot } from "#platform/entry.js";

const script = (name: string) => join(repositoryRoot, "scripts", name);
const ROWS = 6;

/** `backend` is what Keras computes with: jax, or tensorflow. */
export function kerasModels(backend: "jax" | "tensorflow") {
  const python = execFileSync(script("get-keras"), [backend], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  const dir = mkdtempSync(join(tmpdir(), "pouwd-keras-"));
  const run = (...args: string[]): void => void execFileSync(python, args, { env: { ...process.env, KERAS_BACKEND: backend, CUDA_VISIBLE_DEVICES: "-1" }, stdio: ["ignore", "ignore", "pipe"] });
  run(join(repositoryRoot, "test", "compat", "python", "models.py"), dir);
  return { dir, run: (...args: string[]) => run(script("keras-model"), ...args), close: () => rmSync(dir, { recursive: true, force: true }) };
}

export async function thereAndBack(t: ExecutionContext, keras: ReturnType<typeof kerasModels>, file: string): Promise<void> {
  const { dir, run } = keras;
  const here = join(dir, `${file}-here`);
  run("to-layers", join(dir, file), here);
  const modelJson = readFileSync(join(here, "model.json"), "utf8");
  const topology = topologyOfFile(modelJson);
  const plan = planOf(topology);
  const engine = await createEngine(plan, { loss: "softmaxCrossEntropy", batchSize: ROWS, quanta: oneGroup(plan, -10, 64) });
  engine.setInitial(readWeights(plan, modelJson, readFileSync(join(here, "weights.bin"))));
  const { x } = madeBatch(plan, "softmaxCrossEntropy", ROWS, 9);
  const kerasSays = (model: string): Float32Array => {
    writeFileSync(join(dir, "x.npy"), npy(x, [ROWS, ...plan.inputShape]));
    run("predict", model, join(dir, "x.npy"), join(dir, "y.npy"));
    const raw = readFileSync(join(dir, "y.npy"));
    const floats = raw.subarray(raw.length - 4 * ROWS * plan.outputSize);
    return new Float32Array(floats.buffer.slice(floats.byteOffset, floats.byteOffset + floats.length));
  };
  t.true(relative(engine.predict(x, ROWS), kerasSays(join(dir, file))) < 2e-5, "as Keras saved it");

  const before = engine.predict(x, ROWS);
  const y = classes(ROWS, plan.outputSize, 4);
  const losses: number[] = [];
  for (let s = 0; s < 60; s++) {
    const { loss, map } = engine.step({ x, y }, 0, { lrBits: bitsOf(0.1), random: Uint8Array.from({ length: 16 }, (_, i) => s * i) });
    losses.push(loss);
    engine.addMap(map, 1);
  }
  t.true((losses.at(-1) as number) < (losses[0] as number), `${losses[0]} to ${losses.at(-1)}`);
  t.notDeepEqual(engine.predict(x, ROWS), before);

  const trained = join(dir, `${file}-trained`);
  const { modelJson: json, weightsBin } = writeLayersModel(plan, topology, engine.weights());
  mkdirSync(trained, { recursive: true });
  writeFileSync(join(trained, "model.json"), json);
  writeFileSync(join(trained, "weights.bin"), weightsBin);
  const back = join(dir, `${file}-back.keras`);
  run("from-layers", trained, back);
  t.true(relative(kerasSays(back), engine.predict(x, ROWS)) < 2e-5, "as Keras has it back");
}

/** Version 1.0, little-endian float32, rows first. */
function npy(values: Float32Array, shape: readonly number[]): Uint8Array {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const padded = header.padEnd(Math.ceil((10 + header.length + 1) / 64) * 64 - 11) + "\n";
  return Buffer.concat([Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length & 255, padded.length >> 8]), Buffer.from(padded), Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}
