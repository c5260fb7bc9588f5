/** Tables from CSV, npy and idx files: rows × columns of binary32, refused where a value is not a finite number. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { readCsv } from "./csv.js";
import { DataFileError } from "./errors.js";
import { notFinite, type TableData, toF32 } from "./table.js";

export type Format = "csv" | "npy" | "idx";

/** Throws DataFileError with file and place. A file compressed by gzip is read as it is. */
export function readTable(path: string, format: Format, options: { header?: boolean } = {}): TableData {
  const bytes = readBytes(path);
  if (format === "csv") return readCsv(path, bytes, options.header ?? false);
  return format === "npy" ? readNpy(path, bytes) : readIdx(path, bytes);
}

function readBytes(path: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (e) {
    const { code, message } = e as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such file. Paths are relative to the task file" : code === "EISDIR" ? "is a folder, want a file" : message;
    throw new DataFileError(`${path}: ${why}`);
  }
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (e) {
    throw new DataFileError(`${path}: is not a whole gzip file (${(e as Error).message}). Download or compress it again`);
  }
}

const NPY_TYPES: Record<string, [size: number, read: (v: DataView, at: number) => number]> = {
  "<f4": [4, (v, at) => v.getFloat32(at, true)],
  "<f8": [8, (v, at) => v.getFloat64(at, true)],
  "<i4": [4, (v, at) => v.getInt32(at, true)],
  "<i8": [8, (v, at) => Number(v.getBigInt64(at, true))],
  "<i2": [2, (v, at) => v.getInt16(at, true)],
  "|u1": [1, (v, at) => v.getUint8(at)],
  "|i1": [1, (v, at) => v.getInt8(at)],
  "|b1": [1, (v, at) => v.getUint8(at)],
};

/** https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
function readNpy(path: string, bytes: Uint8Array): TableData {
  const magic = Buffer.from(bytes.subarray(0, 6)).toString("latin1");
  if (magic !== "\x93NUMPY" || bytes.length < 12) throw new DataFileError(`${path}: is not an npy file. Write one with numpy.save, or set data.format`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = (bytes[6] as number) >= 2;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const start = (wide ? 12 : 10) + length;
  const text = Buffer.from(bytes.subarray(wide ? 12 : 10, start)).toString("latin1");
  const descr = /'descr':\s*'([^']+)'/.exec(text)?.[1] ?? "";
  const shape = (/'shape':\s*\(([^)]*)\)/.exec(text)?.[1] ?? "").split(",").filter((s) => s.trim() !== "").map(Number);
  if (/'fortran_order':\s*True/.test(text)) throw new DataFileError(`${path}: is in Fortran order, want C order: save numpy.ascontiguousarray(a)`);
  const type = NPY_TYPES[descr];
  if (!type) throw new DataFileError(`${path}: type ${descr || "unknown"} is not read, want one of ${Object.keys(NPY_TYPES).join(" ")}. Convert it: a.astype(numpy.float32)`);
  return dense(path, shape, bytes.length - start, type[0], (i) => type[1](view, start + i * type[0]));
}

const IDX_TYPES: Record<number, [size: number, read: (v: DataView, at: number) => number]> = {
  8: [1, (v, at) => v.getUint8(at)],
  9: [1, (v, at) => v.getInt8(at)],
  11: [2, (v, at) => v.getInt16(at)],
  12: [4, (v, at) => v.getInt32(at)],
  13: [4, (v, at) => v.getFloat32(at)],
  14: [8, (v, at) => v.getFloat64(at)],
};

/** The format of the MNIST files: big-endian, two zero bytes, type, number of dimensions, sizes, values. */
function readIdx(path: string, bytes: Uint8Array): TableData {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = IDX_TYPES[bytes[2] ?? 0];
  const dimensions = bytes[3] ?? 0;
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || !type || bytes.length < 4 + 4 * dimensions) throw new DataFileError(`${path}: is not an idx file. Give one as of MNIST, or set data.format`);
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const start = 4 + 4 * dimensions;
  return dense(path, shape, bytes.length - start, type[0], (i) => type[1](view, start + i * type[0]));
}

function dense(path: string, shape: readonly number[], length: number, size: number, read: (i: number) => number): TableData {
  const rows = shape[0] ?? 0;
  const columns = shape.slice(1).reduce((a, b) => a * b, 1);
  if (rows < 1 || columns < 1) throw new DataFileError(`${path}: has the shape (${shape.join(", ")}), want rows first and no zero`);
  if (length !== rows * columns * size) throw new DataFileError(`${path}: has ${length} bytes of values, want ${rows * columns * size} for the shape (${shape.join(", ")}). The file is cut off or too long: write it again`);
  const place = (row: number, column: number): string => `${path}: row ${row + 1}, column ${column + 1}`;
  const values = new Float32Array(rows * columns);
  for (let i = 0; i < values.length; i++) {
    const v = read(i);
    const f = toF32(v);
    if (!Number.isFinite(f)) throw notFinite(v, place(Math.floor(i / columns), i % columns));
    values[i] = f;
  }
  return { path, rows, columns, values, place };
}
