/** Arrays in npy and idx files, rows first, read a block of rows at a time. */
import { ByteReader } from "./bytes.js";
import { DataFileError } from "./errors.js";
import { notFinite, type Table, toF32 } from "./table.js";

/** bytes of a block, when a row is not larger */
const BLOCK = 1 << 18;

type Element = readonly [size: number, read: (v: DataView, at: number) => number];

const NPY_TYPES: Record<string, Element> = {
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
export async function openNpy(path: string): Promise<Table> {
  const reader = new ByteReader(path);
  const foreign = new DataFileError(`${path}: is not an npy file. Write one with numpy.save, or set data.format`);
  const begin = await take(reader, 12, foreign);
  if (Buffer.from(begin.subarray(0, 6)).toString("latin1") !== "\x93NUMPY") throw foreign;
  const view = new DataView(begin.buffer);
  const wide = (begin[6] as number) >= 2;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const text = (wide ? "" : Buffer.from(begin.subarray(10)).toString("latin1")) + Buffer.from(await take(reader, wide ? length : length - 2, foreign)).toString("latin1");
  const descr = /'descr':\s*'([^']+)'/.exec(text)?.[1] ?? "";
  const shape = (/'shape':\s*\(([^)]*)\)/.exec(text)?.[1] ?? "").split(",").filter((s) => s.trim() !== "").map(Number);
  if (/'fortran_order':\s*True/.test(text)) throw new DataFileError(`${path}: is in Fortran order, want C order: save numpy.ascontiguousarray(a)`);
  const type = NPY_TYPES[descr];
  if (!type) throw new DataFileError(`${path}: type ${descr || "unknown"} is not read, want one of ${Object.keys(NPY_TYPES).join(" ")}. Convert it: a.astype(numpy.float32)`);
  return arrayTable(path, shape, type, reader);
}

const IDX_TYPES: Record<number, Element> = {
  8: [1, (v, at) => v.getUint8(at)],
  9: [1, (v, at) => v.getInt8(at)],
  11: [2, (v, at) => v.getInt16(at)],
  12: [4, (v, at) => v.getInt32(at)],
  13: [4, (v, at) => v.getFloat32(at)],
  14: [8, (v, at) => v.getFloat64(at)],
};

/** The format of the MNIST files: big-endian, two zero bytes, type, number of dimensions, sizes, values. */
export async function openIdx(path: string): Promise<Table> {
  const reader = new ByteReader(path);
  const foreign = new DataFileError(`${path}: is not an idx file. Give one as of MNIST, or set data.format`);
  const begin = await take(reader, 4, foreign);
  const type = IDX_TYPES[begin[2] as number];
  if (begin[0] !== 0 || begin[1] !== 0 || !type) throw foreign;
  const dimensions = begin[3] as number;
  const sizes = new DataView((await take(reader, 4 * dimensions, foreign)).buffer);
  return arrayTable(path, Array.from({ length: dimensions }, (_, i) => sizes.getUint32(4 * i)), type, reader);
}

async function take(reader: ByteReader, length: number, otherwise: DataFileError): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(Math.max(0, length));
  if ((await reader.fill(bytes)) < length) throw otherwise;
  return bytes;
}

function arrayTable(path: string, shape: readonly number[], [size, read]: Element, reader: ByteReader): Table {
  const rows = shape[0] ?? 0;
  const columns = shape.slice(1).reduce((a, b) => a * b, 1);
  if (!(rows >= 1 && columns >= 1)) throw new DataFileError(`${path}: has the shape (${shape.join(", ")}), want rows first and no zero`);
  const want = rows * columns * size;
  const place = (row: number, column: number): string => `${path}: row ${row + 1}, column ${column + 1}`;
  const wrongLength = (length: number) => new DataFileError(`${path}: has ${length} bytes of values, want ${want} for the shape (${shape.join(", ")}). The file is cut off or too long: write it again`);
  return {
    path,
    columns,
    place,
    async *blocks() {
      const perBlock = Math.min(rows, Math.max(1, Math.floor(BLOCK / (columns * size))));
      const bytes = new Uint8Array(perBlock * columns * size);
      const view = new DataView(bytes.buffer);
      const values = new Float32Array(perBlock * columns);
      for (let first = 0; first < rows; first += perBlock) {
        const n = Math.min(perBlock, rows - first) * columns;
        const got = await reader.fill(bytes.subarray(0, n * size));
        if (got < n * size) throw wrongLength(first * columns * size + got);
        for (let i = 0; i < n; i++) {
          const v = read(view, i * size);
          const f = toF32(v);
          if (!Number.isFinite(f)) throw notFinite(v, place(first + Math.floor(i / columns), i % columns));
          values[i] = f;
        }
        yield values.subarray(0, n);
      }
      let over = 0;
      for (let n = await reader.fill(bytes); n > 0; n = await reader.fill(bytes)) over += n;
      if (over > 0) throw wrongLength(want + over);
    },
  };
}
