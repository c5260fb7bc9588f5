/** Does the data that a client pushed fit its task? Every bound comes from the spec, before anything is allocated for it. */
import { equalBytes } from "#kernel/bytes.js";
import { sha256 } from "#kernel/crypto.js";
import { Loss, Manifest, Segment, type TaskSpec } from "#proto/gen/pouw.js";
import { decodeCanonical } from "#proto/wire.js";
import { cidDigest } from "./cid.js";

export class DataError extends Error {
  override readonly name = "DataError";
}

export const MAX_SEGMENT = 4 * 1024 * 1024;

export interface DataShape {
  /** floats of one row of x and words of one row of y */
  readonly inputSize: number;
  readonly targetSize: number;
  readonly inputShape: readonly number[];
}

/** The largest manifest that could describe the task: hashes, CIDs and a name. Validation may take as much again as training. */
export const maxManifestBytes = (spec: TaskSpec): number => 4096 + 2 * (spec.batches + 1) * (36 + 70);

/** The sealed test set: nonce, tag, protobuf around rows of x and y. */
export const maxTestSetBytes = (spec: TaskSpec, s: DataShape): number => 12 + 16 + 64 + (spec.testSet?.rows ?? 0) * 4 * (s.inputSize + s.targetSize);

export function checkManifest(bytes: Uint8Array, spec: TaskSpec, s: DataShape): Manifest {
  let m: Manifest;
  try {
    m = decodeCanonical(Manifest, bytes);
  } catch (e) {
    throw new DataError(`manifest: ${(e as Error).message}`);
  }
  const want = (what: string, got: unknown, wanted: unknown): void => {
    if (String(got) !== String(wanted)) throw new DataError(`manifest: ${what} is ${got}, the task wants ${wanted}`);
  };
  want("version", m.version, 1);
  want("batch_size", m.batchSize, spec.batchSize);
  want("batches without validation", m.batches - m.validationBatches, spec.batches);
  want("input_shape", m.inputShape.join("x"), s.inputShape.join("x"));
  want("number of batch hashes", m.batchHashes.length, m.batches);
  want("number of batches in segments", m.segments.reduce((n, r) => n + r.batches, 0), m.batches);
  if (spec.loss === Loss.LOSS_SOFTMAX_CROSS_ENTROPY && m.classes < 2) throw new DataError(`manifest: classes is ${m.classes}, a classification wants at least 2`);
  for (const h of m.batchHashes) if (h.length !== 32) throw new DataError(`manifest: a batch hash has ${h.length} bytes, want 32`);
  for (const r of m.segments) {
    if (!cidDigest(r.cid)) throw new DataError(`manifest: ${JSON.stringify(r.cid.slice(0, 80))} is not a CID`);
    if (r.batches < 1 || r.batches * m.batchSize * 4 * (s.inputSize + s.targetSize) > MAX_SEGMENT) throw new DataError(`manifest: a segment of ${r.batches} batches is empty or larger than ${MAX_SEGMENT} bytes`);
  }
  return m;
}

export interface BatchBytes {
  readonly x: Uint8Array;
  readonly y: Uint8Array;
}

/** The batches of a segment whose first batch is number `first`; each against its hash in the manifest. */
export function checkSegment(bytes: Uint8Array, m: Manifest, index: number, s: DataShape): BatchBytes[] {
  const ref = m.segments[index];
  if (!ref) throw new DataError(`the manifest has no segment ${index}`);
  const first = m.segments.slice(0, index).reduce((n, r) => n + r.batches, 0);
  let segment: Segment;
  try {
    segment = decodeCanonical(Segment, bytes);
  } catch (e) {
    throw new DataError(`segment ${ref.cid}: ${(e as Error).message}`);
  }
  const rows = ref.batches * m.batchSize;
  if (segment.rows !== rows || segment.x.length !== rows * s.inputSize * 4 || segment.y.length !== rows * s.targetSize * 4) {
    throw new DataError(`segment ${ref.cid}: ${segment.rows} rows, ${segment.x.length} bytes of x and ${segment.y.length} of y, want ${rows} rows of ${s.inputSize} and ${s.targetSize} words`);
  }
  canonicalFloats(segment.x, ref.cid, "x");
  if (m.classes > 0) canonicalClasses(segment.y, m.classes, ref.cid);
  else canonicalFloats(segment.y, ref.cid, "y");
  const batches: BatchBytes[] = [];
  for (let b = 0; b < ref.batches; b++) {
    const cut = (all: Uint8Array, words: number): Uint8Array => all.slice(b * m.batchSize * words * 4, (b + 1) * m.batchSize * words * 4);
    const batch = { x: cut(segment.x, s.inputSize), y: cut(segment.y, s.targetSize) };
    const joined = new Uint8Array(batch.x.length + batch.y.length);
    joined.set(batch.x);
    joined.set(batch.y, batch.x.length);
    if (!equalBytes(sha256(joined), m.batchHashes[first + b] as Uint8Array)) throw new DataError(`segment ${ref.cid}: batch ${first + b} does not hash to what the manifest says`);
    batches.push(batch);
  }
  return batches;
}

function canonicalFloats(bytes: Uint8Array, cid: string, what: string): void {
  const v = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < bytes.length; i += 4) {
    const bits = v.getUint32(i, true);
    if ((bits & 0x7f800000) === 0x7f800000 || bits === 0x80000000) throw new DataError(`segment ${cid}: ${what} holds NaN, infinity or -0 at ${i / 4}`);
  }
}

function canonicalClasses(bytes: Uint8Array, classes: number, cid: string): void {
  const v = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < bytes.length; i += 4) {
    const c = v.getInt32(i, true);
    if (c < 0 || c >= classes) throw new DataError(`segment ${cid}: label ${c} at ${i / 4}, want 0 … ${classes - 1}`);
  }
}
