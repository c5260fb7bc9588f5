/**
 * From data files to what a task needs: canonical segments, manifest, sealed test set. Rows go through temporary files
 * (`scratch.ts`), so memory does not grow with the data: what grows is their order, a few bytes a row.
 */
import { u64be } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { sealTestSet } from "#platform/seal.js";
import { cidOf } from "#protocol/tasks/cid.js";
import { DataError, encodeSegment, maxTestRows, packSegments, type PackedManifest, type RowShape, type Rows } from "#protocol/tasks/data.js";
import { shuffle } from "#protocol/draws/drbg.js";
import { H, str, testKeyHash } from "#protocol/hash.js";
import { Encoding } from "./encode.js";
import { DataFileError, type DataField } from "./errors.js";
import { type DataOptions } from "./options.js";
import { Readers, type SourceFile } from "./readers.js";
import { RowFile, Scratch } from "./scratch.js";
import { type RowSource } from "./source.js";
import { Spool } from "./spool.js";

/** rows that are read, or encoded, at once */
const AT_ONCE = 256;

/** Bytes by their CID, read when they are wanted. */
export interface Blob {
  readonly cid: string;
  read(): Uint8Array;
}

/** Rows that are read some at a time. */
export interface RowStore {
  readonly rows: number;
  read(first: number, rows: number): Rows;
}

export interface PreparedData {
  readonly packed: PackedManifest & { readonly segments: readonly Blob[] };
  readonly test: { readonly sealed: Uint8Array; readonly key: Uint8Array; readonly cid: string; readonly plaintextHash: Uint8Array; readonly keyHash: Uint8Array; readonly rows: number };
  /** the rows of data.validation: they are neither in the manifest nor in the test set */
  readonly validation: RowStore | undefined;
  /** the characters of a text by their codes */
  readonly vocabulary: readonly string[] | undefined;
  /** Frees the room on disk; nothing can be read afterwards. */
  close(): void;
}

export interface TaskShape {
  readonly name: string;
  readonly inputShape: number[];
  readonly targetShape: number[];
  readonly batchSize: number;
}

/** Throws DataFileError with file and place. Shuffles by the seed, so the same files and seed give the same manifest. */
export async function prepareData(o: DataOptions, shape: RowShape, task: TaskShape): Promise<PreparedData> {
  checkPairs(o);
  const readers = new Readers(o, shape, task.inputShape);
  const opened: { close(): void }[] = [];
  const results: { close(): void }[] = [];
  const spoolOf = async (files: readonly SourceFile[]): Promise<{ spool: Spool; source: RowSource }> => {
    const source = await readers.open(files[0] as SourceFile);
    const spool = new Spool(source.inputs, source.targets);
    opened.push(spool);
    for (const [i, file] of files.entries()) await spool.add({ source: i === 0 ? source : await readers.open(file), at: file.at }, shape);
    return { spool, source };
  };
  try {
    const { spool, source } = await spoolOf(o.train.map((path, i) => ({ path, at: ["data", "train", ...(o.train.length > 1 ? [i] : [])], ...(o.trainLabels ? { labels: o.trainLabels[i] as string } : {}) })));
    readers.close();
    const encoding = new Encoding(source.inputs, source.categories, { scale: o.scale, oneHot: o.oneHot !== undefined, ...(o.normalise ? { normalise: o.normalise } : {}) });
    checkEncoded(o, encoding, source, readers, shape);
    const parts = divide(o, spool.rows, shape);
    if (parts.train.length < task.batchSize) throw new DataFileError(`got ${task.batchSize}, want at most ${parts.train.length}, the rows to train on: not one batch can be filled`, ["batch"]);
    learn(encoding, spool, parts.train);
    const rowsOf = (from: Spool, order: Uint32Array): Rows => encoded(encoding, from, order, shape);

    const scratch = new Scratch();
    results.push(scratch);
    const packed = naming(["batch"], () => pack(task, shape, o.validation, scratch, parts.train.length, (first, rows) => rowsOf(spool, parts.train.subarray(first, first + rows))));
    const validation = stored(parts.validation, shape, (order) => rowsOf(spool, order));
    if (validation) results.push(validation);

    let test: Rows;
    if (typeof o.test === "number") test = rowsOf(spool, parts.test);
    else {
      const { spool: apart } = await spoolOf([{ path: o.test, at: ["data", "test"], ...(o.testLabels ? { labels: o.testLabels } : {}) }]);
      test = rowsOf(apart, drawTest(o, apart.rows, shape));
    }
    const plaintext = naming(["data", "test"], () => encodeSegment(shape, test));
    const { sealed, key } = sealTestSet(plaintext, packed.manifestCid);
    return {
      packed,
      test: { sealed, key, cid: cidOf(nodeCrypto, sealed), plaintextHash: nodeCrypto.sha256(plaintext), keyHash: testKeyHash(nodeCrypto, key), rows: test.rows },
      validation: validation?.store,
      vocabulary: o.format === "text" ? readers.vocabulary.values() : undefined,
      close: () => results.forEach((file) => file.close()),
    };
  } catch (e) {
    for (const file of results) file.close();
    throw e;
  } finally {
    for (const file of opened) file.close();
  }
}

/** Labels beside the inputs go with every file or with none. */
function checkPairs({ train, trainLabels, test, testLabels }: DataOptions): void {
  if (trainLabels && trainLabels.length !== train.length) {
    throw new DataFileError(`names ${trainLabels.length} file${trainLabels.length > 1 ? "s" : ""}, want one for each of the ${train.length} in data.train`, ["data", "train_labels"]);
  }
  if (typeof test === "number") return;
  if (trainLabels && !testLabels) throw new DataFileError("is missing, want the file with the test set's labels, as train_labels is given", ["data", "test_labels"]);
  if (!trainLabels && testLabels) throw new DataFileError("is missing, want the file with the training labels, as test_labels is given", ["data", "train_labels"]);
}

/** What could be told only when all categories were known. */
function checkEncoded(o: DataOptions, encoding: Encoding, source: RowSource, { vocabulary }: Readers, shape: RowShape): void {
  const { size } = encoding;
  if (o.format === "text") {
    const characters = `the text has ${vocabulary.size} different characters`;
    if (vocabulary.size > shape.classes) throw new DataFileError(`${o.train[0]}: ${characters}, the model's last layer has ${shape.classes} units. Give it ${vocabulary.size} or more`, ["data", "train"]);
    if (size !== shape.inputSize) throw new DataFileError(`${o.window} characters are ${size} inputs${o.oneHot ? `, since ${characters}` : ""}, the model wants ${shape.inputSize}. Change model.input or the window`, ["data", "window"]);
  } else if (size !== shape.inputSize) {
    const sizes = [...source.categories.values()].map((c) => c.size);
    throw new DataFileError(`${o.train[0]}: has ${source.inputs} input columns, ${size} once data.one_hot makes ${sizes.join(", ")} of ${sizes.length}, the model wants ${shape.inputSize}. Change model.input or the columns`, ["data", "train"]);
  }
}

interface Parts {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  readonly test: Uint32Array;
}

/**
 * Which rows are trained on, in which order, and which are held back: the last ones once all are shuffled. Windows of a
 * text overlap, so there they are the last ones of the text, and no character that is to be foretold was trained on.
 */
function divide(o: DataOptions, rows: number, shape: RowShape): Parts {
  const test = typeof o.test === "number" ? o.test : 0;
  const validation = o.validation ?? 0;
  if (test >= rows) throw new DataFileError(`${test} rows are to be held back, the training files have ${rows}. Hold back fewer`, ["data", "test"]);
  if (test > maxTestRows(shape)) throw new DataFileError(`got ${test}, want at most ${maxTestRows(shape)}, the rows that a sealed test set of 4 MiB holds`, ["data", "test"]);
  if (test + validation >= rows) throw new DataFileError(`${validation} rows are to be held back${test > 0 ? ` beside ${test} for the test` : ""}, the training files have ${rows}. Hold back fewer`, ["data", "validation"]);
  const kept = rows - test - validation;
  const order = Uint32Array.from({ length: rows }, (_, i) => i);
  order.set(shuffle(nodeCrypto, o.format === "text" ? kept : rows, shuffleSeed("rows", o.seed)));
  return { train: order.subarray(0, kept), validation: order.subarray(kept, kept + validation), test: order.subarray(kept + validation) };
}

const shuffleSeed = (what: string, seed: bigint): Uint8Array => H(nodeCrypto, "pouw/client-shuffle/1", str(what), u64be(seed));

/** The rows of a test file that are sealed. */
function drawTest(o: DataOptions, rows: number, shape: RowShape): Uint32Array {
  const most = maxTestRows(shape);
  const wanted = o.testRows ?? rows;
  if (wanted > rows) throw new DataFileError(`got ${wanted}, the test file has ${rows} rows. Take fewer`, ["data", "test_rows"]);
  if (wanted > most) {
    const remedy = o.testRows ? "Take fewer" : `Set data.test_rows to ${most} or fewer, which the seed then draws`;
    throw new DataFileError(`has ${wanted} rows, of which a sealed test set of 4 MiB holds ${most}. ${remedy}`, ["data", o.testRows ? "test_rows" : "test"]);
  }
  if (o.testRows) return Uint32Array.from(shuffle(nodeCrypto, rows, shuffleSeed("test", o.seed)).slice(0, wanted));
  return Uint32Array.from({ length: rows }, (_, i) => i);
}

/** In the order of the file, which is the quickest to read. */
function learn(encoding: Encoding, spool: Spool, train: Uint32Array): void {
  if (!encoding.learns) return;
  const trained = new Uint8Array(spool.rows);
  for (const row of train) trained[row] = 1;
  for (let first = 0; first < spool.rows; first += AT_ONCE) {
    const rows = spool.readRows(first, Math.min(AT_ONCE, spool.rows - first));
    for (const [i, values] of rows.entries()) if (trained[first + i]) encoding.learn(values);
  }
}

function encoded(encoding: Encoding, spool: Spool, order: Uint32Array, shape: RowShape): Rows {
  const rows = order.length;
  const width = shape.targetSize || 1;
  const x = new Float32Array(rows * shape.inputSize);
  const y = shape.classes > 0 ? new Int32Array(rows) : new Float32Array(rows * width);
  const values = spool.newRow();
  for (const [i, row] of order.entries()) {
    spool.read(row, values);
    encoding.encode(values, x, i * shape.inputSize, (c) => spool.place(row, c));
    for (let t = 0; t < width; t++) y[i * width + t] = spool.target(values, t);
  }
  return { rows, x, y };
}

function pack(task: TaskShape, shape: RowShape, validation: number | undefined, scratch: Scratch, rows: number, read: (first: number, rows: number) => Rows): PreparedData["packed"] {
  const packing = packSegments(nodeCrypto, { ...task, classes: shape.classes, ...(shape.vocabulary === undefined ? {} : { vocabulary: shape.vocabulary }), ...(shape.probabilities ? { probabilities: shape.probabilities } : {}), ...(validation === undefined ? {} : { validationBatches: 0 }) }, rows, read);
  const segments: Blob[] = [];
  for (;;) {
    const { done, value } = packing.next();
    if (done) return { ...value, segments };
    const { cid, bytes } = value;
    const offset = scratch.append(bytes);
    const { length } = bytes;
    segments.push({
      cid,
      read() {
        const back = new Uint8Array(length);
        scratch.read(offset, back);
        return back;
      },
    });
  }
}

/** Encoded rows on disk. */
function stored(order: Uint32Array, shape: RowShape, rowsOf: (order: Uint32Array) => Rows): { store: RowStore; close(): void } | undefined {
  if (order.length === 0) return undefined;
  const width = shape.targetSize || 1;
  const xs = new RowFile(shape.inputSize);
  // class numbers are exact in binary32 below 2^24, more than there can be units
  const ys = new RowFile(width);
  for (let first = 0; first < order.length; first += AT_ONCE) {
    const { rows, x, y } = rowsOf(order.subarray(first, first + AT_ONCE));
    for (let r = 0; r < rows; r++) {
      xs.append(x.subarray(r * shape.inputSize, (r + 1) * shape.inputSize));
      ys.append(Float32Array.from(y.subarray(r * width, (r + 1) * width)));
    }
  }
  const read = (first: number, rows: number): Rows => {
    const x = new Float32Array(rows * shape.inputSize);
    const y = new Float32Array(rows * width);
    xs.read(first, x);
    ys.read(first, y);
    return { rows, x, y: shape.classes > 0 ? Int32Array.from(y) : y };
  };
  return { store: { rows: order.length, read }, close: () => [xs, ys].forEach((file) => file.close()) };
}

/** What the protocol's packing refuses, told at a field of the task file. */
function naming<T>(field: DataField, make: () => T): T {
  try {
    return make();
  } catch (e) {
    if (e instanceof DataError) throw new DataFileError(e.message.replaceAll("batch_size", "batch"), field);
    throw e;
  }
}
