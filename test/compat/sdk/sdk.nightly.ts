/**
 * This chain and a Cosmos SDK v0.53 chain side by side: the same genesis, the same blocks of the same transactions. Codes, logs, events,
 * answers to queries, validator updates and the exported state agree, but for what allowed.ts names. SDK_OPERATIONS says how
 * many random operations each of the two runs has.
 */
import test, { type ExecutionContext } from "ava";
import { ALLOWED } from "./allowed.js";
import { compareClients, compareRandom } from "./compare.js";
import type { Differences } from "./differences.js";

const OPERATIONS = Number(process.env.SDK_OPERATIONS ?? "2000");
/** far fewer fields would mean that nothing was compared */
const FIELDS_OF_AN_OPERATION = 20;

function agree(t: ExecutionContext, differences: Differences, atLeast: number): void {
  const report = differences.report();
  t.log(report);
  t.true(differences.compared > atLeast, `${differences.compared} fields were compared`);
  t.deepEqual(differences.found, [], report);
}

test("at most ten differences are meant", (t) => {
  t.true(ALLOWED.length + 1 <= 10); // and the one that differences.ts takes out of a block's events
});

test.serial("what clients do and ask", async (t) => {
  t.timeout(600_000);
  agree(t, await compareClients(), 5_000);
});

for (const [seed, inflation] of [[1n, "0.000000000000000000"], [2n, "0.130000000000000000"]] as const) {
  test.serial(`${OPERATIONS} random operations with inflation ${inflation}`, async (t) => {
    t.timeout(3_600_000);
    agree(t, await compareRandom(seed, OPERATIONS, inflation), OPERATIONS * FIELDS_OF_AN_OPERATION);
  });
}
