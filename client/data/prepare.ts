/** From data files to what a task needs: canonical segments, manifest, sealed test set. */
import { sha256 } from "#kernel/crypto.js";
import { sealTestSet } from "#platform/seal.js";
import { cidOf } from "#protocol/cid.js";
import { DataError, encodeSegment, packData, type PackedData, type RowShape, type Rows } from "#protocol/data.js";
import { Drbg } from "#protocol/drbg.js";
import { H, str, testKeyHash } from "#protocol/hash.js";
import { u64be } from "#kernel/bytes.js";
import { DataFileError, type DataField } from "./errors.js";
import { type Format, readTable } from "./readers.js";
import { notFinite, type TableData, toF32 } from "./table.js";

export interface DataOptions {
  /** absolute paths; several are read one behind the other */
  readonly train: readonly string[];
  /** labels beside the inputs, for npy and idx */
  readonly trainLabels?: readonly string[];
  /** a file of its own, or how many shuffled rows are held back */
  readonly test: string | number;
  readonly testLabels?: string;
  readonly format: Format;
  readonly header: boolean;
  /** which column of a CSV holds the label or the first target; negative counts from the end */
  readonly label: number;
  readonly scale: number;
  readonly seed: bigint;
}

export interface PreparedData {
  readonly packed: PackedData;
  readonly test: { readonly sealed: Uint8Array; readonly key: Uint8Array; readonly cid: string; readonly plaintextHash: Uint8Array; readonly keyHash: Uint8Array; readonly rows: number };
}

/** Throws DataFileError with file and place. Shuffles by the seed, so the same files and seed give the same manifest. */
export function prepareData(o: DataOptions, shape: RowShape, task: { name: string; inputShape: number[]; targetShape: number[]; batchSize: number }): PreparedData {
  checkPairs(o);
  let train = join(
    o.train.map((path, i) => rowsOf(o, shape, { inputs: path, at: ["data", "train", ...(o.train.length > 1 ? [i] : [])], labels: o.trainLabels?.[i] })),
    shape,
  );
  let test: Rows;
  train = shuffled(train, shape, o.seed);
  if (typeof o.test === "number") {
    if (o.test >= train.rows) throw new DataFileError(`${o.test} rows are to be held back, the training files have ${train.rows}. Hold back fewer`, ["data", "test"]);
    test = slice(train, shape, train.rows - o.test, train.rows);
    train = slice(train, shape, 0, train.rows - o.test);
  } else test = rowsOf(o, shape, { inputs: o.test, at: ["data", "test"], labels: o.testLabels });
  if (train.rows < task.batchSize) throw new DataFileError(`got ${task.batchSize}, want at most ${train.rows}, the rows to train on: not one batch can be filled`, ["batch"]);
  const packed = naming(["batch"], () => packData({ ...task, classes: shape.classes }, train));
  const plaintext = naming(["data", "test"], () => encodeSegment(shape, test));
  const { sealed, key } = sealTestSet(plaintext, packed.manifestCid);
  return { packed, test: { sealed, key, cid: cidOf(sealed), plaintextHash: sha256(plaintext), keyHash: testKeyHash(key), rows: test.rows } };
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

/** What the protocol's packing refuses, told at a field of the task file. */
function naming<T>(field: DataField, pack: () => T): T {
  try {
    return pack();
  } catch (e) {
    if (e instanceof DataError) throw new DataFileError(e.message.replaceAll("batch_size", "batch"), field);
    throw e;
  }
}

interface Source {
  readonly inputs: string;
  /** the field that names the file */
  readonly at: DataField;
  readonly labels: string | undefined;
}

const rowsOf = (o: DataOptions, shape: RowShape, source: Source): Rows => reading(source.at, () => readRows(o, shape, source));

function readRows(o: DataOptions, shape: RowShape, { inputs: path, at, labels }: Source): Rows {
  const table = readTable(path, o.format, { header: o.header });
  const width = shape.targetSize || 1;
  const labelsAt: DataField = ["data", `${at[1]}_labels`];
  const targets = labels ? reading(labelsAt, () => readTable(labels, o.format, { header: o.header })) : undefined;
  const inputs = targets ? table.columns : table.columns - width;
  if (inputs !== shape.inputSize) {
    const beside = targets ? "" : ` beside the ${width === 1 ? "label" : `${width} targets`}`;
    throw new DataFileError(`${path}: has ${Math.max(inputs, 0)} input columns${beside}, the model wants ${shape.inputSize}. Change model.input or the file`, at);
  }
  if (targets && (targets.rows !== table.rows || targets.columns !== width)) {
    throw new DataFileError(`${targets.path}: has ${targets.rows} rows of ${targets.columns}, want ${table.rows} of ${width}, one for each row of inputs`, labelsAt);
  }
  const first = o.label < 0 ? table.columns + o.label : o.label;
  if (!targets && (first < 0 || first + width > table.columns)) {
    throw new DataFileError(`got ${o.label}, want ${-table.columns} to ${table.columns - width}: ${path} has ${table.columns} columns, counted from 0, or from -1 at the end`, ["data", "label"]);
  }
  const x = new Float32Array(table.rows * inputs);
  const y = shape.classes > 0 ? new Int32Array(table.rows) : new Float32Array(table.rows * width);
  for (let r = 0; r < table.rows; r++) {
    let n = r * inputs;
    for (let c = 0; c < table.columns; c++) {
      const v = table.values[r * table.columns + c] as number;
      if (!targets && c >= first && c < first + width) y[r * width + c - first] = label(v, table, r, c, shape);
      else {
        const f = toF32(v * o.scale);
        if (!Number.isFinite(f)) throw notFinite(v * o.scale, `${table.place(r, c)}, times data.scale,`);
        x[n++] = f;
      }
    }
    if (targets) for (let c = 0; c < width; c++) y[r * width + c] = label(targets.values[r * width + c] as number, targets, r, c, shape);
  }
  return { rows: table.rows, x, y };
}

/** A file's own fault, told with the field that names the file. */
function reading<T>(field: DataField, read: () => T): T {
  try {
    return read();
  } catch (e) {
    if (e instanceof DataFileError && !e.field) throw new DataFileError(e.message, field);
    throw e;
  }
}

function label(v: number, table: TableData, row: number, column: number, { classes }: RowShape): number {
  if (classes > 0 && !(Number.isInteger(v) && v >= 0 && v < classes)) {
    throw new DataFileError(`${table.place(row, column)}: the label is ${v}, want a whole number from 0 to ${classes - 1}: the model's last layer has ${classes} units`);
  }
  return v;
}

function join(parts: Rows[], shape: RowShape): Rows {
  if (parts.length === 1) return parts[0] as Rows;
  const rows = parts.reduce((n, p) => n + p.rows, 0);
  const width = shape.targetSize || 1;
  const x = new Float32Array(rows * shape.inputSize);
  const y = shape.classes > 0 ? new Int32Array(rows) : new Float32Array(rows * width);
  let at = 0;
  for (const p of parts) {
    x.set(p.x, at * shape.inputSize);
    y.set(p.y, at * width);
    at += p.rows;
  }
  return { rows, x, y };
}

function shuffled(data: Rows, shape: RowShape, seed: bigint): Rows {
  const drbg = new Drbg(H("pouw/client-shuffle/1", str("rows"), u64be(seed)));
  const order = Array.from({ length: data.rows }, (_, i) => i);
  for (let i = data.rows - 1; i >= 1; i--) {
    const j = Number(drbg.below(BigInt(i + 1)));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  const width = shape.targetSize || 1;
  const x = new Float32Array(data.x.length);
  const y = shape.classes > 0 ? new Int32Array(data.y.length) : new Float32Array(data.y.length);
  order.forEach((from, to) => {
    x.set(data.x.subarray(from * shape.inputSize, (from + 1) * shape.inputSize), to * shape.inputSize);
    y.set(data.y.subarray(from * width, (from + 1) * width), to * width);
  });
  return { rows: data.rows, x, y };
}

function slice(data: Rows, shape: RowShape, from: number, to: number): Rows {
  const width = shape.targetSize || 1;
  return { rows: to - from, x: data.x.slice(from * shape.inputSize, to * shape.inputSize), y: data.y.slice(from * width, to * width) };
}
