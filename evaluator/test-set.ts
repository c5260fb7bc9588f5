/** The test set once its key is on chain: opened, and checked against what the client sealed. */
import { equalBytes } from "#kernel/bytes.js";
import { type ModelPlan } from "#engine/topology/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { decodeSegment, rowShapeOf, type Rows } from "#protocol/tasks/data.js";
import { openTestSet } from "#platform/seal.js";
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";

/** Throws with what is wrong; the caller then reveals an empty list. */
export function readTestSet(sealed: Uint8Array, key: Uint8Array, spec: TaskSpec, plan: ModelPlan): Rows {
  const want = spec.testSet;
  if (!want) throw new Error("the task names no test set");
  const plaintext = openTestSet(sealed, key, spec.manifestCid);
  if (!equalBytes(nodeCrypto.sha256(plaintext), want.plaintextHash)) throw new Error("the opened test set has another hash than the task says");
  const rows = decodeSegment(rowShapeOf(spec, plan), plaintext);
  if (rows.rows !== want.rows) throw new Error(`the test set has ${rows.rows} rows, the task says ${want.rows}`);
  return rows;
}
