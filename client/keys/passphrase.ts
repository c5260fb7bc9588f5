/** The keyring's passphrase: from POUWD_PASSPHRASE, or asked for without being shown. */
import { CliError } from "../cli-error.js";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";

const MIN_LENGTH = 8;

export async function askPassphrase(fresh: boolean): Promise<string> {
  const given = process.env.POUWD_PASSPHRASE;
  if (given === undefined && !process.stdin.isTTY) throw new CliError("key", "the keyring wants its passphrase: set POUWD_PASSPHRASE, or run in a terminal. Networks without worth may use --keyring-backend test.");
  const answer = given ?? (await hidden("Passphrase of the keyring: "));
  if (fresh && answer.length < MIN_LENGTH) throw new CliError("key", `the passphrase has ${answer.length} characters, want at least ${MIN_LENGTH}. Nothing was written.`);
  if (fresh && given === undefined && (await hidden("Once more: ")) !== answer) throw new CliError("key", "the two passphrases differ. Nothing was written: try again.");
  return answer;
}

/** Asks in a terminal without showing the answer. */
export function hidden(question: string): Promise<string> {
  process.stderr.write(question);
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: mute, terminal: true });
  return new Promise((resolve) => {
    lines.question("", (answer) => {
      lines.close();
      process.stderr.write("\n");
      resolve(answer);
    });
  });
}
