/** A folder of PNG images: one sub-folder for each class, their names in sorted order the classes 0, 1, … */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { fileFault } from "./bytes.js";
import { DataFileError } from "./errors.js";
import { type RowSource } from "./source.js";

const SIGNATURE = "\x89PNG\r\n\x1a\n";
const SMALLEST = 24;

interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** Names of the sub-folders, sorted by their code units. */
export function classesOfFolder(folder: string): string[] {
  const classes = entries(folder, "folder");
  if (classes.length === 0) throw new DataFileError(`${folder}: has no sub-folder, want one for each class, with its images`);
  return classes;
}

/** Every image of the folder, classes and file names ascending; `classes` are those of the training data. */
export function openPngFolder(folder: string, classes: readonly string[], inputShape: readonly number[]): RowSource {
  const images: { readonly path: string; readonly label: number }[] = [];
  for (const name of classesOfFolder(folder)) {
    const label = classes.indexOf(name);
    if (label < 0) throw new DataFileError(`${join(folder, name)}: is no class of the training data, which has ${classes.join(", ")}. Rename the folder or take it out`);
    const files = entries(join(folder, name), "file").filter((f) => /\.png$/i.test(f));
    if (files.length === 0) throw new DataFileError(`${join(folder, name)}: has no .png file. Add images, or take the folder out`);
    for (const f of files) images.push({ path: join(folder, name, f), label });
  }
  const inputs = inputShape.reduce((a, b) => a * b, 1);
  let shape: ImageShape | undefined;
  return {
    inputs,
    targets: 1,
    categories: new Map(),
    place: (row, c) => `${images[row]?.path}: value ${c + 1}`,
    async *blocks() {
      const row = new Float32Array(inputs + 1);
      for (const { path, label } of images) {
        const bytes = read(path);
        shape ??= shapeOf(inputShape, sizeOf(path, bytes));
        readImage(path, bytes, shape, inputShape, row);
        row[inputs] = label;
        yield row;
      }
    },
  };
}

function entries(folder: string, kind: "folder" | "file"): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((e) => !e.name.startsWith(".") && (e.isSymbolicLink() || (kind === "folder" ? e.isDirectory() : e.isFile())))
      .map((e) => e.name)
      .sort((a, b) => (a < b ? -1 : 1));
  } catch (e) {
    throw fileFault(folder, e);
  }
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (e) {
    throw fileFault(path, e);
  }
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** From the header alone: an image of another size is never decoded. */
function sizeOf(path: string, bytes: Buffer): Size {
  if (bytes.length < SMALLEST || bytes.toString("latin1", 0, 8) !== SIGNATURE) throw new DataFileError(`${path}: is not a PNG image. Convert it, or take it out`);
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

/** Rows × columns × channels; a flat input takes the size of the first image. */
function shapeOf(input: readonly number[], first: Size): ImageShape | undefined {
  const [a = 0, b = 0, c = 1] = input;
  if (input.length === 1 && (a === first.width * first.height || a === 3 * first.width * first.height)) return { ...first, channels: a === first.width * first.height ? 1 : 3 };
  if ((input.length === 2 || input.length === 3) && (c === 1 || c === 3)) return { height: a, width: b, channels: c };
  return undefined;
}

function readImage(path: string, bytes: Buffer, shape: ImageShape | undefined, input: readonly number[], into: Float32Array): void {
  const { width, height } = sizeOf(path, bytes);
  if (!shape || width !== shape.width || height !== shape.height) {
    throw new DataFileError(`${path}: has ${height} rows of ${width} pixels, the model wants [${input.join(", ")}], rows × columns × channels (1 grey or 3 colours). Resize the image or change model.input`);
  }
  let data: Uint8Array;
  try {
    // 8 bits of red, green, blue and alpha, whatever the file has
    ({ data } = PNG.sync.read(bytes));
  } catch (e) {
    throw new DataFileError(`${path}: is not a whole PNG image (${(e as Error).message}). Write it again, or take it out`);
  }
  const pixels = width * height;
  for (let i = 0; i < pixels; i++) {
    const [r, g, b] = [data[4 * i] as number, data[4 * i + 1] as number, data[4 * i + 2] as number];
    if (shape.channels === 1) into[i] = grey(r, g, b);
    else into.set([r, g, b], 3 * i);
  }
}

/** ITU-R 601 luma in whole numbers, rounded, as PIL's convert("L"): equal parts give themselves. */
const grey = (r: number, g: number, b: number): number => (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
