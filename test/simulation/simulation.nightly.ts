/** The long course: fifty seeds, five hundred blocks each. */
import test from "ava";
import { Coverage } from "./coverage.js";
import { operations } from "./operations/index.js";
import { Simulation } from "./simulation.js";

const SEEDS = 50;
const BLOCKS = 500;
const coverage = new Coverage();

for (let seed = 1; seed <= SEEDS; seed++) {
  test.serial(`seed ${seed}: ${BLOCKS} blocks`, (t) => {
    const s = new Simulation(seed, operations).blocks(BLOCKS);
    t.is(s.chain.height, BigInt(BLOCKS));
    t.true(s.twins > 0);
    coverage.add(s);
  });
}

test.serial("over all of them every message has succeeded, and every event of every module was there", (t) => {
  t.deepEqual(coverage.wrong, []);
  t.deepEqual(coverage.silent, []);
});
