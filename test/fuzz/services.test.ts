import "#platform/install.js";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { emptyServices, hit, NAMES } from "./services.js";

const COUNT = 2_000;
const SEED = 20_261_129;

for (const [at, name] of NAMES.entries()) {
  test.serial(`${name}: first messages of strangers are answered or refused, and others are served on`, async (t) => {
    const services = emptyServices(mkdtempSync(join(tmpdir(), "fuzz-")));
    const done = await hit(services, at, COUNT, SEED);
    t.deepEqual(done.crashes, []);
    t.is(done.sent, COUNT);
    t.is([...done.ended.values()].reduce((a, b) => a + b, 0), COUNT);
    t.true(done.ended.size > 1, `ends: ${JSON.stringify([...done.ended])}`);
    t.true(done.serves);
  });
}
