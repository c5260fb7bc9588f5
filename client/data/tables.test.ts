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
});

test("columns that are separated otherwise are named, with the option that reads them", async (t) => {
  const lines = { semicolon: "1;2.5\n3;4\n", tab: "1\t2.5\n3\t4\n", pipe: "1|2.5\n3|4\n", space: " 1  2.5\n3 4 \n" } as const;
  for (const [separator, text] of Object.entries(lines) as [keyof typeof lines, string][]) {
    const path = file(`${separator}.csv`, text);
    const refused = await t.throwsAsync(read(openCsv(path, {})), { instanceOf: DataFileError, message: new RegExp(`${separator}\\.csv:1: columns are separated by ${separator}s, want commas\\. Set data\\.separator to ${separator} in the task file`) });
    t.deepEqual(refused.field, ["data", "separator"]);
    t.deepEqual(await read(openCsv(path, { separator })), { columns: 2, values: [1, 2.5, 3, 4] });
    await t.throwsAsync(read(openCsv(file("commas.csv", "1,2\n3,4\n"), { separator })), { message: /commas\.csv:1: columns are separated by commas\. Leave data\.separator out/ });
  }
  const compressed = file("space.csv.gz", gzipSync("0.038 -5.6e-2 +1.\n1 2 3\n"));
  await t.throwsAsync(read(openCsv(compressed, {})), { message: /space\.csv\.gz:1: columns are separated by spaces/ });
  t.deepEqual((await read(openCsv(compressed, { separator: "space" }))).columns, 3);
  const named = file("named-tabs.csv", 'age\t"body mass"\n1\t2\n');
  await t.throwsAsync(read(openCsv(named, { header: true })), { message: /named-tabs\.csv:2: columns are separated by tabs/ });
  t.deepEqual(await read(openCsv(named, { header: true, separator: "tab" })), { columns: 2, values: [1, 2] });
  await t.throwsAsync(read(openCsv(file("gap.tsv", "1\t2\n\t4\n"), { separator: "tab" })), { message: /gap\.tsv:2: row 2, column 1 is "", want a finite number/ });
  await t.throwsAsync(csv("decimals.csv", "1,5;2\n3;4,25\n"), { message: /decimals\.csv:1: columns are separated by semicolons and decimals by commas\. Write points and commas: tr ',;' '\.,' < \S+decimals\.csv/ });
});

test("text that is not UTF-8 is refused with the command that converts it, which then reads", async (t) => {
  const latin1 = (name: string, text: string) => file(name, Buffer.from(text, "latin1"));
  const one = await t.throwsAsync(read(openCsv(latin1("latin1.csv", "a,c,y\n0.1,cafe,0\n0.2,caf\xe9,1\n0.3,caf\xe8,1\n"), { header: true })), { instanceOf: DataFileError });
  t.regex(one.message, /latin1\.csv:3: is not UTF-8 text\. Convert it: iconv -f LATIN1 -t UTF-8 \S+latin1\.csv > \S+latin1\.utf8\.csv, with the encoding that it has in place of LATIN1/);
  await t.throwsAsync(read(openCsv(latin1("deep.csv", `${`1,${"0".repeat(40)}2\n`.repeat(10_000)}1,caf\xe9\n`), {})), { message: /deep\.csv:10001: is not UTF-8/ });
  const packed = file("latin1.csv.gz", gzipSync(Buffer.from("1,\xe9\n", "latin1")));
  await t.throwsAsync(read(openCsv(packed, {})), { message: /Convert it: gzip -dc \S+latin1\.csv\.gz \| iconv -f LATIN1 -t UTF-8 > \S+latin1\.utf8\.csv/ });
  const wide = Buffer.from("\ufeff1,2\n3,4\n", "utf16le");
  await t.throwsAsync(read(openCsv(file("wide.csv", wide), {})), { message: /wide\.csv: is UTF-16 text, want UTF-8\. Convert it: iconv -f UTF-16 -t UTF-8/ });
  await t.throwsAsync(read(openCsv(file("swapped.csv", Buffer.from(wide).swap16()), {})), { message: /is UTF-16 text/ });
  await t.throwsAsync(read(openCsv(file("unmarked.csv", wide.subarray(2)), {})), { message: /is UTF-16LE text, want UTF-8\. Convert it: iconv -f UTF-16LE -t UTF-8/ });
  t.deepEqual(await csv("marked.csv", "\ufeff1,2\n"), { columns: 2, values: [1, 2] }, "a mark of UTF-8 is no part of the first number");
  await t.throwsAsync(read(openCsv(npy("array.csv", Float32Array.of(1), [1, 1]), {})), { message: /array\.csv: is an npy file: set data\.format to npy/ });
  await t.throwsAsync(csv("sheet.csv", "PK\x03\x04 and more"), { message: /sheet\.csv: is a zip archive or a spreadsheet\. Export it as CSV, in UTF-8/ });
});

test("a value beyond ±2^20 is refused by row and column in every format, once it is scaled", async (t) => {
  const cases: [string, Partial<DataOptions>, RegExp][] = [
    [file("large.csv", "1,2,0\n3,-1048577,1\n"), { format: "csv" }, /large\.csv:2: row 2, column 2 is -1048577, want -1048576 to 1048576: with larger values training diverges\. Scale the data \(set data\.normalise to standard, or data\.scale\), or correct the value/],
    [npy("large.npy", Float32Array.of(1, 2, 0, 2 ** 21, 4, 1), [2, 3]), { format: "npy" }, /large\.npy: row 2, column 1 is 2097152, want/],
    [file("large.idx", Uint8Array.of(0, 0, 12, 2, 0, 0, 0, 2, 0, 0, 0, 3, ...[1, 2, 0, 3, 1 << 24, 1].flatMap((v) => [v >> 24, (v >> 16) & 255, (v >> 8) & 255, v & 255]))), { format: "idx" }, /large\.idx: row 2, column 2 is 16777216, want/],
    [file("scaled-up.csv", "1,2,0\n3,4,1\n"), { format: "csv", scale: 2 ** 19 }, /scaled-up\.csv:2: row 2, column 1, times data\.scale, is 1572864, want/],
  ];
  const shape = { inputSize: 2, targetSize: 0, classes: 2 };
  const task = { name: "t", inputShape: [2], targetShape: [], batchSize: 1 };
  const options = (path: string): DataOptions => ({ train: [path], test: 1, format: "csv", header: false, label: -1, scale: 1, seed: 1n });
  for (const [path, change, message] of cases) await t.throwsAsync(prepareData({ ...options(path), ...change }, shape, task), { instanceOf: DataFileError, message });
  const far = file("far.csv", "1,0,0\n2,3000000,1\n3,1,0\n");
  await t.notThrowsAsync(prepareData({ ...options(far), normalise: "standard" }, shape, task), "what it is scaled to counts");
  await t.notThrowsAsync(prepareData({ ...options(file("edge.csv", "1048576,-1048576,0\n0,0,1\n")) }, shape, task));
  const targets = file("targets.csv", "1,2,3\n4,5,2000000\n");
  await t.throwsAsync(prepareData({ ...options(targets), normalise: "standard" }, { inputSize: 2, targetSize: 1, classes: 0 }, { ...task, targetShape: [1] }), {
    message: /targets\.csv:2: row 2, column 3: the target is 2000000, want -1048576 to 1048576: .* Scale the targets in the file/,
  });
});

test("a target of binary cross-entropy is from 0 to 1, or refused by row and column", async (t) => {
  const shape = { inputSize: 1, targetSize: 2, classes: 0, probabilities: true } as const;
  const task = { name: "t", inputShape: [1], targetShape: [2], batchSize: 1 };
  const prepare = (text: string) => prepareData({ train: [file("binary.csv", text)], test: 1, format: "csv", header: true, label: 1, scale: 1, seed: 1n }, shape, task);
  const refused = await t.throwsAsync(prepare("x,malign,large\n1,1,0\n2,1,2\n"), { instanceOf: DataFileError });
  t.regex(refused.message, /binary\.csv:3: row 2, column 3 \("large"\): the target is 2, want 0 to 1, as binary_cross_entropy takes it\. Write the two classes as 0 and 1/);
  await t.throwsAsync(prepare("x,a,b\n1,-1,1\n2,1,1\n"), { message: /row 1, column 2 \("a"\): the target is -1/ });
  await t.notThrowsAsync(prepare("x,a,b\n1,0,1\n2,0.25,1\n"));
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
