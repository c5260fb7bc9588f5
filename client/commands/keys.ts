/** `pouwd keys …` */
import { type Command } from "commander";
import { readFileSync } from "node:fs";
import Table from "cli-table3";
import { Context, type GlobalOptions } from "../context.js";
import { newMnemonic } from "../keys/keyring.js";

export function addKeys(program: Command, options: (c: Command) => GlobalOptions): void {
  const keys = program.command("keys").description("keys that sign transactions");
  keys
    .command("add")
    .description("make a key, or take one over with --recover")
    .argument("<name>")
    .option("--recover <file>", "file with a mnemonic; - reads standard input")
    .action(async (name: string, o: { recover?: string }, c: Command) => {
      const context = new Context(options(c));
      const mnemonic = o.recover ? readFileSync(o.recover === "-" ? 0 : o.recover, "utf8").trim() : newMnemonic();
      const address = await context.keyring.add(name, mnemonic);
      const shown = o.recover ? {} : { mnemonic };
      context.print({ name, address, ...shown }, () => `${name}  ${address}${o.recover ? "" : `\n\nWrite down the mnemonic; it is the only copy of the key:\n${mnemonic}`}`);
    });
  keys
    .command("list")
    .description("names and addresses")
    .action(async (_o: unknown, c: Command) => {
      const context = new Context(options(c));
      const list = await Promise.all(context.keyring.names().map(async (name) => ({ name, address: await context.keyring.address(name) })));
      context.print(list, () => {
        const table = new Table({ head: ["name", "address"], style: { head: [], border: [] } });
        for (const k of list) table.push([k.name, k.address]);
        return table.toString();
      });
    });
  keys
    .command("show")
    .description("a key's address")
    .argument("<name>")
    .action(async (name: string, _o: unknown, c: Command) => {
      const context = new Context(options(c));
      const address = await context.keyring.address(name);
      context.print({ name, address }, () => address);
    });
  keys
    .command("export")
    .description("print a key's mnemonic")
    .argument("<name>")
    .action(async (name: string, _o: unknown, c: Command) => {
      const context = new Context(options(c));
      const mnemonic = await context.keyring.mnemonic(name);
      context.print({ name, mnemonic }, () => mnemonic);
    });
  keys
    .command("delete")
    .description("delete a key from this home")
    .argument("<name>")
    .action((name: string, _o: unknown, c: Command) => {
      const context = new Context(options(c));
      context.keyring.delete(name);
      context.print({ name, deleted: true }, () => `${name} is deleted`);
    });
}
