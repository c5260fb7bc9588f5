/** CosmJS's clients on two real networks, the Cosmos SDK's and this one, under the SDK's test names and under this chain's own. */
import test from "ava";
import { POUW, SIMD } from "#test/compat/sdk/genesis.js";
import { ALLOWED } from "./allowed.js";
import { compareClients } from "./clients-compared.js";

const cometbft = process.env.COMETBFT ?? "cometbft";

for (const [name, face] of [["the SDK's names", SIMD], ["this chain's own", POUW]] as const) {
  test.serial(`every method of the clients answers alike, under ${name}`, async (t) => {
    t.timeout(10 * 60_000);
    const { comparison, missed } = await compareClients(face, cometbft);
    t.deepEqual(missed, [], "methods that were not called");
    t.is(comparison.found.length, 0, comparison.report());
    t.true(comparison.compared > 5_000);
    t.true(ALLOWED.length <= 10);
    t.log(comparison.report());
  });
}
