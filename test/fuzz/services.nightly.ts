import "#platform/install.js";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { emptyServices, hit, NAMES } from "./services.js";

const COUNT = 1_000_000;
/** what a run may hold beyond what was before: both sides of its connections are in this process */
const MAX_GROWN = 256 << 20;

for (const [at, name] of NAMES.entries()) {
  test.serial(`${name}: a million first messages`, async (t) => {
    t.timeout(3_600_000);
    const seed = Math.floor(Math.random() * 2 ** 32);
    const before = process.memoryUsage().rss;
    const done = await hit(emptyServices(mkdtempSync(join(tmpdir(), "fuzz-"))), at, COUNT, seed);
    t.log(`seed ${seed}: ${JSON.stringify([...done.ended])}`);
    t.deepEqual(done.crashes, []);
    t.is(done.sent, COUNT);
    t.true(done.serves);
    t.true(process.memoryUsage().rss - before < MAX_GROWN);
  });
}
