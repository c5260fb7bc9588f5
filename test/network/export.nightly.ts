import test from "ava";
import { exportScenario } from "./export.js";

test("the state at registration, in training and after the end each begins a chain that answers the same and goes on", async (t) => {
  t.timeout(900_000);
  const all = await exportScenario((line) => t.log(line));
  t.deepEqual(all.map((x) => x.phase), ["registration", "training", "closed"]);
  for (const x of all) {
    t.true(x.compared > 30, `${x.compared} queries`);
    t.deepEqual(x.differences, [], x.phase);
    t.deepEqual(x.broken, [], x.phase);
    t.is(new Set(x.appHashes).size, 1, x.phase);
  }
});
