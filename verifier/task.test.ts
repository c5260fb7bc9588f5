import "#platform/install.js";
import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { packData } from "#protocol/tasks/data.js";
import { cidOf } from "#protocol/tasks/cid.js";
import { Recording } from "#test/daemons/recorded.js";
import { readFacts } from "./facts.js";
import { type Fetcher, TaskWork } from "./task.js";
import { Unserved } from "./unserved.js";

const attempt = (ms = 10_000): Fetcher => ({ signal: AbortSignal.timeout(ms), expect: () => () => {}, arrived: () => {}, pause: (turn) => turn() });
const factsOf = (r: Recording, endpoints: readonly string[], more: object = {}) => readFacts(r.facts(endpoints, more), undefined);

test.serial("a batch is its job's own copy: a job that waits loses nothing to the segments of others", async (t) => {
  const r = await Recording.train(1);
  // 80 segments of one batch: more than are kept decoded
  const rows = 80 * 4;
  const data = packData(nodeCrypto, { name: "d", inputShape: [4], targetShape: [], classes: 3, batchSize: 4, validationBatches: 0, maxSegmentBytes: 112 }, { rows, x: Float32Array.from({ length: rows * 4 }, (_, i) => (i % 97) / 97), y: Int32Array.from({ length: rows }, (_, i) => i % 3) });
  const blobs = new Map([[data.manifestCid, data.manifestBytes], ...data.segments.map((s): [string, Uint8Array] => [cidOf(nodeCrypto, s), s])]);
  const s = await r.supervisor({ blob: (cid) => blobs.get(cid) });
  t.teardown(() => s.close());
  const spec = { ...r.spec, slots: 1, epochs: 1, batches: 80, manifestCid: data.manifestCid };
  const facts = factsOf(r, [s.endpoint], { task: { ...r.task, spec } });
  const work = new TaskWork(facts, { allowPrivate: true });
  t.teardown(() => work.close());
  const mine = await work.batch(0, 1n, attempt());
  const rowsOfMine = [...mine.batch.x];
  for (let seq = 2n; seq <= 80n; seq++) await work.batch(0, seq, attempt());
  t.deepEqual([...mine.batch.x], rowsOfMine);
  t.is(mine.batch.x.buffer.byteLength, 4 * 4 * 4, "and no whole segment is held by it");
  const fetched = s.calls.length;
  t.deepEqual((await work.batch(0, 1n, attempt())).batch, mine.batch, "what was pushed out is fetched again");
  t.is(s.calls.length, fetched + 1);
});

test.serial("a manifest that one supervisor never sends is taken from the next, and who answered is asked first from then on", async (t) => {
  const r = await Recording.train(1);
  const silent = await r.supervisor({ silent: ["blob"] });
  t.teardown(() => silent.close());
  const good = await r.supervisor();
  t.teardown(() => good.close());
  const facts = factsOf(r, [silent.endpoint, good.endpoint]);
  const work = new TaskWork(facts, { allowPrivate: true, headStartMs: 1_000 });
  t.teardown(() => work.close());
  const batch = await work.batch(0, 1n, attempt());
  t.deepEqual(batch.hash, r.data.manifest.batchHashes[batch.number]);
  t.deepEqual(silent.calls, ["blob"]);
  await work.batch(0, 2n, attempt());
  t.deepEqual(silent.calls, ["blob"], "another job with the same endpoints does not begin with the silent one again");
});

test.serial("a call that hangs is not another job's, and ends with its attempt", async (t) => {
  const r = await Recording.train(1);
  const silent = await r.supervisor({ silent: ["blob"] });
  t.teardown(() => silent.close());
  const good = await r.supervisor();
  t.teardown(() => good.close());
  const work = new TaskWork(factsOf(r, [silent.endpoint]), { allowPrivate: true });
  t.teardown(() => work.close());
  const hanging = work.batch(0, 1n, attempt(700));
  const e = hanging.catch((error: unknown) => error);
  t.true(work.learn(factsOf(r, [good.endpoint], { height: 201n })));
  t.truthy(await work.batch(0, 1n, attempt()));
  t.true((await e) instanceof Unserved);
});

test.serial("data that its CID names and that is not the task's is no fault of who served it", async (t) => {
  const r = await Recording.train(1);
  const garbage = Uint8Array.of(1, 2, 3);
  const s = await r.supervisor({ blob: () => garbage });
  t.teardown(() => s.close());
  const facts = factsOf(r, [s.endpoint], { task: { ...r.task, spec: { ...r.spec, manifestCid: cidOf(nodeCrypto, garbage) } } });
  const work = new TaskWork(facts, { allowPrivate: true });
  t.teardown(() => work.close());
  const e = await t.throwsAsync(work.batch(0, 1n, attempt()));
  t.false(e instanceof Unserved);
});
