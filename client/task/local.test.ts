import "#platform/install.js";
import test from "ava";
import { readFileSync } from "node:fs";
import { toHex } from "#kernel/bytes.js";
import { type Progress, trainLocally } from "./local.js";
import { parseTaskFile } from "./task-file.js";

const example = readFileSync(new URL("../../examples/digits.yaml", import.meta.url), "utf8");
const options = { chainId: "local", taskId: 1n, beacon: new Uint8Array(32).fill(5) };

test("the digits are learnt on this machine alone, twice the same", async (t) => {
  const file = parseTaskFile(example.replace("epochs: 45", "epochs: 12"), "examples/digits.yaml");
  const told: Progress[] = [];
  const a = await trainLocally(file, { ...options, progress: (p) => told.push(p) });
  const b = await trainLocally(file, { ...options, progress: () => {} });
  t.is(a.iterations, 12 * 68);
  t.true((a.accuracy ?? 0) > 0.94, `accuracy ${a.accuracy}`);
  t.deepEqual([toHex(a.modelDigest), a.score, a.accuracy], [toHex(b.modelDigest), b.score, b.accuracy]);
  t.deepEqual(a.weights, b.weights);
  t.deepEqual([told.at(-1)?.done, told.at(-1)?.of], [816, 816]);
  t.deepEqual(told.at(-1)?.validation, a.validation);
  t.is(a.validation?.rows, 7 * 20, "the manifest's own validation batches");
  t.true((a.validation?.accuracy ?? 0) > 0.9 && (a.validation?.loss ?? 9) < 0.4, JSON.stringify(a.validation));
  t.true((told[0]?.loss ?? 0) > (told.at(-1)?.loss ?? 9) * 3, "the loss falls");
  const c = await trainLocally(file, { ...options, beacon: new Uint8Array(32), progress: () => {} });
  t.not(toHex(c.modelDigest), toHex(a.modelDigest), "another beacon, other first weights");
});

test("the model is what it was before there were figures of validation", async (t) => {
  const file = parseTaskFile(example.replace("epochs: 45", "epochs: 2"), "examples/digits.yaml");
  const { modelDigest } = await trainLocally(file, { ...options, progress: () => {} });
  t.is(toHex(modelDigest), "1e228e4933a9de3bb376c27efcca0d7ea954dd134a5fd77f594949f9d91fcfda");
});

test("rows of data.validation are measured after every epoch, also where they fill no last batch", async (t) => {
  const file = parseTaskFile(example.replace("epochs: 45", "epochs: 3").replace("test: 297", "test: 297\n  validation: 133"), "examples/digits.yaml");
  const told: Progress[] = [];
  const result = await trainLocally(file, { ...options, progress: (p) => told.push(p) });
  t.is(result.iterations, 3 * 68);
  t.is(result.validation?.rows, 133);
  t.is(new Set(told.map((p) => p.validation)).size, 4, "none at first, then one for each epoch");
  t.true((result.validation?.accuracy ?? 0) > 0.7);
});
