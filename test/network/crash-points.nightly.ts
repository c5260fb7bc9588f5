/** An application that dies at each point of a block's life comes back to the same state as the others. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { heightOf, until } from "#testnet/rpc.js";
import { sameHashes } from "./byzantine.js";
import { testNetwork } from "./network.js";

const POINTS = ["before-finalize", "after-finalize", "before-batch", "after-batch", "before-commit-response", "after-commit-response"];

for (const point of POINTS) {
  test.serial(`an application killed ${point} comes back to the others' state`, async (t) => {
    t.timeout(5 * 60_000);
    const network = await testNetwork({ miners: 0, supervisors: 0, evaluators: 0, blockTime: 300 }, { "validator1.node.POUWD_TEST_BUILD": "1", "validator1.node.CRASH_AT": point });
    try {
      const last = await until("block 15", 180_000, async () => ((await heightOf(network.rpc)) >= 15 ? 15 : undefined));
      await sameHashes(t, network, last);
      t.true(existsSync(join(network.facts().validators[1]?.home ?? "", `crashed.${point}`)), "it did crash");
    } finally {
      await network.down();
    }
  });
}
