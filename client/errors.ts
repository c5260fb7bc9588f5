/** How anything that was thrown is told in one line, with what to do about it. */
import { CommanderError } from "commander";
import { ModuleError } from "#kernel/errors.js";
import { ChainError } from "./chain/types.js";
import { CliError } from "./cli-error.js";

/** What to do about the chain's own refusals, where its words do not say so. */
const REMEDIES: Record<string, string> = {
  "sdk/4": "Sign with the key that the message names, on the right chain",
  "sdk/5": "Send the account coins, or ask for less",
  "sdk/7": "Give an address of this chain: `pouwd keys list` shows yours",
  "sdk/11": "Give more --gas, or leave it out to have it estimated",
  "sdk/13": "Give --gas-prices of at least the node's minimum",
  "sdk/20": "The transaction was not taken. Try again later, or give another --node",
  "sdk/32": "Another program sends with this key: wait for its transaction, then try again",
  "staking/3": "`pouwd query staking validators` shows who there is",
  "tasks/7": "Give --from the key that submitted the task",
};

export interface Told {
  readonly code: string;
  readonly message: string;
}

/** Code and message of anything thrown; the message is one line. */
export function tell(error: unknown): Told {
  if (error instanceof CommanderError) return { code: "usage", message: usage(error) };
  if (error instanceof ChainError || error instanceof ModuleError) {
    const code = `${error.codespace}/${error.code}`;
    const text = plain(oneLine(error.message));
    return { code, message: sentences(text, (code === "sdk/7" ? yours(text) : undefined) ?? REMEDIES[code] ?? (code === "sdk/22" ? whereToLook(text) : undefined)) };
  }
  if (error instanceof CliError) return { code: error.code, message: oneLine(error.message) };
  return { code: "error", message: oneLine(error instanceof Error ? error.message : String(error)) };
}

/** Where the chain's prefix is told, keys are listed with it: the home may know nothing of that chain. */
function yours(text: string): string | undefined {
  const want = /has prefix \S+, want ([a-z][a-z0-9]*)/.exec(text)?.[1];
  return want && `Give an address of this chain: \`pouwd keys list --prefix ${want.replace(/val(oper|cons)$/, "")}\` shows yours`;
}

/** What to do about something that is not there. */
const whereToLook = (text: string): string => (/^task \d/.test(text) ? "Check the number: `pouwd task list` shows the tasks of this chain" : "Check the number, name or address");

/** The line for standard error. */
export const errorLine = (error: unknown, json: boolean): string => {
  const told = tell(error);
  return json ? JSON.stringify({ error: told }) : `✖ ${told.message}`;
};

export const oneLine = (text: string): string => text.replace(/\s*[\r\n]+\s*/g, " ").trim();

/** Without the envelope that Cosmos clients look for. */
const plain = (text: string): string =>
  text
    .replace(/^(failed to simulate tx: )?(failed to execute message; message index: \d+: )?/, "")
    .replace(/^rpc error: code = \w+ desc = (.*?)(: (key not found|invalid request|unknown request))?$/, "$1");

const sentences = (text: string, remedy: string | undefined): string => (remedy ? `${text.replace(/[.\s]+$/, "")}. ${remedy}.` : text);

function usage(error: CommanderError): string {
  const text = oneLine(error.message.replace(/^error: /, "")).replace(/[.\s]+$/, "");
  return `${text}. --help after a command shows what it takes.`;
}
