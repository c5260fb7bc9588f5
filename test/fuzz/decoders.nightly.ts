import "#platform/install.js";
import test from "ava";
import { DECODERS, fuzz } from "./decoders.js";

const COUNT = 1_000_000;
/** what is held after a run, beyond what was before: a leak of 64 bytes an input would show */
const MAX_GROWN = 64 << 20;

for (const d of DECODERS) {
  test.serial(`${d.name}: a million inputs`, (t) => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const before = process.memoryUsage().heapUsed;
    const done = fuzz(d, COUNT, seed);
    t.log(`seed ${seed}: ${done.accepted} accepted, ${done.refused} refused, the slowest took ${done.slowest.toFixed(1)} ms`);
    t.is(done.inputs, COUNT);
    t.true(done.refused > COUNT / 10);
    t.true(process.memoryUsage().heapUsed - before < MAX_GROWN);
  });
}
