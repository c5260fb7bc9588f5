import "#platform/install.js";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { parseTopology } from "#engine/topology/index.js";
import { BlobStore } from "#net/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { silentLogger } from "#platform/log.js";
import { Segment } from "#proto/gen/pouw/v1/data.js";
import { f32Bytes } from "#protocol/floats.js";
import { cidOf } from "#protocol/tasks/cid.js";
import { batchHash, encodeManifest, encodeSegment, rowShapeOf } from "#protocol/tasks/data.js";
import { smallTask } from "../test/daemons/bench.js";
import { TaskData } from "./data.js";

const { task, data, testSet } = smallTask(1, 1);
const plan = parseTopology((task.spec as { topology: string }).topology, { maxParameters: 1 << 20 });
/** The store, the data, and a put as the blob service does it. */
function bench(more: { spec?: object; maxBytes?: number } = {}) {
  const directory = mkdtempSync(join(tmpdir(), "data-"));
  const blobs = new BlobStore(directory);
  const spec = { ...(task.spec as NonNullable<typeof task.spec>), ...more.spec };
  const d = new TaskData({ blobs, spec, plan, maxBytes: more.maxBytes ?? 1 << 30, log: silentLogger, discard: (cid) => blobs.delete(cid) });
  const put = async (bytes: Uint8Array): Promise<void> => {
    const cid = cidOf(nodeCrypto, bytes);
    await blobs.put(cid, [bytes], await d.limit(cid));
    await d.stored(cid);
  };
  return { directory, blobs, d, put };
}

test("data is complete when manifest, every segment and the test set are here; after a restart it is looked at once more", async (t) => {
  const b = bench();
  await t.throwsAsync(b.put(data.segments[0] as Uint8Array), { message: /send the manifest/ });
  await b.put(data.manifestBytes);
  for (const s of data.segments) await b.put(s);
  t.false(b.d.complete);
  await b.put(testSet);
  t.true(b.d.complete);
  const again = new TaskData({ blobs: b.blobs, spec: task.spec as never, plan, maxBytes: 1 << 30, log: silentLogger, discard: async () => {} });
  await again.scan();
  t.true(again.complete);
});

test("a segment is no larger than its batches need, whatever its CID is in the manifest for", async (t) => {
  const huge = new Uint8Array(1 << 20);
  const manifest = encodeManifest({ ...data.manifest, segments: [{ ...(data.manifest.segments[0] as { cid: string; batches: number }), cid: cidOf(nodeCrypto, huge) }] });
  const b = bench({ spec: { manifestCid: cidOf(nodeCrypto, manifest) } });
  await b.put(manifest);
  t.true((await b.d.limit(cidOf(nodeCrypto, huge))) < 2000);
  await t.throwsAsync(b.put(huge), { message: /larger than the/ });
});

test("a segment that does not fit is deleted and not taken again", async (t) => {
  const shape = rowShapeOf(task.spec as never, plan);
  const rows = (data.manifest.segments[0] as { batches: number }).batches * data.manifest.batchSize;
  const wrong = encodeSegment(shape, { rows, x: new Float32Array(rows * shape.inputSize), y: new Int32Array(rows) });
  const manifest = encodeManifest({ ...data.manifest, segments: [{ ...(data.manifest.segments[0] as { batches: number; cid: string }), cid: cidOf(nodeCrypto, wrong) }] });
  const b = bench({ spec: { manifestCid: cidOf(nodeCrypto, manifest) } });
  await b.put(manifest);
  await b.put(wrong);
  t.is(await b.blobs.size(cidOf(nodeCrypto, wrong)), undefined);
  await t.throwsAsync(b.put(wrong), { message: /does not fit the task: batch 0 .* has another hash/ });
  t.false(b.d.complete);
});

test("values with which training would only be null are not taken, though the manifest names their hashes", async (t) => {
  const shape = rowShapeOf(task.spec as never, plan);
  const { batchSize, segments } = data.manifest;
  const { batches } = segments[0] as { batches: number };
  const rows = batches * batchSize;
  const x = new Float32Array(rows * shape.inputSize);
  x[shape.inputSize + 1] = 1e37;
  const y = new Int32Array(rows);
  const large = Segment.encode({ rows, x: f32Bytes(x), y: f32Bytes(y) });
  const batchHashes = data.manifest.batchHashes.map((h, i) => (i < batches ? batchHash(nodeCrypto, x.subarray(i * batchSize * shape.inputSize, (i + 1) * batchSize * shape.inputSize), y.subarray(i * batchSize, (i + 1) * batchSize)) : h));
  const manifest = encodeManifest({ ...data.manifest, batchHashes, segments: [{ cid: cidOf(nodeCrypto, large), batches }, ...segments.slice(1)] });
  const b = bench({ spec: { manifestCid: cidOf(nodeCrypto, manifest) } });
  await b.put(manifest);
  await b.put(large);
  await t.throwsAsync(b.put(large), { message: /does not fit the task: x, row 1, column 1: got \S+e\+36, want -1048576 to 1048576: scale the data/ });
  t.false(b.d.complete);
});

test("a manifest of more than a task may put here is refused, and says how much", async (t) => {
  const b = bench({ maxBytes: 5000 });
  await b.put(data.manifestBytes);
  await t.throwsAsync(b.put(data.segments[0] as Uint8Array), { message: /keeps 5000 for one task: its operator can raise --max-data/ });
  t.is(b.blobs.usedBytes, 0);
});

test("when the seats are unlocked only the test set is still needed", (t) => {
  const { d } = bench();
  d.retire();
  t.deepEqual(d.cids, [cidOf(nodeCrypto, testSet)]);
  t.true(d.known);
});

test("a store has a quota, counts what it finds, and removes what a killed process left", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "data-"));
  writeFileSync(join(directory, ".0123456789abcdef.new"), "left");
  const blobs = new BlobStore(directory, { maxBytes: 100 });
  t.deepEqual(readdirSync(directory), []);
  const [a, b] = [new Uint8Array(60).fill(1), new Uint8Array(60).fill(2)];
  await blobs.put(cidOf(nodeCrypto, a), [a], 1000);
  await blobs.put(cidOf(nodeCrypto, a), [a.subarray(0, 30), a.subarray(30)], 1000).catch(() => {});
  await t.throwsAsync(blobs.put(cidOf(nodeCrypto, b), [b], 1000), { message: /beyond the 100 bytes that are kept here/ });
  t.is(blobs.usedBytes, 60);
  t.is(new BlobStore(directory).usedBytes, 60);
  await blobs.delete(cidOf(nodeCrypto, a));
  await blobs.put(cidOf(nodeCrypto, b), [b], 1000);
  t.deepEqual(await blobs.list(), [cidOf(nodeCrypto, b)]);
  const full = new BlobStore(directory, { reserveBytes: Number.MAX_SAFE_INTEGER });
  await t.throwsAsync(full.put(cidOf(nodeCrypto, a), [a], 1000), { message: /are free on the disk/ });
});

test("a manifest that names one CID for sixty thousand segments is read as fast as any", async (t) => {
  t.timeout(30_000); // it took 45 s where each one copied all before it
  const n = 60_000;
  const cid = cidOf(nodeCrypto, Uint8Array.of(1));
  const manifest = encodeManifest({ ...data.manifest, batches: n, validationBatches: 0, batchHashes: Array.from({ length: n }, () => new Uint8Array(32).fill(1)), segments: Array.from({ length: n }, () => ({ cid, batches: 1 })) });
  const spec = { ...(task.spec as NonNullable<typeof task.spec>), batches: n, manifestCid: cidOf(nodeCrypto, manifest) };
  const d = new TaskData({ blobs: { get: async () => manifest, size: async () => undefined } as never, spec, plan, maxBytes: 2 ** 36, log: silentLogger, discard: async () => {} });
  t.true(await d.loadManifest());
  t.is((d as unknown as { segments: Map<string, number[]> }).segments.get(cid)?.length, n);
});
