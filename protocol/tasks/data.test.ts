import "#platform/install.js";
import test from "ava";
import fc from "fast-check";
import { CID } from "multiformats/cid";
import * as raw from "multiformats/codecs/raw";
import { create as multihash } from "multiformats/hashes/digest";
import { nodeCrypto } from "#platform/crypto.js";
import { parseTopology } from "#engine/topology/index.js";
import { Loss } from "#proto/gen/pouw/tasks/v1/types.js";
import { Segment } from "#proto/gen/pouw/v1/data.js";
import { cidOf, isCid, parseCid } from "./cid.js";
import { batchHash, batchOfSegment, checkSegment, DataError, decodeManifest, decodeSegment, encodeManifest, encodeSegment, locateBatch, packData, rowShapeOf } from "./data.js";
import { f32Bytes } from "../floats.js";

const shape = { inputSize: 3, targetSize: 0, classes: 4 };
const data = (rows: number) => ({ rows, x: Float32Array.from({ length: rows * 3 }, (_, i) => i / 8), y: Int32Array.from({ length: rows }, (_, i) => i % 4) });
const pack = (rows: number, maxSegmentBytes?: number) => packData(nodeCrypto, { name: "d", inputShape: [3], targetShape: [], classes: 4, batchSize: 5, ...(maxSegmentBytes ? { maxSegmentBytes } : {}) }, data(rows));

test("rows become whole batches in segments that check against their manifest, batch by batch", (t) => {
  const packed = pack(103, 32 + 7 * 80);
  t.is(packed.manifest.batches, 20, "three rows over are dropped");
  t.is(packed.manifest.validationBatches, 2);
  t.is(packed.segments.length, 3);
  const manifest = decodeManifest(packed.manifestBytes);
  const segments = packed.segments.map((s, i) => checkSegment(nodeCrypto, manifest, shape, i, s));
  for (let b = 0; b < 20; b++) {
    const place = locateBatch(manifest, b);
    const batch = batchOfSegment(shape, segments[place.segment]!, 5, place.batch);
    t.deepEqual([...batch.x], [...data(103).x.subarray(b * 15, b * 15 + 15)]);
    t.deepEqual(batchHash(nodeCrypto, batch.x, batch.y), manifest.batchHashes[b]);
  }
});

test("values beyond ±2^20, and targets of binary cross-entropy beyond 0 to 1, are refused by row and column, whoever sends them", (t) => {
  const sent = (rows: { rows: number; x: Float32Array; y: Float32Array | Int32Array }) => Segment.encode({ rows: rows.rows, x: f32Bytes(rows.x), y: f32Bytes(rows.y) });
  const rows = data(5);
  rows.x[7] = -(2 ** 20) - 1;
  const message = "x, row 2, column 1: got -1048577, want -1048576 to 1048576: scale the data";
  t.throws(() => encodeSegment(shape, rows), { instanceOf: DataError, message });
  t.throws(() => decodeSegment(shape, sent(rows)), { instanceOf: DataError, message });
  rows.x[7] = -(2 ** 20);
  t.notThrows(() => decodeSegment(shape, sent(rows)));

  const regression = { inputSize: 3, targetSize: 2, classes: 0 };
  const targets = (v: number) => ({ rows: 2, x: new Float32Array(6), y: Float32Array.of(0, 1, 0.5, v) });
  t.throws(() => decodeSegment(regression, sent(targets(2 ** 21))), { message: "y, row 1, column 1: got 2097152, want -1048576 to 1048576: scale the data" });
  t.notThrows(() => decodeSegment(regression, sent(targets(2))));
  const binary = rowShapeOf({ loss: Loss.LOSS_BINARY_CROSS_ENTROPY }, parseTopology(JSON.stringify({ class_name: "Sequential", config: { layers: [{ class_name: "Dense", config: { name: "a", units: 2, activation: "sigmoid", batch_input_shape: [null, 3] } }] } }), { maxParameters: 100 }));
  for (const v of [2, -1]) t.throws(() => decodeSegment(binary, sent(targets(v))), { instanceOf: DataError, message: `y, row 1, column 1: got ${v}, want 0 to 1, as binary cross-entropy takes it` });
  t.notThrows(() => decodeSegment(binary, sent(targets(1))));
});

test("NaN, infinities and −0 are refused by row and column", (t) => {
  for (const [bad, text] of [[Number.NaN, "NaN"], [Infinity, "Infinity"], [-0, "-0"]] as const) {
    const rows = data(5);
    rows.x[7] = bad;
    t.throws(() => encodeSegment(shape, rows), { instanceOf: DataError, message: `x, row 2, column 1: got ${text}, want a finite value and no -0` });
    const bytes = Segment.encode({ rows: 5, x: f32Bytes(rows.x), y: f32Bytes(rows.y) });
    t.throws(() => decodeSegment(shape, bytes), { instanceOf: DataError });
  }
  const rows = data(5);
  rows.y[1] = 4;
  t.throws(() => encodeSegment(shape, rows), { message: /y, row 1: class 4, want 0 to 3/ });
});

test("a segment that is not canonical, or not the manifest's, is refused", (t) => {
  const { manifest, segments } = pack(20);
  const bytes = segments[0] as Uint8Array;
  t.throws(() => decodeSegment(shape, Uint8Array.of(...bytes, 0x20, 0)), { message: /not a segment/ });
  t.throws(() => decodeSegment(shape, bytes.subarray(0, bytes.length - 1)), { instanceOf: DataError });
  const other = data(20);
  other.x[0] = 9;
  t.throws(() => checkSegment(nodeCrypto, manifest, shape, 0, encodeSegment(shape, other)), { message: /has the CID/ });
  const lying = { ...manifest, batchHashes: manifest.batchHashes.map(() => new Uint8Array(32)) };
  t.throws(() => checkSegment(nodeCrypto, lying, shape, 0, bytes), { message: /batch 0 .* another hash/ });
});

test("a manifest whose counts disagree is refused", (t) => {
  const { manifest } = pack(20);
  for (const change of [{ version: 2 }, { batches: 5 }, { validationBatches: 4 }, { classes: 0 }, { targetShape: [1] }, { inputShape: [] }, { batchHashes: [] }, { segments: [{ cid: "b", batches: 4 }] }]) {
    t.throws(() => encodeManifest({ ...manifest, ...change }), { instanceOf: DataError }, JSON.stringify(change));
  }
});

test("a CID is CIDv1 raw sha2-256 in base32, and nothing else is one", (t) => {
  const stock = (bytes: Uint8Array) => CID.createV1(raw.code, multihash(0x12, nodeCrypto.sha256(bytes))).toString();
  fc.assert(
    fc.property(fc.uint8Array(), fc.nat(58), (bytes, at) => {
      const cid = cidOf(nodeCrypto, bytes);
      t.is(cid, stock(bytes));
      t.deepEqual(parseCid(cid), nodeCrypto.sha256(bytes));
      const other = cid.slice(0, at) + (cid[at] === "a" ? "c" : "a") + cid.slice(at + 1);
      if (isCid(other)) t.notDeepEqual(parseCid(other), nodeCrypto.sha256(bytes));
      t.false(isCid(cid.toUpperCase()));
    }),
  );
});

test("indices that no embedding has are refused where data are checked, before anybody trains", (t) => {
  const shape = { inputSize: 3, targetSize: 0, classes: 2, vocabulary: 5 };
  const segment = (...x: number[]) => encodeSegment(shape, { rows: 1, x: Float32Array.from(x), y: Int32Array.of(1) });
  t.deepEqual([...decodeSegment(shape, segment(0, 4, 2)).x], [0, 4, 2]);
  for (const bad of [5, -1, 0.5]) t.throws(() => segment(0, bad, 1), { instanceOf: DataError, message: new RegExp(`x, row 0, column 1: got ${bad}, want a whole number from 0 to 4`) });
  const served = encodeSegment({ inputSize: 3, targetSize: 0, classes: 2 }, { rows: 1, x: Float32Array.of(0, 7, 1), y: Int32Array.of(1) });
  t.throws(() => decodeSegment(shape, served), { instanceOf: DataError, message: /got 7, want a whole number from 0 to 4/ });
});
