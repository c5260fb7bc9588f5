/** One seed from the command line: `--seed 17 --blocks 231` is the course that failed; `--hashes` prints a hash of the state after each block. */
import { parseArgs } from "node:util";
import { Coverage } from "./coverage.js";
import { operations } from "./operations/index.js";
import { Simulation } from "./simulation.js";

const { values } = parseArgs({ options: { seed: { type: "string", default: "1" }, blocks: { type: "string", default: "500" }, hashes: { type: "boolean", default: false } } });
const s = new Simulation(Number(values.seed), operations);
for (let i = 0; i < Number(values.blocks); i++) {
  s.block();
  if (values.hashes) console.log(`${s.chain.height} ${s.hash()}`);
}
if (!values.hashes) {
  const total = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((sum, n) => sum + n, 0);
  console.log(`seed ${s.seed}: ${s.chain.height} blocks, ${total(s.done)} messages done, ${total(s.refused)} refused, ${s.twins} exports gone on with`);
  const coverage = new Coverage();
  coverage.add(s);
  console.log(`no event of ${coverage.silent.join(", ")}`);
  for (const [type, n] of [...s.done, ...s.refused].sort(([a], [b]) => (a < b ? -1 : 1))) console.log(`${n}`.padStart(7), type);
}
