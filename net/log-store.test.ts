import "#platform/install.js";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Database } from "#platform/level.js";
import { LogStore } from "./log-store.js";

const message = (n: number): Iteration => ({ header: Uint8Array.of(n), map: new Uint8Array(1000).fill(n), signature: new Uint8Array(64) });
const openDb = () => Database.open(mkdtempSync(join(tmpdir(), "log-")));

test("recent messages are kept by their bytes; whoever follows gets all of them, from the disk where they are no longer", async (t) => {
  const log = await LogStore.open(await openDb(), 1n, 1, 5000);
  for (let n = 1; n <= 20; n++) await log.append(0, BigInt(n), message(n));
  const { recent } = log as unknown as { recent: Map<number, Iteration> };
  t.true(recent.size <= 5, `${recent.size} messages of 1.2 kB in memory, at most 5 kB`);
  const got: number[] = [];
  for await (const m of log.after([])) got.push(m.header[0] as number);
  t.deepEqual(got, Array.from({ length: 20 }, (_, i) => i + 1));
});

test("messages that are not on disk yet stay in memory, however many", async (t) => {
  const log = await LogStore.open(await openDb(), 1n, 1, 100);
  const writes = Array.from({ length: 10 }, (_, i) => log.append(0, BigInt(i + 1), message(i + 1)));
  t.is((log as unknown as { recent: Map<number, Iteration> }).recent.size, 10);
  await Promise.all(writes);
  await log.append(0, 11n, message(11));
  t.true((log as unknown as { recent: Map<number, Iteration> }).recent.size <= 1);
});

test("a task's log is removed alone", async (t) => {
  const db = await openDb();
  for (const id of [3n, 7n]) await (await LogStore.open(db, id, 1)).append(0, 1n, message(1));
  t.deepEqual(await LogStore.tasks(db), [3n, 7n]);
  await LogStore.clear(db, 3n);
  t.deepEqual(await LogStore.tasks(db), [7n]);
  t.deepEqual((await LogStore.open(db, 7n, 1)).clock(), [1n]);
});
