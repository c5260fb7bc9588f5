import "#platform/install.js";
import test from "ava";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DataFileError } from "./errors.js";
import { type DataOptions, prepareData } from "./prepare.js";
import { readTable } from "./readers.js";

const dir = mkdtempSync(join(tmpdir(), "pouwd-data-"));
test.after.always(() => rmSync(dir, { recursive: true, force: true }));
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
};
const csv = (name: string, content: string, header = false) => readTable(file(name, content), "csv", { header });

/** https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, version 1.0 */
function npy(name: string, values: Float32Array | Float64Array, shape: number[]): string {
  const kind = values instanceof Float32Array ? "<f4" : "<f8";
  const text = `{'descr': '${kind}', 'fortran_order': False, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }\n`;
  const head = Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), Buffer.from([text.length & 255, text.length >> 8]), Buffer.from(text)]);
  return file(name, Buffer.concat([head, Buffer.from(values.buffer)]));
}

test("a value that is not a finite number is refused with file, line, row and column", (t) => {
  t.throws(() => csv("nan.csv", "1,2\n3,NaN\n"), { instanceOf: DataFileError, message: /nan\.csv:2: row 2, column 2 is "NaN", want a finite number/ });
  t.throws(() => csv("inf.csv", "1,2\nInfinity,4\n"), { message: /inf\.csv:2: row 2, column 1 is "Infinity", want a finite number/ });
  t.throws(() => csv("gap.csv", "1,2\n3,\n"), { message: /gap\.csv:2: row 2, column 2 is "", want a finite number/ });
  t.throws(() => csv("named.csv", "age,size\n1,2\nold,4\n", true), { message: /named\.csv:3: row 2, column 1 \("age"\) is "old"/ });
  t.throws(() => readTable(npy("inf.npy", Float32Array.of(1, 2, 3, -Infinity), [2, 2]), "npy"), { message: /inf\.npy: row 2, column 2 is -Infinity, want a finite number/ });
});

test("a value that overflows a 32-bit float is refused where it stands, also after scaling", (t) => {
  t.throws(() => csv("big.csv", "1,2\n3,1e39\n"), { message: /big\.csv:2: row 2, column 2 is "1e39", which no 32-bit float holds/ });
  t.throws(() => readTable(npy("big.npy", Float64Array.of(1, -1e300), [1, 2]), "npy"), { message: /big\.npy: row 1, column 2 is -1e\+300, which no 32-bit float holds/ });
  const path = file("scaled.csv", "1e38,0\n1,1\n1,0\n");
  const options: DataOptions = { train: [path], test: 1, format: "csv", header: false, label: -1, scale: 100, seed: 1n };
  t.throws(() => prepareData(options, { inputSize: 1, targetSize: 0, classes: 2 }, { name: "t", inputShape: [1], targetShape: [], batchSize: 1 }), {
    message: /scaled\.csv:1: row 1, column 1, times data\.scale, is \S+, which no 32-bit float holds/,
  });
});

test("minus zero, and what underflows to it, becomes zero, so that the data has one encoding", (t) => {
  const { values } = csv("zero.csv", "-0,-1e-60\n0,0\n");
  t.true([...values].every((v) => Object.is(v, 0)));
  const path = file("tiny.csv", "-1e-30,-1e-60\n1,1\n1,0\n");
  const options: DataOptions = { train: [path], test: 1, format: "csv", header: false, label: -1, scale: 1e-30, seed: 1n };
  t.notThrows(() => prepareData(options, { inputSize: 1, targetSize: 1, classes: 0 }, { name: "t", inputShape: [1], targetShape: [1], batchSize: 1 }));
});

test("a ragged row, a header that was not announced and another separator are named with the remedy", (t) => {
  t.throws(() => csv("short.csv", "1,2\n3\n"), { message: /short\.csv:2: row 2 has 1 column, want 2 columns as in the first row\. Complete the row or leave it out/ });
  t.throws(() => csv("empty.csv", "1,2\n\n3,4\n"), { message: /empty\.csv:2: row 2 is empty, want 2 columns/ });
  t.throws(() => csv("header.csv", "age,size\n1,2\n"), { message: /header\.csv:1: the first line holds names, not numbers\. Set data\.header to true/ });
  t.throws(() => csv("semicolons.csv", "1;2\n3;4\n"), { message: /semicolons\.csv:1: columns are separated by semicolons, want commas/ });
});

test("a file that is absent, a folder, cut off or of another format is refused in words", (t) => {
  t.throws(() => readTable(join(dir, "none.csv"), "csv"), { message: /none\.csv: there is no such file\. Paths are relative to the task file/ });
  t.throws(() => readTable(dir, "csv"), { message: /: is a folder, want a file/ });
  const whole = gzipSync("1,2\n3,4\n");
  t.deepEqual([...readTable(file("whole.csv.gz", whole), "csv").values], [1, 2, 3, 4]);
  t.throws(() => readTable(file("cut.csv.gz", whole.subarray(0, 12)), "csv"), { message: /cut\.csv\.gz: is not a whole gzip file/ });
  t.throws(() => readTable(file("text.npy", "1,2\n"), "npy"), { message: /text\.npy: is not an npy file/ });
  t.throws(() => readTable(npy("cut.npy", Float32Array.of(1, 2, 3), [2, 2]), "npy"), { message: /cut\.npy: has 12 bytes of values, want 16/ });
});

test("an idx file is read as rows", (t) => {
  const table = readTable(file("a.idx", Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4)), "idx");
  t.deepEqual([table.rows, table.columns, [...table.values]], [2, 2, [1, 2, 3, 4]]);
});

const rows = file("rows.csv", `${Array.from({ length: 50 }, (_, i) => `${i},${i % 7},${i % 3}`).join("\n")}\n`);
const shape = { inputSize: 2, targetSize: 0, classes: 3 };
const options: DataOptions = { train: [rows], test: 10, format: "csv", header: false, label: -1, scale: 0.5, seed: 3n };
const task = { name: "t", inputShape: [2], targetShape: [], batchSize: 5 };

test("the same files and seed give the same manifest, and the test rows are sealed apart", (t) => {
  const [a, b] = [prepareData(options, shape, task), prepareData(options, shape, task)];
  t.is(a.packed.manifestCid, b.packed.manifestCid);
  t.is(a.packed.manifest.batches, 8);
  t.is(a.test.rows, 10);
  t.notDeepEqual(a.test.sealed, b.test.sealed, "a fresh key each time");
});

test("what does not fit the task names its field", (t) => {
  const refused = (o: Partial<DataOptions>, s: Partial<typeof shape> = {}, k: Partial<typeof task> = {}) =>
    t.throws(() => prepareData({ ...options, ...o }, { ...shape, ...s }, { ...task, ...k }), { instanceOf: DataFileError });
  const field = (e: DataFileError | undefined) => e?.field?.join(".");
  const label = refused({}, { classes: 2 });
  t.regex(label?.message ?? "", /rows\.csv:3: row 3, column 3: the label is 2, want a whole number from 0 to 1: the model's last layer has 2 units/);
  t.is(field(label), "data.train");
  const wide = refused({}, { inputSize: 3 });
  t.regex(wide?.message ?? "", /has 2 input columns beside the label, the model wants 3/);
  t.is(field(refused({ test: 50 })), "data.test");
  t.is(field(refused({ label: 3 })), "data.label");
  t.is(field(refused({}, {}, { batchSize: 41 })), "batch");
  t.is(field(refused({ trainLabels: [rows, rows] })), "data.train_labels");
  t.is(field(refused({ trainLabels: [rows], test: rows })), "data.test_labels");
  t.is(field(refused({ train: [rows, join(dir, "none.csv")] })), "data.train.1");
});
