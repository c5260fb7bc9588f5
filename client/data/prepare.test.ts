import "#platform/install.js";
import test from "ava";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareData } from "./prepare.js";
import { readTable } from "./readers.js";

const dir = mkdtempSync(join(tmpdir(), "pouwd-data-"));
test.after.always(() => rmSync(dir, { recursive: true, force: true }));
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
};

test("a value that is not a finite number is refused with file, row and column", (t) => {
  t.throws(() => readTable(file("nan.csv", "1,2\n3,NaN\n"), "csv"), { message: /nan\.csv:2: column 2 is "NaN", want a finite number/ });
  t.throws(() => readTable(file("inf.csv", "1,2\nInfinity,4\n"), "csv"), { message: /inf\.csv:2: column 1 is "Infinity"/ });
  t.throws(() => readTable(file("short.csv", "1,2\n3\n"), "csv"), { message: /short\.csv:2: 1 columns, want 2/ });
});

test("an idx file is read as rows", (t) => {
  const table = readTable(file("a.idx", Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4)), "idx");
  t.deepEqual([table.rows, table.columns, [...table.values]], [2, 2, [1, 2, 3, 4]]);
});

test("the same files and seed give the same manifest, and the test rows are sealed apart", (t) => {
  const csv = file("rows.csv", `${Array.from({ length: 50 }, (_, i) => `${i},${i % 7},${i % 3}`).join("\n")}\n`);
  const shape = { inputSize: 2, targetSize: 0, classes: 3 };
  const options = { train: [csv], test: 10, format: "csv" as const, header: false, label: -1, scale: 0.5, seed: 3n };
  const task = { name: "t", inputShape: [2], targetShape: [], batchSize: 5 };
  const [a, b] = [prepareData(options, shape, task), prepareData(options, shape, task)];
  t.is(a.packed.manifestCid, b.packed.manifestCid);
  t.is(a.packed.manifest.batches, 8);
  t.is(a.test.rows, 10);
  t.notDeepEqual(a.test.sealed, b.test.sealed, "a fresh key each time");
  t.throws(() => prepareData(options, { ...shape, classes: 2 }, task), { message: /has the label 2, want a whole number from 0 to 1/ });
});
