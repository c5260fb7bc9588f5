/** `pouwd`: the command line. An error is one line on standard error, and the exit code is 1. */
import "#platform/install.js";
import { CommanderError } from "commander";
import { wantsJson } from "./commands/options.js";
import { pouwd } from "./commands/program.js";
import { errorLine } from "./errors.js";

try {
  await pouwd().parseAsync();
} catch (e) {
  // help that was asked for, or shown because a command was left out
  if (e instanceof CommanderError && (e.exitCode === 0 || e.code === "commander.help")) process.exit(e.exitCode);
  console.error(errorLine(e, wantsJson(process.argv.slice(2), process.env)));
  process.exit(1);
}
process.exit(0);
