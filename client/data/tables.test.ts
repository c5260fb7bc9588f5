import "#platform/install.js";
import test from "ava";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DataFileError } from "./errors.js";
import { type DataOptions } from "./options.js";
import { openIdx, openNpy } from "./binary.js";
import { openCsv } from "./csv.js";
import { prepareData } from "./prepare.js";
import { type Table } from "./table.js";
import { dataFolder, npyBytes } from "./testing.js";

const { dir, file, remove } = dataFolder();
test.after.always(remove);

/** The whole of a table. */
async function read(opening: Promise<Table>): Promise<{ columns: number; values: number[] }> {
  const table = await opening;
  const values: number[] = [];
  for await (const block of table.blocks()) values.push(...block);
  return { columns: table.columns, values };
}
const csv = (name: string, content: string, header = false) => read(openCsv(file(name, content), { header }));
const binary = { npy: (path: string) => read(openNpy(path)), idx: (path: string) => read(openIdx(path)) };

const npy = (name: string, values: Float32Array | Float64Array, shape: number[]) => file(name, npyBytes(values, shape));

test("a value that is not a finite number is refused with file, line, row and column", async (t) => {
  await t.throwsAsync(csv("nan.csv", "1,2\n3,NaN\n"), { instanceOf: DataFileError, message: /nan\.csv:2: row 2, column 2 is "NaN", want a finite number/ });
  await t.throwsAsync(csv("inf.csv", "1,2\nInfinity,4\n"), { message: /inf\.csv:2: row 2, column 1 is "Infinity", want a finite number/ });
  await t.throwsAsync(csv("gap.csv", "1,2\n3,\n"), { message: /gap\.csv:2: row 2, column 2 is "", want a finite number/ });
  await t.throwsAsync(csv("named.csv", "age,size\n1,2\nold,4\n", true), { message: /named\.csv:3: row 2, column 1 \("age"\) is "old"/ });
  await t.throwsAsync(binary.npy(npy("inf.npy", Float32Array.of(1, 2, 3, -Infinity), [2, 2])), { message: /inf\.npy: row 2, column 2 is -Infinity, want a finite number/ });
});

test("a value that overflows a 32-bit float is refused where it stands, also after scaling", async (t) => {
  await t.throwsAsync(csv("big.csv", "1,2\n3,1e39\n"), { message: /big\.csv:2: row 2, column 2 is "1e39", which no 32-bit float holds/ });
  await t.throwsAsync(binary.npy(npy("big.npy", Float64Array.of(1, -1e300), [1, 2])), { message: /big\.npy: row 1, column 2 is -1e\+300, which no 32-bit float holds/ });
  const path = file("scaled.csv", "1e38,0\n1,1\n1,0\n");
  const options: DataOptions = { train: [path], test: 1, format: "csv", header: false, label: -1, scale: 100, seed: 1n };
  await t.throwsAsync(prepareData(options, { inputSize: 1, targetSize: 0, classes: 2 }, { name: "t", inputShape: [1], targetShape: [], batchSize: 1 }), {
    message: /scaled\.csv:1: row 1, column 1, times data\.scale, is \S+, which no 32-bit float holds/,
  });
});

test("minus zero, and what underflows to it, becomes zero, so that the data has one encoding", async (t) => {
  const { values } = await csv("zero.csv", "-0,-1e-60\n0,0\n");
  t.true([...values].every((v) => Object.is(v, 0)));
  const path = file("tiny.csv", "-1e-30,-1e-60\n1,1\n1,0\n");
  const options: DataOptions = { train: [path], test: 1, format: "csv", header: false, label: -1, scale: 1e-30, seed: 1n };
  await t.notThrowsAsync(prepareData(options, { inputSize: 1, targetSize: 1, classes: 0 }, { name: "t", inputShape: [1], targetShape: [1], batchSize: 1 }));
});

test("a ragged row, a header that was not announced and another separator are named with the remedy", async (t) => {
  await t.throwsAsync(csv("short.csv", "1,2\n3\n"), { message: /short\.csv:2: row 2 has 1 column, want 2 columns as in the first row\. Complete the row or leave it out/ });
  await t.throwsAsync(csv("empty.csv", "1,2\n\n3,4\n"), { message: /empty\.csv:2: row 2 is empty, want 2 columns/ });
  await t.throwsAsync(csv("header.csv", "age,size\n1,2\n"), { message: /header\.csv:1: the first line holds names, not numbers\. Set data\.header to true/ });
  await t.throwsAsync(csv("semicolons.csv", "1;2\n3;4\n"), { message: /semicolons\.csv:1: columns are separated by semicolons, want commas/ });
});

test("a file that is absent, a folder, cut off or of another format is refused in words", async (t) => {
  await t.throwsAsync(read(openCsv(join(dir, "none.csv"), {})), { message: /none\.csv: there is no such file\. Paths are relative to the task file/ });
  await t.throwsAsync(read(openCsv(dir, {})), { message: /: is a folder, want a file/ });
  const whole = gzipSync("1,2\n3,4\n");
  t.deepEqual((await read(openCsv(file("whole.csv.gz", whole), {}))).values, [1, 2, 3, 4]);
  await t.throwsAsync(read(openCsv(file("cut.csv.gz", whole.subarray(0, 12)), {})), { message: /cut\.csv\.gz: is not a whole gzip file/ });
  await t.throwsAsync(binary.npy(file("text.npy", "1,2\n")), { message: /text\.npy: is not an npy file/ });
  await t.throwsAsync(binary.npy(npy("cut.npy", Float32Array.of(1, 2, 3), [2, 2])), { message: /cut\.npy: has 12 bytes of values, want 16/ });
});

test("an idx file is read as rows, compressed or not", async (t) => {
  const bytes = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4);
  const rows = { columns: 2, values: [1, 2, 3, 4] };
  t.deepEqual(await binary.idx(file("a.idx", bytes)), rows);
  t.deepEqual(await binary.idx(file("a.idx.gz", gzipSync(bytes))), rows);
  await t.throwsAsync(binary.idx(file("long.idx", Uint8Array.of(...bytes, 5))), { message: /long\.idx: has 5 bytes of values, want 4 for the shape \(2, 1, 2\)/ });
});

test("a quoted cell may hold commas and quotes", async (t) => {
  t.deepEqual(await csv("quoted.csv", '"a, b","c ""d""",e\n"1", 2,"3"\n', true), { columns: 3, values: [1, 2, 3] });
  await t.throwsAsync(csv("names.csv", '"a, b","c ""d""",e\n1,x,3\n', true), { message: /column 2 \("c \\"d\\""\) is "x"/ });
});

test("blank lines and the lack of a last line's end do not count, wherever the file is cut into chunks", async (t) => {
  const lines = Array.from({ length: 200_000 }, (_, i) => `${i % 1000},${(i % 7) / 8}`);
  const { values } = await csv("long.csv", `${lines.join("\r\n")}\r\n\r\n \n`);
  t.is(values.length, 400_000);
  t.true(values.every((v, i) => v === (i % 2 === 0 ? (i / 2) % 1000 : (((i - 1) / 2) % 7) / 8)));
  await t.throwsAsync(csv("blank.csv", "\n\n"), { message: /blank\.csv: holds no rows/ });
  await t.throwsAsync(csv("only.csv", "a,b\n", true), { message: /only\.csv: holds no rows/ });
});
