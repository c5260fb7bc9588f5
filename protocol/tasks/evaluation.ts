/** A model's score on a test set, always with the exact engine. */
import type { Engine } from "#engine/types.js";
import type { Rows, RowShape } from "./data.js";
import { classificationScore, regressionScore } from "./scores.js";

export interface Evaluated {
  /** int64, higher is better. */
  score: bigint;
  /** Rows with the right class; 0 for regression. */
  correct: number;
  rows: number;
}

/** Scores the model at the engine's present K; the last batch is filled up with zeros that do not count. */
export function evaluateModel(engine: Engine, shape: RowShape, test: Rows): Evaluated {
  const size = engine.batchSize;
  const width = shape.targetSize || 1;
  const losses = new Float32Array(test.rows);
  let correct = 0;
  for (let first = 0; first < test.rows; first += size) {
    const rows = Math.min(size, test.rows - first);
    const x = new Float32Array(size * shape.inputSize);
    x.set(test.x.subarray(first * shape.inputSize, (first + rows) * shape.inputSize));
    const y = shape.classes > 0 ? new Int32Array(size) : new Float32Array(size * width);
    y.set(test.y.subarray(first * width, (first + rows) * width));
    const result = engine.evaluate({ x, y }, rows);
    losses.set(result.loss.subarray(0, rows), first);
    correct += result.correct;
  }
  if (shape.classes > 0) return { score: classificationScore(correct, test.rows), correct, rows: test.rows };
  return { score: regressionScore(losses), correct: 0, rows: test.rows };
}
