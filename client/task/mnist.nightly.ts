import "#platform/install.js";
import test from "ava";
import { trainLocally } from "./local.js";
import { readTaskFile } from "./task-file.js";

for (const { example, least } of [
  { example: "mnist", least: 0.97 },
  { example: "mnist-lenet", least: 0.985 },
]) {
  test.serial(`examples/${example}.yaml learns MNIST to ${least}`, async (t) => {
    const { accuracy = 0, validation, iterations } = await trainLocally(readTaskFile(`examples/${example}.yaml`), { chainId: "local", taskId: 1n, beacon: new Uint8Array(32).fill(1), progress: () => {} });
    t.log(`${iterations} iterations: test ${(100 * accuracy).toFixed(2)} %, validation ${(100 * (validation?.accuracy ?? 0)).toFixed(2)} %`);
    t.true(accuracy >= least, `${accuracy}`);
  });
}
