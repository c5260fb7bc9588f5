import test from "ava";
import { readFileSync, writeFileSync } from "node:fs";
import { optionsOf, RUNS, STEPS } from "#engine/testing/golden.js";
import { planOf } from "#engine/testing/models.js";
import { run } from "#engine/testing/run.js";

/**
 * Digests of whole runs, the same on every machine. A change here is another arithmetic: it needs a
 * new profile name, not a new golden file. (GOLDEN=write makes the file when a run is added.)
 */
const FILE = new URL("golden.json", import.meta.url);
const golden = JSON.parse(readFileSync(FILE, "utf8"));

for (const { name, topology, ...o } of RUNS) {
  for (const host of ["wasm", "auto"] as const) {
    test(`200 steps give the golden digests: ${name} (host ${host})`, async (t) => {
      const got = await run(planOf(topology), { ...optionsOf(planOf(topology), o), host }, STEPS, o);
      if (process.env["GOLDEN"] === "write") {
        golden[name] ??= got;
        writeFileSync(FILE, `${JSON.stringify(golden, null, 2)}\n`);
      }
      t.deepEqual(got, golden[name]);
    });
  }
}
