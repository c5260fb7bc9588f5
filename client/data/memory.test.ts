import test from "ava";
import { execFile } from "node:child_process";
import { closeSync, openSync, statSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { dataFolder } from "./testing.js";

const MB = 1 << 20;
const { dir, remove } = dataFolder();
test.after.always(remove);

const COLUMNS = 65;
const csvBlock = Buffer.from(`${Array.from({ length: 2500 }, (_, r) => Array.from({ length: COLUMNS }, (_c, c) => (c === COLUMNS - 1 ? r % 10 : `${((r * 31 + c * 7) % 10_000) / 1000}`)).join(",")).join("\n")}\n`);
/** The same rows over and over: how much memory they take does not depend on what they hold. */
function csv(name: string, times: number): string {
  const path = `${dir}/${name}`;
  const fd = openSync(path, "w");
  for (let i = 0; i < times; i++) writeSync(fd, csvBlock);
  closeSync(fd);
  return path;
}

/** Megabytes at the most, and batches of 100 rows. */
async function peak(path: string): Promise<{ megabytes: number; batches: number }> {
  const argument = { options: { train: [path], test: 100, format: "csv", header: false, label: -1, normalise: "standard", scale: 1 }, shape: { inputSize: COLUMNS - 1, targetSize: 0, classes: 10 }, task: { name: "m", inputShape: [COLUMNS - 1], targetShape: [], batchSize: 100 } };
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, fileURLToPath(new URL("testing-peak.ts", import.meta.url)), JSON.stringify(argument)]);
  const { kilobytes, batches } = JSON.parse(stdout) as { kilobytes: number; batches: number };
  return { megabytes: kilobytes / 1024, batches };
}

test("the memory that preparing takes does not grow with the file", async (t) => {
  const [small, large] = [csv("small.csv", 30), csv("large.csv", 120)];
  const grown = (statSync(large).size - statSync(small).size) / MB;
  const [a, b] = [await peak(small), await peak(large)];
  t.is(b.batches, 2999);
  t.log(`${a.megabytes.toFixed(0)} MB; ${b.megabytes.toFixed(0)} MB for ${grown.toFixed(0)} MB more of data`);
  t.true(grown > 80 && b.megabytes < a.megabytes + 40, `${a.megabytes} MB, then ${b.megabytes} MB`);
});
