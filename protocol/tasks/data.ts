/**
 * Canonical data: segments and the manifest that lists them (protocol section 12).
 *
 * A segment is whole batches, at most 4 MiB of protobuf; NaN, infinities and −0 are refused, so one data set has one
 * encoding, and values beyond ±2^20, with which a sum over a layer could leave binary32. The test set is a segment too, of any number of rows.
 */
import { concat, equalBytes } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";
import type { ModelPlan } from "#engine/topology/index.js";
import { Loss, type TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { Manifest, Segment } from "#proto/gen/pouw/v1/data.js";
import { decodeCanonical } from "#proto/wire.js";
import { cidOf, parseCid } from "./cid.js";
import { hasClasses } from "./engine-options.js";
import { f32Bytes, f32From, i32From } from "../floats.js";
import { MAX_SEGMENT_BYTES, SEGMENT_OVERHEAD } from "./task-spec.js";

export { MAX_SEGMENT_BYTES };

/** Rows of a test set, which is one segment. */
export const maxTestRows = ({ inputSize, targetSize }: RowShape): number => Math.floor((MAX_SEGMENT_BYTES - SEGMENT_OVERHEAD) / (4 * (inputSize + (targetSize || 1))));

/** Of every input and target the largest magnitude. */
export const MAX_VALUE = 2 ** 20;

export class DataError extends Error {
  override readonly name = "DataError";
}

/** The shape of one row. */
export interface RowShape {
  inputSize: number;
  /** 0 for class labels, else how many values a target has. */
  targetSize: number;
  /** How many classes; 0 for regression. */
  classes: number;
  /** Where an embedding reads the inputs: they are indices below this. */
  vocabulary?: number;
  /** Targets are probabilities, from 0 to 1: binary cross-entropy is of no others. */
  probabilities?: true;
}

export interface Rows {
  rows: number;
  x: Float32Array;
  y: Int32Array | Float32Array;
}

/** sha256 of x then y. */
export const batchHash = (hash: Hash, x: Float32Array, y: Int32Array | Float32Array): Uint8Array => hash.sha256(concat(f32Bytes(x), f32Bytes(y)));

export const rowShapeOf = (spec: Pick<TaskSpec, "loss">, { inputSize, outputSize, vocabulary }: ModelPlan): RowShape => ({
  inputSize,
  ...(hasClasses(spec.loss) ? { targetSize: 0, classes: outputSize } : { targetSize: outputSize, classes: 0 }),
  ...(vocabulary === undefined ? {} : { vocabulary }),
  ...(spec.loss === Loss.LOSS_BINARY_CROSS_ENTROPY ? { probabilities: true as const } : {}),
});

/** Throws DataError on values that a segment may not hold, naming row and column. */
export function encodeSegment(shape: RowShape, data: Rows): Uint8Array {
  checkRows(shape, data);
  const bytes = Segment.encode({ rows: data.rows, x: f32Bytes(data.x), y: f32Bytes(data.y) });
  if (bytes.length > MAX_SEGMENT_BYTES) throw new DataError(`a segment of ${bytes.length} bytes, want at most ${MAX_SEGMENT_BYTES}`);
  return bytes;
}

/** Throws DataError on every segment that is not canonical. */
export function decodeSegment(shape: RowShape, bytes: Uint8Array): Rows {
  if (bytes.length > MAX_SEGMENT_BYTES) throw new DataError(`a segment of ${bytes.length} bytes, want at most ${MAX_SEGMENT_BYTES}`);
  let segment: Segment;
  try {
    segment = decodeCanonical(Segment, bytes);
  } catch (error) {
    throw new DataError(`not a segment: ${(error as Error).message}`);
  }
  const { rows, x, y } = segment;
  const width = shape.targetSize || 1;
  if (x.length !== rows * shape.inputSize * 4) throw new DataError(`x has ${x.length} bytes, want ${rows * shape.inputSize * 4}: ${rows} rows of ${shape.inputSize} floats`);
  if (y.length !== rows * width * 4) throw new DataError(`y has ${y.length} bytes, want ${rows * width * 4}: ${rows} rows of ${width} values`);
  const data = { rows, x: f32From(x), y: shape.classes > 0 ? i32From(y) : f32From(y) };
  checkRows(shape, data);
  return data;
}

function checkRows(shape: RowShape, { rows, x, y }: Rows): void {
  if (rows < 1) throw new DataError("a segment without rows");
  const width = shape.targetSize || 1;
  if (x.length !== rows * shape.inputSize) throw new DataError(`x has ${x.length} values, want ${rows} rows of ${shape.inputSize}`);
  if (y.length !== rows * width) throw new DataError(`y has ${y.length} values, want ${rows} rows of ${width}`);
  checkFloats("x", x, shape.inputSize);
  if (shape.vocabulary !== undefined) checkIndices(x, shape.inputSize, shape.vocabulary);
  if (shape.classes > 0) {
    if (!(y instanceof Int32Array)) throw new DataError("y are floats, want int32 class labels");
    y.forEach((c, i) => {
      if (c < 0 || c >= shape.classes) throw new DataError(`y, row ${i}: class ${c}, want 0 to ${shape.classes - 1}`);
    });
  } else {
    if (!(y instanceof Float32Array)) throw new DataError("y are integers, want float32 targets");
    checkFloats("y", y, width);
    if (shape.probabilities) checkProbabilities(y, width);
  }
}

function checkFloats(what: string, values: Float32Array, width: number): void {
  // PERF: a plain loop; millions of values pass here before a task is confirmed.
  for (let i = 0; i < values.length; i++) {
    const v = values[i] as number;
    if (!(v <= MAX_VALUE && v >= -MAX_VALUE) || (v === 0 && 1 / v < 0)) {
      const text = Object.is(v, -0) ? "-0" : String(v);
      const want = Number.isFinite(v) && v !== 0 ? `-${MAX_VALUE} to ${MAX_VALUE}: scale the data` : "a finite value and no -0";
      throw new DataError(`${what}, row ${Math.floor(i / width)}, column ${i % width}: got ${text}, want ${want}`);
    }
  }
}

function checkProbabilities(y: Float32Array, width: number): void {
  for (let i = 0; i < y.length; i++) {
    const v = y[i] as number;
    if (!(v >= 0 && v <= 1)) throw new DataError(`y, row ${Math.floor(i / width)}, column ${i % width}: got ${v}, want 0 to 1, as binary cross-entropy takes it`);
  }
}

/** Data come from anybody: an engine that met another index while it trains could only stop. */
function checkIndices(x: Float32Array, width: number, vocabulary: number): void {
  for (let i = 0; i < x.length; i++) {
    const v = x[i] as number;
    if (!(v >= 0 && v < vocabulary && Number.isInteger(v))) throw new DataError(`x, row ${Math.floor(i / width)}, column ${i % width}: got ${v}, want a whole number from 0 to ${vocabulary - 1}, which the embedding has`);
  }
}

/** The last 10 % of the batches, never trained on, unless the client says otherwise. */
export const defaultValidation = (batches: number): number => Math.floor(batches / 10);

/** Checks what a manifest says of itself, then writes it. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  checkManifest(manifest);
  return Manifest.encode(manifest);
}

export function decodeManifest(bytes: Uint8Array): Manifest {
  let manifest: Manifest;
  try {
    manifest = decodeCanonical(Manifest, bytes);
  } catch (error) {
    throw new DataError(`not a manifest: ${(error as Error).message}`);
  }
  checkManifest(manifest);
  return manifest;
}

export function checkManifest(m: Manifest): void {
  if (m.version !== 1) throw new DataError(`manifest version ${m.version}, want 1`);
  if (m.batchSize < 1) throw new DataError("manifest: batch_size 0");
  if (m.inputShape.length === 0 || m.inputShape.some((d) => d < 1)) throw new DataError(`manifest: input shape [${m.inputShape.join(", ")}], want sizes of 1 or more`);
  if (m.classes > 0 === m.targetShape.length > 0) throw new DataError("manifest: want either classes or a target shape");
  if (m.targetShape.some((d) => d < 1)) throw new DataError(`manifest: target shape [${m.targetShape.join(", ")}], want sizes of 1 or more`);
  if (m.validationBatches >= m.batches) throw new DataError(`manifest: ${m.validationBatches} validation batches of ${m.batches}, want at least one left to train on`);
  if (m.batchHashes.length !== m.batches) throw new DataError(`manifest: ${m.batchHashes.length} batch hashes, want ${m.batches}`);
  if (m.batchHashes.some((h) => h.length !== 32)) throw new DataError("manifest: a batch hash has not 32 bytes");
  let batches = 0;
  for (const [i, s] of m.segments.entries()) {
    try {
      parseCid(s.cid);
    } catch (error) {
      throw new DataError(`manifest, segment ${i}: ${(error as Error).message}`);
    }
    if (s.batches < 1) throw new DataError(`manifest, segment ${i}: no batches`);
    batches += s.batches;
  }
  if (batches !== m.batches) throw new DataError(`manifest: its segments hold ${batches} batches, want ${m.batches}`);
}

/** Whether a manifest is the data of this task. Throws DataError naming what differs. */
export function checkManifestFor(m: Manifest, spec: TaskSpec, plan: ModelPlan): void {
  const shape = rowShapeOf(spec, plan);
  if (m.batchSize !== spec.batchSize) throw new DataError(`manifest: batch size ${m.batchSize}, the task's is ${spec.batchSize}`);
  if (m.batches - m.validationBatches !== spec.batches) throw new DataError(`manifest: ${m.batches - m.validationBatches} training batches, the task's are ${spec.batches}`);
  if (product(m.inputShape) !== shape.inputSize) throw new DataError(`manifest: input shape [${m.inputShape.join(", ")}], the model wants [${plan.inputShape.join(", ")}]`);
  if (m.classes !== shape.classes) throw new DataError(`manifest: ${m.classes} classes, the model's output has ${shape.classes}`);
  if (shape.classes === 0 && product(m.targetShape) !== shape.targetSize) throw new DataError(`manifest: target shape [${m.targetShape.join(", ")}], the model's output has ${shape.targetSize} values`);
}

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

export interface BatchPlace {
  /** Index into the manifest's segments. */
  segment: number;
  /** Which batch of that segment. */
  batch: number;
}

export function locateBatch(m: Manifest, batch: number): BatchPlace {
  let first = 0;
  for (const [segment, s] of m.segments.entries()) {
    if (batch < first + s.batches) return { segment, batch: batch - first };
    first += s.batches;
  }
  throw new RangeError(`batch ${batch} of ${m.batches}`);
}

/** A batch's rows: views into the segment's arrays. */
export function batchOfSegment(shape: RowShape, segment: Rows, batchSize: number, batch: number): { x: Float32Array; y: Int32Array | Float32Array } {
  const width = shape.targetSize || 1;
  const from = batch * batchSize;
  return { x: segment.x.subarray(from * shape.inputSize, (from + batchSize) * shape.inputSize), y: segment.y.subarray(from * width, (from + batchSize) * width) };
}

/** Decodes a segment and checks it in full against its manifest: CID, whole batches, every batch's hash. */
export function checkSegment(hash: Hash, m: Manifest, shape: RowShape, index: number, bytes: Uint8Array): Rows {
  const ref = m.segments[index];
  if (!ref) throw new RangeError(`segment ${index} of ${m.segments.length}`);
  const cid = cidOf(hash, bytes);
  if (cid !== ref.cid) throw new DataError(`segment ${index} has the CID ${cid}, want ${ref.cid}`);
  const rows = decodeSegment(shape, bytes);
  if (rows.rows !== ref.batches * m.batchSize) throw new DataError(`segment ${index} has ${rows.rows} rows, want ${ref.batches} batches of ${m.batchSize}`);
  let first = 0;
  for (let i = 0; i < index; i++) first += (m.segments[i] as { batches: number }).batches;
  for (let b = 0; b < ref.batches; b++) {
    const { x, y } = batchOfSegment(shape, rows, m.batchSize, b);
    if (!equalBytes(batchHash(hash, x, y), m.batchHashes[first + b] as Uint8Array)) throw new DataError(`batch ${first + b} (segment ${index}) has another hash than the manifest says`);
  }
  return rows;
}

/** Every batch of a segment with its hash; x and y are views of the segment. Throws DataError as checkSegment does. */
export function batchesOfSegment(hash: Hash, m: Manifest, shape: RowShape, index: number, bytes: Uint8Array): { x: Float32Array; y: Int32Array | Float32Array; hash: Uint8Array }[] {
  const rows = checkSegment(hash, m, shape, index, bytes);
  const first = m.segments.slice(0, index).reduce((n, s) => n + s.batches, 0);
  return Array.from({ length: m.segments[index]?.batches ?? 0 }, (_, b) => ({ ...batchOfSegment(shape, rows, m.batchSize, b), hash: m.batchHashes[first + b] as Uint8Array }));
}

export interface PackOptions {
  name: string;
  inputShape: number[];
  targetShape: number[];
  classes: number;
  vocabulary?: number;
  probabilities?: true;
  batchSize: number;
  validationBatches?: number;
  maxSegmentBytes?: number;
}

export interface PackedManifest {
  manifest: Manifest;
  manifestBytes: Uint8Array;
  manifestCid: string;
}

export interface PackedData extends PackedManifest {
  segments: Uint8Array[];
}

/** Rows, already shuffled and normalised, as segments and manifest. The last partial batch is dropped. */
export function packData(hash: Hash, options: PackOptions, data: Rows): PackedData {
  const { inputSize, targetSize } = rowShapeOfPack(options);
  const width = targetSize || 1;
  const packing = packSegments(hash, options, data.rows, (first, rows) => ({ rows, x: data.x.subarray(first * inputSize, (first + rows) * inputSize), y: data.y.subarray(first * width, (first + rows) * width) }));
  const segments: Uint8Array[] = [];
  for (;;) {
    const { done, value } = packing.next();
    if (done) return { ...value, segments };
    segments.push(value.bytes);
  }
}

const rowShapeOfPack = (o: PackOptions): RowShape => ({ inputSize: product(o.inputShape), targetSize: o.classes > 0 ? 0 : product(o.targetShape), classes: o.classes, ...(o.vocabulary === undefined ? {} : { vocabulary: o.vocabulary }), ...(o.probabilities ? { probabilities: o.probabilities } : {}) });

/** Segments one by one, their rows asked for in order and once, so that the data need not be in memory; the manifest last. */
export function* packSegments(hash: Hash, options: PackOptions, rows: number, read: (first: number, rows: number) => Rows): Generator<{ cid: string; bytes: Uint8Array }, PackedManifest, void> {
  const { batchSize } = options;
  const shape = rowShapeOfPack(options);
  const batches = Math.floor(rows / batchSize);
  if (batches < 1) throw new DataError(`${rows} rows do not fill a batch of ${batchSize}`);
  const batchBytes = batchSize * (shape.inputSize + (shape.targetSize || 1)) * 4;
  const perSegment = Math.floor(((options.maxSegmentBytes ?? MAX_SEGMENT_BYTES) - SEGMENT_OVERHEAD) / batchBytes);
  if (perSegment < 1) throw new DataError(`a batch of ${batchBytes} bytes does not fit a segment of ${MAX_SEGMENT_BYTES}: take a smaller batch_size`);
  const refs: Manifest["segments"] = [];
  const hashes: Uint8Array[] = [];
  for (let first = 0; first < batches; first += perSegment) {
    const count = Math.min(perSegment, batches - first);
    const part = read(first * batchSize, count * batchSize);
    const bytes = encodeSegment(shape, part);
    const cid = cidOf(hash, bytes);
    refs.push({ cid, batches: count });
    for (let b = 0; b < count; b++) {
      const { x, y } = batchOfSegment(shape, part, batchSize, b);
      hashes.push(batchHash(hash, x, y));
    }
    yield { cid, bytes };
  }
  const manifest = Manifest.create({
    version: 1,
    inputShape: options.inputShape,
    targetShape: options.classes > 0 ? [] : options.targetShape,
    classes: options.classes,
    batchSize,
    batches,
    validationBatches: options.validationBatches ?? defaultValidation(batches),
    segments: refs,
    batchHashes: hashes,
    name: options.name,
  });
  const manifestBytes = encodeManifest(manifest);
  return { manifest, manifestBytes, manifestCid: cidOf(hash, manifestBytes) };
}
