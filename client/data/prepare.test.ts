import "#platform/install.js";
import test from "ava";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { toHex } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { openTestSet } from "#platform/seal.js";
import { batchesOfSegment, decodeSegment, type RowShape } from "#protocol/tasks/data.js";
import { checkData } from "../task/check.js";
import { readTaskFile } from "../task/task-file.js";
import { DataFileError } from "./errors.js";
import { type DataOptions } from "./options.js";
import { prepareData, type PreparedData } from "./prepare.js";
import { dataFolder, idxBytes, npyBytes } from "./testing.js";

const { dir, file, remove } = dataFolder();
test.after.always(remove);

const rows = file("rows.csv", `${Array.from({ length: 50 }, (_, i) => `${i},${i % 7},${i % 3}`).join("\n")}\n`);
const shape = { inputSize: 2, targetSize: 0, classes: 3 };
const options: DataOptions = { train: [rows], test: 10, format: "csv", header: false, label: -1, scale: 0.5, seed: 3n };
const task = { name: "t", inputShape: [2], targetShape: [], batchSize: 5 };

/** All rows that are trained on. */
function trained({ packed }: PreparedData, s: RowShape): { x: number[]; y: number[] } {
  const batches = packed.segments.flatMap((segment, i) => batchesOfSegment(nodeCrypto, packed.manifest, s, i, segment.read()));
  return { x: batches.flatMap((b) => [...b.x]), y: batches.flatMap((b) => [...b.y]) };
}
const opened = ({ test: t, packed }: PreparedData, s: RowShape) => decodeSegment(s, openTestSet(t.sealed, t.key, packed.manifestCid));

test("the same files and seed give the same manifest, and the test rows are sealed apart", async (t) => {
  const [a, b] = [await prepareData(options, shape, task), await prepareData(options, shape, task)];
  t.is(a.packed.manifestCid, b.packed.manifestCid);
  t.is(a.packed.manifest.batches, 8);
  t.is(a.test.rows, 10);
  t.notDeepEqual(a.test.sealed, b.test.sealed, "a fresh key each time");
  const { x, y } = trained(a, shape);
  t.deepEqual([...x.filter((_, i) => i % 2 === 0), ...opened(a, shape).x.filter((_, i) => i % 2 === 0)].sort((p, q) => p - q), Array.from({ length: 50 }, (_, i) => i / 2), "every row once");
  t.true(y.every((c, i) => c === ((x[2 * i] as number) * 2) % 3), "its label with every row");
  a.close();
  b.close();
});

// of the first version, which read whole files into memory: submissions that were begun with it go on
const CIDS = {
  digits: "bafkreigqkl7q7ezq43fduubolqxxhjbrw4zfvcd6zjsoimtwqq7jeuthka",
  "digits-conv": "bafkreidka3h7dvksce5wxx52c3obxlmvlpkwvv33lzibnjl72r6t6xq56a",
};

for (const [name, cid] of Object.entries(CIDS)) {
  test(`examples/${name}.yaml has the manifest and the test set that it always had`, async (t) => {
    const data = await checkData(readTaskFile(`examples/${name}.yaml`));
    t.is(data.packed.manifestCid, cid);
    t.is(toHex(data.test.plaintextHash), "8ea3db81b62f321d5727b3d62410cd5e80b32a66fe50b376b2af1f30d66d869e");
    data.close();
  });
}

test("several files, compression, labels apart, targets and many segments change no byte of the first version's", async (t) => {
  const base = { header: false, label: -1, scale: 1, seed: 1n };
  const a = file("a.csv", `x,y,c\r\n${Array.from({ length: 50 }, (_, i) => `${i},${-(i % 7) / 3},${i % 3}`).join("\r\n")}\n\n`);
  const b = file("b.csv.gz", gzipSync(`x,y,c\n${Array.from({ length: 23 }, (_, i) => `${i * 1e-3},${i % 5},${i % 3}`).join("\n")}`));
  const images = file("images.idx.gz", gzipSync(idxBytes(Array.from({ length: 6000 }, (_, i) => (i * 7919) >> 3), [300, 5, 4])));
  const labels = file("labels.idx", idxBytes(Array.from({ length: 300 }, (_, i) => (i * 31) % 10), [300]));
  const doubles = file("n.npy", npyBytes(Float64Array.from({ length: 90 * 6 }, (_, i) => (i % 6 === 5 ? (i * 5) % 4 : ((i * 31) % 97) / 97)), [90, 6]));
  const large = file("large.npy", npyBytes(Float32Array.from({ length: 3000 * 1001 }, (_, i) => (i % 1001 === 1000 ? (i * 5) % 4 : ((i * 7919) % 1000) / 1000)), [3000, 1001]));
  const cases: [DataOptions, RowShape, number, string, string][] = [
    [{ ...base, train: [a, b], test: 10, format: "csv", header: true, scale: 0.3, seed: 7n }, { inputSize: 2, targetSize: 0, classes: 3 }, 4, "bafkreidngt5lqvris77apu2mum6q2bd2mx5rvquktjnomcz4ybtyahmqy4", "3f62d1bc"],
    [{ ...base, train: [a], test: b, format: "csv", header: true, label: 0 }, { inputSize: 1, targetSize: 2, classes: 0 }, 4, "bafkreidfyzk4o3ssycf2xsr3hbzk2m3rmfw5ign2icj776rkwspbkwmsgy", "24a77bf6"],
    [{ ...base, train: [images], trainLabels: [labels], test: 60, format: "idx", scale: 1 / 255 }, { inputSize: 20, targetSize: 0, classes: 10 }, 10, "bafkreidzgdcopdf2leh4afsuak53ha5eyuih2f7rghwdrb2dcztthgfcb4", "d644a4a0"],
    [{ ...base, train: [doubles], test: 9, format: "npy" }, { inputSize: 5, targetSize: 0, classes: 4 }, 3, "bafkreib4yknomfzn7qd65shc7cz6wscyp44ylhdmiteuhe7hteo2cv4mqe", "8e41de97"],
    [{ ...base, train: [large], test: 500, format: "npy" }, { inputSize: 1000, targetSize: 0, classes: 5 }, 32, "bafkreihwuqjscloqw3phghkezd6z5sqynponfga2extukpg5om7kms2tku", "0ec1f7a8"],
  ];
  for (const [o, s, batchSize, cid, hash] of cases) {
    const inputShape = o.format === "idx" ? [5, 4, 1] : [s.inputSize];
    const data = await prepareData(o, s, { name: "t", inputShape, targetShape: s.targetSize ? [s.targetSize] : [], batchSize });
    t.is(data.packed.manifestCid, cid);
    t.is(toHex(data.test.plaintextHash).slice(0, 8), hash);
    data.close();
  }
});

test("validation rows are in neither the manifest nor the test set, and all others are trained on", async (t) => {
  const data = await prepareData({ ...options, validation: 10 }, shape, task);
  t.is(data.packed.manifest.batches, 6);
  t.is(data.packed.manifest.validationBatches, 0);
  t.is(data.validation?.rows, 10);
  const held = data.validation?.read(0, 10);
  const first = (x: ArrayLike<number>) => Array.from({ length: x.length / 2 }, (_, i) => x[2 * i] as number);
  t.deepEqual([...first(trained(data, shape).x), ...first(held?.x ?? []), ...first(opened(data, shape).x)].sort((p, q) => p - q), Array.from({ length: 50 }, (_, i) => i / 2));
  t.deepEqual([...(data.validation?.read(3, 2).x ?? [])], [...(held?.x.subarray(6, 10) ?? [])]);
  t.true(held?.y instanceof Int32Array);
  data.close();
  const again = await prepareData({ ...options, validation: 10 }, shape, task);
  t.deepEqual(again.validation?.read(0, 10), held);
  t.deepEqual(opened(again, shape), opened(await prepareData(options, shape, task), shape), "the test set stays what it is without them");
  again.close();
});

test("columns are normalised by the rows that are trained on, and the test rows likewise", async (t) => {
  const path = file("spread.csv", `${Array.from({ length: 40 }, (_, i) => `${1000 + i},7,${i % 2}`).join("\n")}\n`);
  const s = { inputSize: 2, targetSize: 0, classes: 2 };
  const o: DataOptions = { ...options, train: [path], scale: 1 };
  for (const normalise of ["standard", "min_max"] as const) {
    const data = await prepareData({ ...o, normalise }, s, task);
    const { x } = trained(data, s);
    const column = x.filter((_, i) => i % 2 === 0);
    const mean = column.reduce((a, b) => a + b, 0) / column.length;
    const spread = Math.sqrt(column.reduce((a, b) => a + (b - mean) ** 2, 0) / column.length);
    if (normalise === "standard") t.true(Math.abs(mean) < 1e-6 && Math.abs(spread - 1) < 1e-6, `${mean} ${spread}`);
    else t.deepEqual([Math.min(...column), Math.max(...column)], [0, 1]);
    t.true(x.every((v, i) => i % 2 === 0 || v === 0), "a column of one value becomes 0");
    const raw = trained(await prepareData(o, s, task), s).x;
    const [a, b] = [0, 2].map((i) => [raw[i] as number, x[i] as number] as const) as [[number, number], [number, number]];
    const slope = (b[1] - a[1]) / (b[0] - a[0]);
    const testRaw = opened(await prepareData(o, s, task), s).x;
    opened(data, s).x.forEach((v, i) => i % 2 === 0 && t.true(Math.abs(v - (a[1] + slope * ((testRaw[i] as number) - a[0]))) < 1e-4));
    data.close();
  }
});

test("categories become one input each, in sorted order, the same in the test file", async (t) => {
  const train = file("colours.csv", "colour,size,grade,class\nred,1,10,0\nblue,2,9,1\ngreen,3,10,0\nred,4,2,1\nblue,5,9,0\n");
  const testFile = file("colours-test.csv", "colour,size,grade,class\ngreen,6,2,1\n");
  const o: DataOptions = { ...options, train: [train], test: testFile, header: true, scale: 1, oneHot: ["colour", 2] };
  const s = { inputSize: 7, targetSize: 0, classes: 2 };
  const k = { ...task, inputShape: [7], batchSize: 5 };
  const data = await prepareData({ ...o, validation: 0 }, s, k);
  // blue green red | size | 2 9 10: numbers by their size
  t.deepEqual([...opened(data, s).x], [0, 1, 0, 6, 1, 0, 0]);
  const { x, y } = trained(data, s);
  const lines = Array.from({ length: 5 }, (_, r) => [...x.slice(7 * r, 7 * r + 7), y[r]].join(" ")).sort();
  t.deepEqual(lines, ["0 0 1 1 0 0 1 0", "0 0 1 4 1 0 0 1", "0 1 0 3 0 0 1 0", "1 0 0 2 0 1 0 1", "1 0 0 5 0 1 0 0"]);
  data.close();

  const refused = (changes: Partial<DataOptions>, size = 7) => t.throwsAsync(prepareData({ ...o, ...changes }, { ...s, inputSize: size }, k), { instanceOf: DataFileError });
  t.regex((await refused({ oneHot: ["color"] }))?.message ?? "", /got "color", want one of the columns: colour, size, grade, class/);
  t.regex((await refused({ oneHot: ["class"] }))?.message ?? "", /names the column that holds the label/);
  t.regex((await refused({}, 3))?.message ?? "", /has 3 input columns, 7 once data\.one_hot makes 3, 3 of 2, the model wants 3/);
  const moved = file("colours-moved.csv", "size,colour,grade,class\n6,red,2,1\n");
  t.regex((await refused({ test: moved }))?.message ?? "", /"colour" is column 2 of one file and column 1 of another/);
  const narrow = file("colours-narrow.csv", "colour,size,class\nred,6,1\n");
  t.regex((await refused({ train: [train, narrow], oneHot: ["colour"] }))?.message ?? "", /narrow\.csv: has 2 input columns beside the label, the first file has 3/);
  const strange = file("colours-strange.csv", "colour,size,grade,class\nmauve,6,2,1\n");
  t.regex((await refused({ test: strange }))?.message ?? "", /strange\.csv:2: row 1, column 1 \("colour"\) is "mauve", a category that the training data does not have/);
});

test("of a test file that is too large for a sealed set the seed draws the rows that are asked for", async (t) => {
  const wide = { inputSize: 3000, targetSize: 0, classes: 4 };
  const k = { ...task, inputShape: [3000], batchSize: 10 };
  const path = file("wide.npy", npyBytes(Float32Array.from({ length: 400 * 3001 }, (_, i) => (i % 3001 === 3000 ? 1 : Math.floor(i / 3001))), [400, 3001]));
  const o: DataOptions = { ...options, train: [path], test: path, format: "npy", scale: 1 };
  const large = await t.throwsAsync(prepareData(o, wide, k));
  t.regex(large?.message ?? "", /has 400 rows, of which a sealed test set of 4 MiB holds 349\. Set data\.test_rows to 349 or fewer/);
  t.regex((await t.throwsAsync(prepareData({ ...o, test: 350 }, wide, k)))?.message ?? "", /got 350, want at most 349, the rows that a sealed test set of 4 MiB holds/);
  const firsts = async (seed: bigint) => {
    const data = await prepareData({ ...o, testRows: 20, seed }, wide, k);
    data.close();
    return Array.from({ length: 20 }, (_, r) => opened(data, wide).x[3000 * r] as number);
  };
  const drawn = await firsts(1n);
  t.is(new Set(drawn).size, 20);
  t.deepEqual(await firsts(1n), drawn);
  t.notDeepEqual(await firsts(2n), drawn);
});

test("what does not fit the task names its field", async (t) => {
  const refused = async (o: Partial<DataOptions>, s: Partial<typeof shape> = {}, k: Partial<typeof task> = {}) =>
    t.throwsAsync(prepareData({ ...options, ...o }, { ...shape, ...s }, { ...task, ...k }), { instanceOf: DataFileError });
  const field = (e: DataFileError | undefined) => e?.field?.join(".");
  const label = await refused({}, { classes: 2 });
  t.regex(label?.message ?? "", /rows\.csv:3: row 3, column 3: the label is 2, want a whole number from 0 to 1: the model's last layer has 2 units/);
  t.is(field(label), "data.train");
  const wide = await refused({}, { inputSize: 3 });
  t.regex(wide?.message ?? "", /has 2 input columns beside the label, the model wants 3/);
  t.is(field(wide), "data.train");
  t.is(field(await refused({ test: 50 })), "data.test");
  t.is(field(await refused({ test: 10, validation: 40 })), "data.validation");
  t.is(field(await refused({ label: 3 })), "data.label");
  t.is(field(await refused({}, {}, { batchSize: 41 })), "batch");
  t.is(field(await refused({ trainLabels: [rows, rows] })), "data.train_labels");
  t.is(field(await refused({ trainLabels: [rows], test: rows })), "data.test_labels");
  t.is(field(await refused({ train: [rows, join(dir, "none.csv")] })), "data.train.1");
  const short = file("short.idx", idxBytes([0, 1, 2], [3]));
  const images = file("four.idx", idxBytes([0, 1, 2, 3, 4, 5, 6, 7], [4, 2]));
  const unequal = await refused({ train: [images], trainLabels: [short], test: 1, format: "idx" });
  t.regex(unequal?.message ?? "", /short\.idx: has 3 rows, want 4, one for each row of inputs/);
  t.is(field(unequal), "data.train_labels");
});
