import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";
import { Coverage } from "./coverage.js";
import { operations } from "./operations/index.js";
import { Simulation } from "./simulation.js";

const SEEDS = 5;
/** Any change of the state machine changes every course: then a rare message may want another seed or two. */
const MOST_SEEDS = 8;
const BLOCKS = 80;

test("whatever is sent, invariants hold, supply is accounted for, an export begins the same chain, and every message succeeds somewhere", (t) => {
  const coverage = new Coverage();
  for (let seed = 1; seed <= SEEDS || (seed <= MOST_SEEDS && coverage.wrong.length > 0); seed++) coverage.add(new Simulation(seed, operations).blocks(BLOCKS));
  t.deepEqual(coverage.wrong, []);
  t.true(coverage.twins >= SEEDS, "exports were gone on with");
});

test("a seed has one course in every process: the state after each block is the same, whatever the memory, language and time zone", async (t) => {
  const run = async (argument: string, env: Readonly<Record<string, string>>): Promise<string[]> => {
    const main = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "main.ts" : "main.js", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, argument, main, "--seed", "6", "--blocks", "25", "--hashes"], { env: { ...process.env, ...env } });
    return stdout.trim().split("\n");
  };
  const first = await run("--max-old-space-size=512", { LANG: "C", LC_ALL: "C", TZ: "UTC" });
  const second = await run("--max-old-space-size=2048", { LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8", TZ: "Pacific/Chatham" });
  t.is(first.length, 25);
  t.is(new Set(first).size, 25);
  t.deepEqual(second, first);
});

test("what fails is told with its seed, its block and what was sent", (t) => {
  const s = new Simulation(7, [[1, (x) => void x.step("something", (c) => { if (c.height === 3n) throw new Error("broken"); return undefined; })]]);
  t.throws(() => s.blocks(5), { message: /^broken\n(.*\n)*block 2\n(  something done\n)+block 3\n(  .*\n)*again with: .* --seed 7 --blocks 3$/ });
});
