/** The test set once its key is on chain: fetched, opened, checked against what the client sealed. */
import { equalBytes } from "#kernel/bytes.js";
import { sha256 } from "#kernel/crypto.js";
import { type ModelPlan } from "#engine/topology/index.js";
import { type Batch } from "#engine/types.js";
import { f32From, i32From } from "#protocol/floats.js";
import { openTestSet } from "#platform/seal.js";
import { Loss, Segment, type TaskSpec } from "#proto/gen/pouw.js";
import { decodeCanonical } from "#proto/wire.js";

export interface TestSet extends Batch {
  readonly rows: number;
}

/** Throws with what is wrong; the caller then reveals an empty list. */
export function readTestSet(sealed: Uint8Array, key: Uint8Array, spec: TaskSpec, plan: ModelPlan): TestSet {
  const want = spec.testSet;
  if (!want) throw new Error("the task names no test set");
  const plaintext = openTestSet(sealed, key, spec.manifestCid);
  if (!equalBytes(sha256(plaintext), want.plaintextHash)) throw new Error("the opened test set has another hash than the task says");
  const { rows, x, y } = decodeCanonical(Segment, plaintext);
  const classes = spec.loss === Loss.LOSS_SOFTMAX_CROSS_ENTROPY;
  const targets = classes ? 1 : plan.outputSize;
  if (rows !== want.rows || rows === 0) throw new Error(`the test set has ${rows} rows, the task says ${want.rows}`);
  if (x.length !== 4 * rows * plan.inputSize) throw new Error(`the test set has ${x.length} bytes of x, want ${4 * rows * plan.inputSize}`);
  if (y.length !== 4 * rows * targets) throw new Error(`the test set has ${y.length} bytes of y, want ${4 * rows * targets}`);
  const inputs = f32From(x);
  finite(inputs, "x");
  if (classes) {
    const labels = i32From(y);
    for (const label of labels) if (label < 0 || label >= plan.outputSize) throw new Error(`the test set has label ${label}, want 0 … ${plan.outputSize - 1}`);
    return { rows, x: inputs, y: labels };
  }
  const values = f32From(y);
  finite(values, "y");
  return { rows, x: inputs, y: values };
}

function finite(values: Float32Array, what: string): void {
  for (const v of values) if (!Number.isFinite(v) || Object.is(v, -0)) throw new Error(`the test set holds NaN, infinity or -0 in ${what}`);
}
