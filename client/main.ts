/** `pouwd`: the command line. An error is one line, first and alone. */
import "#platform/install.js";
import { Command, CommanderError, Option } from "commander";
import { addChain } from "./commands/chain.js";
import { addDaemons } from "./commands/daemons.js";
import { addKeys } from "./commands/keys.js";
import { addNode } from "./commands/node.js";
import { addTask } from "./commands/task.js";
import { type GlobalOptions } from "./context.js";

const program = new Command("pouwd").description("A chain that pays for machine learning work.").exitOverride().configureOutput({ writeErr: () => {} });

const shared = (c: Command): Command =>
  c
    .option("--home <dir>", "folder of keys and submissions (POUWD_HOME)")
    .option("--node <url>", "RPC address of a node (POUWD_NODE)")
    .addOption(new Option("--output <form>", "text or json (POUWD_OUTPUT)").choices(["text", "json"]))
    .addOption(new Option("--keyring-backend <kind>", "file (encrypted) or test (POUWD_KEYRING_BACKEND)").choices(["file", "test"]))
    .option("--from <name>", "key that signs (POUWD_FROM)")
    .option("--gas-prices <price>", "such as 0.01upouw; default: no fee")
    .option("--allow-private", "dial loopback and private addresses (test networks)");

const options = (c: Command): GlobalOptions => c.optsWithGlobals<GlobalOptions>();

addTask(program, options);
addChain(program, options);
addKeys(program, options);
const daemons = new Set(["miner", "supervisor", "evaluator", "verifier", "init", "start"]);
const shareAll = (c: Command): void => {
  for (const child of c.commands) {
    child.exitOverride().configureOutput({ writeErr: () => {} });
    if (child.commands.length > 0) shareAll(child);
    else shared(child);
  }
};
shareAll(program);
addDaemons(program);
addNode(program);
for (const c of program.commands) if (daemons.has(c.name())) c.exitOverride().configureOutput({ writeErr: () => {} });

try {
  await program.parseAsync();
} catch (e) {
  if (e instanceof CommanderError && e.exitCode === 0) process.exit(0);
  if (e instanceof CommanderError && e.code === "commander.help") {
    program.outputHelp();
    process.exit(1);
  }
  const message = (e as Error).message.replace(/^error: /, "").split("\n")[0];
  console.error(`✖ ${message}`);
  process.exit(1);
}
process.exit(0);
