/** The command line within this process, for tests of many commands: each process of its own costs a second. */
import { pouwd } from "#client/commands/program.js";
import { errorLine } from "#client/errors.js";

/** What a command prints. Throws an Error with the one line of a refusal. The environment is this process's. */
export async function runHere(...words: string[]): Promise<string> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: unknown) => void lines.push(String(line));
  try {
    await pouwd().parseAsync(words, { from: "user" });
  } catch (e) {
    throw new Error(errorLine(e, false), { cause: e });
  } finally {
    console.log = log;
  }
  return `${lines.join("\n")}\n`;
}
