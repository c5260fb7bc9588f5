/** Prints the digests of every golden run by this very Node as one JSON object a host, for comparison between versions. */
import { createEngine } from "#engine/index.js";
import { optionsOf, RUNS, STEPS } from "#engine/testing/golden.js";
import { planOf } from "#engine/testing/models.js";
import { run } from "#engine/testing/run.js";

for (const host of ["wasm", "auto"] as const) {
  const digests: Record<string, unknown> = {};
  let used = "";
  for (const { name, topology, ...o } of RUNS) {
    const plan = planOf(topology);
    used = (await createEngine(plan, { loss: o.loss, batchSize: 1, host })).host;
    digests[name] = await run(plan, { ...optionsOf(plan, o), host }, STEPS, o);
  }
  console.log(JSON.stringify({ node: process.version, host: used, digests }));
}
