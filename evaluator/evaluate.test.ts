import "#platform/install.js";
import { existsSync, mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { createEngine } from "#engine/index.js";
import { parseTopology } from "#engine/topology/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { silentLogger } from "#platform/log.js";
import { sealTestSet } from "#platform/seal.js";
import { cidOf } from "#protocol/tasks/cid.js";
import { encodeSegment, rowShapeOf, type Rows } from "#protocol/tasks/data.js";
import { evaluateModel } from "#protocol/tasks/evaluation.js";
import { initialWeights, taskSeed } from "#protocol/state/initial.js";
import { Submission } from "#proto/gen/pouw/evaluation/v1/types.js";
import { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { Slot } from "#proto/gen/pouw/supervision/v1/types.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import type { TaskView } from "#protocol/tasks/task-view.js";
import { Recording, type Supervisor } from "#test/daemons/recorded.js";
import { Download, type DownloadOptions } from "./download.js";
import { evaluate, fetchTask } from "./evaluate.js";
import { ascending } from "./score.js";
import { SpooledLog, type StoredLog } from "./spool.js";

const { signal } = new AbortController();
const downloadOf = (more: Partial<DownloadOptions>): Download => new Download({ allowPrivate: true, directory: mkdtempSync(join(tmpdir(), "evaluation-")), ...more });
const ROWS = 10;
const test_set: Rows = { rows: ROWS, x: Float32Array.from({ length: ROWS * 4 }, (_, i) => ((i * 5) % 13) / 13), y: Int32Array.from({ length: ROWS }, (_, i) => i % 3) };

/** A task in Evaluation with both models submitted, and its sealed test set. */
function evaluation(r: Recording, supervisors: readonly Supervisor[], key?: Uint8Array): { view: TaskView; sealed: Uint8Array } {
  const plan = parseTopology(r.spec.topology, { maxParameters: 1 << 20 });
  const plaintext = encodeSegment(rowShapeOf(r.spec, plan), test_set);
  const box = sealTestSet(plaintext, r.spec.manifestCid);
  const spec = { ...r.spec, testSet: { cid: cidOf(nodeCrypto, box.sealed), plaintextHash: nodeCrypto.sha256(plaintext), keyHash: new Uint8Array(32), rows: ROWS } };
  const ends = [r.length(0), r.length(1)];
  return {
    sealed: box.sealed,
    view: {
      height: 1n,
      task: { ...r.task, spec, phase: Phase.PHASE_EVALUATION, testKey: key ?? box.key },
      seats: supervisors.map(({ endpoint }, index) => Seat.create({ taskId: r.task.id, role: Role.ROLE_SUPERVISOR, index, endpoint })),
      slots: [0, 1].map((slot) => Slot.create({ taskId: r.task.id, slot, head: r.head(slot) })),
      lowestRound: 0n,
      submissions: [Submission.create({ slot: 1, clock: ends }), Submission.create({ slot: 0, clock: [1n, 1n] })],
      reveals: [],
      attested: [],
    },
  };
}

async function scoreAt(r: Recording, clock: readonly bigint[]): Promise<bigint> {
  const plan = parseTopology(r.spec.topology, { maxParameters: 1 << 20 });
  const engine = await createEngine(plan, { loss: "softmaxCrossEntropy", batchSize: 4, host: "wasm", quanta: r.spec.quanta });
  engine.setInitial(initialWeights(nodeCrypto, plan, taskSeed(nodeCrypto, r.task.startBeacon as Uint8Array, r.task.id)));
  for (const [slot, end] of clock.entries()) for (let q = 1n; q <= end; q++) engine.addMap(r.log.get(`${slot}/${q}`)!.map, 1);
  return evaluateModel(engine, rowShapeOf(r.spec, plan), test_set).score;
}

test.serial("models are scored on a thread of their own, though one supervisor keeps silent", async (t) => {
  const r = await Recording.train(4);
  let sealed: Uint8Array = new Uint8Array(0);
  const silent = await r.supervisor({ silent: ["descend", "blob"] });
  const good = await r.supervisor({ blob: () => sealed });
  t.teardown(() => Promise.all([silent.close(), good.close()]));
  const e = evaluation(r, [silent, good]);
  sealed = e.sealed;
  const download = downloadOf({ headStartMs: 100 });
  t.teardown(() => download.close());
  const opinion = await evaluate(e.view, download, silentLogger, signal);
  t.deepEqual(opinion.scores, [
    { slot: 0, score: await scoreAt(r, [1n, 1n]) },
    { slot: 1, score: await scoreAt(r, [4n, 4n]) },
  ]);
});

test.serial("a test set that does not open gives an empty opinion", async (t) => {
  const r = await Recording.train(1);
  let sealed: Uint8Array = new Uint8Array(0);
  const s = await r.supervisor({ blob: () => sealed });
  t.teardown(() => s.close());
  const e = evaluation(r, [s], new Uint8Array(32).fill(3));
  sealed = e.sealed;
  const download = downloadOf({});
  t.teardown(() => download.close());
  t.deepEqual((await evaluate(e.view, download, silentLogger, signal)).scores, []);
});

test.serial("what nobody serves is an error in time, and what has arrived is not fetched again", async (t) => {
  const r = await Recording.train(2);
  let sealed: Uint8Array = new Uint8Array(0);
  const log = new Map(r.log);
  log.delete("1/1");
  const s = await r.supervisor({ blob: () => sealed, log });
  t.teardown(() => s.close());
  const e = evaluation(r, [s]);
  sealed = e.sealed;
  const download = downloadOf({ headStartMs: 50, silenceMs: 500 });
  t.teardown(() => download.close());
  await t.throwsAsync(evaluate(e.view, download, silentLogger, signal), { message: /message 1\/1 is not here/ });
  log.set("1/1", r.log.get("1/1")!);
  t.is((await evaluate(e.view, download, silentLogger, signal)).scores.length, 2);
  t.deepEqual(s.calls.toSorted(), ["blob", "descend", "descend", "descend", "descend"], "the test set, slot 0 and message 1/2 came once");
  const silent = await r.supervisor({ silent: ["blob"] });
  t.teardown(() => silent.close());
  const hanging = downloadOf({ headStartMs: 50, silenceMs: 200 });
  t.teardown(() => hanging.close());
  await t.throwsAsync(evaluate(evaluation(r, [silent]).view, hanging, silentLogger, signal), { message: /did not answer in time/ });
});

test.serial("scoring ends with its signal", async (t) => {
  const r = await Recording.train(1);
  let sealed: Uint8Array = new Uint8Array(0);
  const s = await r.supervisor({ blob: () => sealed });
  t.teardown(() => s.close());
  const e = evaluation(r, [s]);
  sealed = e.sealed;
  const stop = new AbortController();
  const download = downloadOf({});
  t.teardown(() => download.close());
  setTimeout(() => stop.abort(new Error("the time to commit is over")), 150);
  const slow = { ...e.view, submissions: Array.from({ length: 1_000 }, (_, i) => Submission.create({ slot: i, clock: [BigInt(i % 2), 1n] })) };
  await t.throwsAsync(evaluate(slow, download, silentLogger, stop.signal), { message: /time to commit/ });
});

test.serial("maps lie on disk until the task is over, a page of them in memory", async (t) => {
  const r = await Recording.train(3);
  const s = await r.supervisor({ blob: () => e.sealed });
  t.teardown(() => s.close());
  const e = evaluation(r, [s]);
  const directory = join(mkdtempSync(join(tmpdir(), "evaluation-")), "1");
  const download = downloadOf({ directory });
  const { logs } = await fetchTask(e.view, download, signal);
  t.is(statSync(join(directory, "1.maps")).size, [1n, 2n, 3n].reduce((n, q) => n + (r.log.get(`1/${q}`)?.map.length ?? 0), 0));
  const log = new SpooledLog(logs[1] as StoredLog);
  for (const q of [3n, 1n, 2n]) t.deepEqual(log.map(q), r.log.get(`1/${q}`)?.map);
  download.close();
  t.false(existsSync(directory));
});

test("clocks are scored ascending by what they count, however the slots chose them", (t) => {
  const full = [9n, 9n];
  const empty = [0n, 0n];
  const submissions = [full, empty, full, [4n, 1n], empty].map((clock, slot) => Submission.create({ slot, clock }));
  t.deepEqual(ascending(submissions).map((s) => s.slot), [1, 4, 3, 0, 2]);
});
