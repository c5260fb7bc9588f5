/** From data files to what a task needs: canonical segments, manifest, sealed test set. */
import { sha256 } from "#kernel/crypto.js";
import { sealTestSet } from "#platform/seal.js";
import { cidOf } from "#protocol/cid.js";
import { encodeSegment, packData, type PackedData, type RowShape, type Rows } from "#protocol/data.js";
import { Drbg } from "#protocol/drbg.js";
import { H, str, testKeyHash } from "#protocol/hash.js";
import { u64be } from "#kernel/bytes.js";
import { DataFileError, type Format, readTable, type TableData } from "./readers.js";

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
  let train = join(o.train.map((path, i) => readRows(o, shape, path, o.trainLabels?.[i])), shape);
  let test: Rows;
  train = shuffled(train, shape, o.seed);
  if (typeof o.test === "number") {
    if (o.test >= train.rows) throw new DataFileError(`data.test: ${o.test} rows to hold back, the file has ${train.rows}`);
    test = slice(train, shape, train.rows - o.test, train.rows);
    train = slice(train, shape, 0, train.rows - o.test);
  } else test = readRows(o, shape, o.test, o.testLabels);
  const packed = packData({ ...task, classes: shape.classes }, train);
  const plaintext = encodeSegment(shape, test);
  const { sealed, key } = sealTestSet(plaintext, packed.manifestCid);
  return { packed, test: { sealed, key, cid: cidOf(sealed), plaintextHash: sha256(plaintext), keyHash: testKeyHash(key), rows: test.rows } };
}

function readRows(o: DataOptions, shape: RowShape, path: string, labels: string | undefined): Rows {
  const table = readTable(path, o.format, { header: o.header });
  const width = shape.targetSize || 1;
  const targets = labels ? readTable(labels, o.format, { header: o.header }) : undefined;
  const inputs = targets ? table.columns : table.columns - width;
  if (inputs !== shape.inputSize) throw new DataFileError(`${path}: ${inputs} input columns, the model wants ${shape.inputSize}`);
  if (targets && (targets.rows !== table.rows || targets.columns !== width)) {
    throw new DataFileError(`${labels}: ${targets.rows} rows of ${targets.columns}, want ${table.rows} of ${width}`);
  }
  const at = o.label < 0 ? table.columns + o.label : o.label;
  if (!targets && (at < 0 || at + width > table.columns)) throw new DataFileError(`data.label: column ${o.label} of ${table.columns} in ${path}`);
  const x = new Float32Array(table.rows * inputs);
  const y = shape.classes > 0 ? new Int32Array(table.rows) : new Float32Array(table.rows * width);
  for (let r = 0; r < table.rows; r++) {
    let n = r * inputs;
    for (let c = 0; c < table.columns; c++) {
      const v = table.values[r * table.columns + c] as number;
      if (!targets && c >= at && c < at + width) put(y, r * width + c - at, v, r, path, shape);
      else x[n++] = v * o.scale + 0;
    }
    if (targets) for (let c = 0; c < width; c++) put(y, r * width + c, targets.values[r * width + c] as number, r, labels as string, shape);
  }
  return { rows: table.rows, x, y };
}

function put(y: Int32Array | Float32Array, at: number, v: number, row: number, path: string, { classes }: RowShape): void {
  if (classes > 0 && !(Number.isInteger(v) && v >= 0 && v < classes)) {
    throw new DataFileError(`${path}: row ${row + 1} has the label ${v}, want a whole number from 0 to ${classes - 1}`);
  }
  y[at] = v + 0;
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

export type { TableData };
