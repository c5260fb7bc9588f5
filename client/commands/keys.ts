/** `pouwd keys …`: in the words of the Cosmos SDK's command line. */
import { type Command } from "commander";
import { readFileSync } from "node:fs";
import Table from "cli-table3";
import { privateKeyOf } from "../chain/wallet.js";
import { CliError } from "../cli-error.js";
import { Context, type GlobalOptions } from "../context.js";
import { hidden } from "../keys/passphrase.js";
import { mnemonicFrom, newMnemonic, privateKeyFrom, type Secret } from "../keys/secret.js";
import { prefixFor } from "./prefix.js";

const ARMOR = "-----BEGIN TENDERMINT PRIVATE KEY-----";

/** Of the commands that print addresses. */
interface Prefixed {
  prefix?: string;
}
const PREFIX = ["--prefix <prefix>", "of the addresses, such as pouw; default: that of the genesis in --home, or pouw"] as const;

export function addKeys(program: Command, options: (c: Command) => GlobalOptions): void {
  const keys = program.command("keys").description("keys that sign transactions, kept under --home");
  const taken = async (c: Command, { prefix }: Prefixed, name: string, secret: Secret): Promise<void> => {
    const context = new Context(options(c));
    const address = await context.keyring.add(name, secret, await prefixFor(context.home, prefix));
    context.print({ name, address }, () => `${name}  ${address}`);
  };
  keys
    .command("add")
    .description("make a key, or take one over from its mnemonic with --recover")
    .argument("<name>", "what you call the key: letters, digits, - and _")
    .option("--recover", "ask for the mnemonic of a key that exists; read from standard input where that is no terminal")
    .option("--source <file>", "read the mnemonic from a file, with --recover; - is standard input")
    .option(...PREFIX)
    .action(async (name: string, o: Prefixed & { recover?: boolean; source?: string }, c: Command) => {
      if (o.source !== undefined && !o.recover) throw new CliError("usage", "--source names a mnemonic to recover: give --recover too.");
      if (o.recover) return taken(c, o, name, mnemonicFrom(await secretText(o.source, "Mnemonic: ")));
      const context = new Context(options(c));
      const prefix = await prefixFor(context.home, o.prefix);
      const mnemonic = newMnemonic();
      const address = await context.keyring.add(name, mnemonicFrom(mnemonic), prefix);
      context.print({ name, address, mnemonic }, () => `${name}  ${address}\n\nWrite down the mnemonic; whoever has it has the key, and nothing else brings it back:\n${mnemonic}`);
    });
  keys
    .command("import")
    .description("take over a key from a file with its mnemonic, or its private key in hexadecimal")
    .argument("<name>", "what you call the key")
    .argument("<file>", "the file; - is standard input")
    .option(...PREFIX)
    .action(async (name: string, file: string, o: Prefixed, c: Command) => {
      const text = (await secretText(file, "")).trim();
      if (text.startsWith(ARMOR)) throw new CliError("key", `${file} holds an armored key, which is not read: export it there with --unarmored-hex --unsafe, and give that to keys import.`);
      return taken(c, o, name, /\s/.test(text) ? mnemonicFrom(text) : privateKeyFrom(text));
    });
  keys
    .command("mnemonic")
    .description("print a fresh mnemonic without keeping it")
    .action((_o: unknown, c: Command) => {
      const mnemonic = newMnemonic();
      new Context(options(c)).print({ mnemonic }, () => mnemonic);
    });
  keys
    .command("list")
    .description("names and addresses")
    .option(...PREFIX)
    .action(async (o: Prefixed, c: Command) => {
      const context = new Context(options(c));
      const prefix = await prefixFor(context.home, o.prefix);
      const list = await Promise.all(context.keyring.names().map(async (name) => ({ name, address: await context.keyring.address(name, prefix) })));
      context.print(list, () => {
        if (list.length === 0) return `there are no keys in ${context.home}. Add one: pouwd keys add NAME`;
        const table = new Table({ head: ["name", "address"], style: { head: [], border: [] } });
        for (const k of list) table.push([k.name, k.address]);
        return table.toString();
      });
    });
  keys
    .command("show")
    .description("a key's address")
    .argument("<name>", "the key")
    .option("-a, --address", "only the address, which is what is printed anyway")
    .option(...PREFIX)
    .action(async (name: string, o: Prefixed, c: Command) => {
      const context = new Context(options(c));
      const address = await context.keyring.address(name, await prefixFor(context.home, o.prefix));
      context.print({ name, address }, () => address);
    });
  keys
    .command("export")
    .description("print a key's mnemonic, or its private key with --unarmored-hex --unsafe")
    .argument("<name>", "the key")
    .option("--unarmored-hex", "the private key in hexadecimal, for wallets that take no mnemonic")
    .option("--unsafe", "says that you know: whoever sees it has the key")
    .action(async (name: string, o: { unarmoredHex?: boolean; unsafe?: boolean }, c: Command) => {
      const context = new Context(options(c));
      if (o.unarmoredHex && !o.unsafe) throw new CliError("usage", "--unarmored-hex prints the bare private key: give --unsafe too.");
      const secret = await context.keyring.secret(name);
      if (o.unarmoredHex) {
        const privateKey = "privateKey" in secret ? secret.privateKey : Buffer.from(await privateKeyOf(secret.mnemonic)).toString("hex");
        return context.print({ name, privateKey }, () => privateKey);
      }
      if (!("mnemonic" in secret)) throw new CliError("key", `${name} was imported as a private key and has no mnemonic: give --unarmored-hex --unsafe.`);
      return context.print({ name, mnemonic: secret.mnemonic }, () => secret.mnemonic);
    });
  keys
    .command("delete")
    .description("delete a key from this home; only its mnemonic brings it back")
    .argument("<name>", "the key")
    .option("-y, --yes", "do not ask")
    .action(async (name: string, o: { yes?: boolean }, c: Command) => {
      const context = new Context(options(c));
      if (!context.keyring.has(name)) await context.keyring.address(name); // throws with the names there are
      if (!o.yes) await confirmed(name);
      context.keyring.delete(name);
      context.print({ name, deleted: true }, () => `${name} is deleted`);
    });
}

/** Of a file, of standard input, or asked for without being shown. */
async function secretText(source: string | undefined, question: string): Promise<string> {
  if (source === undefined && process.stdin.isTTY) return hidden(question);
  try {
    return readFileSync(source === undefined || source === "-" ? 0 : source, "utf8");
  } catch (e) {
    throw new CliError("key", `${source ?? "standard input"}: ${(e as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file." : (e as Error).message}`);
  }
}

async function confirmed(name: string): Promise<void> {
  if (!process.stdin.isTTY) throw new CliError("usage", `keys delete asks before it deletes ${name}, and this is no terminal: give --yes.`);
  if ((await hidden(`Type ${name} to delete the key: `)).trim() !== name) throw new CliError("usage", "nothing was deleted.");
}
