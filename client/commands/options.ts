/** The options that commands share. Every command takes all of them, so that one wrapper serves all; help shows those that matter. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { type GlobalOptions, OUTPUTS } from "../context.js";
import { BACKENDS } from "../keys/keyring.js";

/** Reads the value of a --height. */
export const blockHeight = (text: string): bigint => {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError("want the number of a block");
  return BigInt(text);
};

export const optionsOf = (c: Command): GlobalOptions => c.optsWithGlobals<GlobalOptions>();

type Use = "home" | "chain" | "sign" | "keys" | "data";

const OPTIONS: readonly { readonly flags: string; readonly text: string; readonly use: readonly Use[]; readonly choices?: readonly string[] }[] = [
  { flags: "--home <dir>", text: "folder of keys, of submitted tasks and of a validator; default: POUWD_HOME, or ~/.pouwd", use: ["home"] },
  { flags: "--node <url>", text: "RPC address of a node; default: POUWD_NODE, or that of the node in --home, or http://127.0.0.1:26657", use: ["chain", "sign"] },
  { flags: "--chain-id <id>", text: "refuse a node of another chain (POUWD_CHAIN_ID)", use: ["chain", "sign"] },
  { flags: "--from <key>", text: "key that signs and pays, by name or address (POUWD_FROM)", use: ["sign"] },
  { flags: "--gas <units>", text: "gas limit, or auto: estimated (the default)", use: ["sign"] },
  { flags: "--gas-prices <price>", text: "transaction fee for one unit of gas, such as 0.01upouw; default: what the chain asks for, in the first of its fee denominations (query fees params)", use: ["sign"] },
  { flags: "--fee-granter <account>", text: "account that pays the fee, where it has granted that (tx feegrant grant)", use: ["sign"] },
  { flags: "--keyring-backend <kind>", text: "file: encrypted by a passphrase (the default); test: in the clear (POUWD_KEYRING_BACKEND)", use: ["sign", "keys"], choices: BACKENDS },
  { flags: "--keyring-dir <dir>", text: "folder of keys where it is not --home (POUWD_KEYRING_DIR)", use: ["sign", "keys"] },
  { flags: "--allow-private", text: "dial supervisors at loopback and private addresses: test networks only", use: ["data"] },
  { flags: "-o, --output <form>", text: "text or json (POUWD_OUTPUT)", use: ["home"], choices: OUTPUTS },
  { flags: "-y, --yes", text: "accepted for scripts: only `keys delete` asks", use: [] },
];

const SIGNING_TASKS = new Set(["submit", "resume", "reveal", "cancel"]);
const DATA_TASKS = new Set(["submit", "resume", "watch", "result", "test-set"]);

/** What a command does, by its words: `task submit`, `tx bank send`. */
function usesOf([group, name = ""]: readonly string[]): readonly Use[] {
  if (group === "keys") return ["home", "keys"];
  if (group === "tx") return ["home", "sign"];
  if (group === "model" || group === "train") return ["home"];
  if (group === "genesis") return name === "validate" || name === "peers" || name === "collect-gentxs" ? ["home"] : ["home", "keys"];
  if (group !== "task") return ["home", "chain"];
  return ["home", "chain", ...(SIGNING_TASKS.has(name) ? (["sign"] as const) : []), ...(DATA_TASKS.has(name) ? (["data"] as const) : [])];
}

/** Gives the shared options to every command below `parent` that has no commands of its own. */
export function shareOptions(parent: Command, words: readonly string[] = []): void {
  for (const c of parent.commands) {
    const here = [...words, c.name()];
    if (c.commands.length > 0) {
      shareOptions(c, here);
      continue;
    }
    const uses = usesOf(here);
    for (const { flags, text, use, choices } of OPTIONS) {
      const option = new Option(flags, text);
      if (c.options.some((own) => own.long === option.long)) continue;
      if (choices) option.choices([...choices]);
      c.addOption(option.hideHelp(!use.some((u) => uses.includes(u))));
    }
  }
}

/** Whether errors are wanted as JSON: asked before, or without, the command line being understood. */
export function wantsJson(argv: readonly string[], env: NodeJS.ProcessEnv): boolean {
  const at = argv.findLastIndex((a) => /^(-o|--output)(=|$)/.test(a));
  const given = at < 0 ? env.POUWD_OUTPUT : argv[at]?.includes("=") ? argv[at].split("=")[1] : argv[at + 1];
  return given === "json";
}
