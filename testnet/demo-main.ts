/** `scripts/demo`: a whole network, a real task, its payout, a summary. */
import "#platform/install.js";
import { resolve, join } from "node:path";
import { existsSync, rmSync } from "node:fs";
import { Command } from "commander";
import { repositoryRoot } from "#platform/entry.js";
import { runDemo } from "./demo.js";
import { render, shortcoming } from "./summary.js";

interface Given {
  keep?: boolean;
  json?: boolean;
  dir: string;
  portOffset: string;
  blockTime: string;
  setupSeconds: string;
  task?: string;
  miners?: string;
}

const UNIT = 1_000_000n;
const pouw = (base: string): string => {
  const v = BigInt(base);
  return `${v / UNIT}.${(v % UNIT).toString().padStart(6, "0")} POUW`;
};

const program = new Command("demo")
  .description("Trains a model on real digits on a network of its own, waits for the payout, and prints what happened.")
  .option("--keep", "leave the network up")
  .option("--json", "print the summary as one JSON object on standard output")
  .option("--dir <dir>", "folder of the network", join(repositoryRoot, ".testnet"))
  .option("--port-offset <n>", "added to every port", "0")
  .option("--block-time <ms>", "milliseconds between blocks", "1000")
  .option("--task <file>", "a task file in place of the digits'")
  .option("--miners <n>", "how many miners, each with one seat; the task wants as many as it has slots")
  .option("--setup-seconds <n>", "how long set-up took; told by scripts/demo", "0")
  .parse();
const given = program.opts<Given>();
const dir = resolve(given.dir);

try {
  if (existsSync(join(dir, "network.json"))) {
    throw new Error(`${dir} holds a network already. Delete it with scripts/testnet reset, or give another --dir.`);
  }
  const summary = await runDemo({
    dir,
    portOffset: Number(given.portOffset),
    blockTime: Number(given.blockTime),
    setupSeconds: Number(given.setupSeconds),
    keep: given.keep ?? false,
    ...(given.task ? { taskFile: resolve(given.task) } : {}),
    ...(given.miners ? { miners: Number(given.miners) } : {}),
    say: (line) => console.error(line),
  });
  if (given.json) console.log(JSON.stringify(summary));
  else console.log(render(summary, pouw));
  const wrong = shortcoming(summary);
  if (wrong) throw new Error(wrong);
  if (!given.keep) rmSync(join(dir, "network.json"), { force: true });
  process.exit(0);
} catch (e) {
  console.error(`✖ ${(e as Error).message}`);
  process.exit(1);
}
