/** `pouwd tx …`: transactions, signed and sent. */
import { type Command } from "commander";
import { MsgSend } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { services } from "#proto/gen/registry.js";
import { balanceOf } from "../chain/balance.js";
import { message } from "../chain/worker.js";
import { CliError } from "../cli-error.js";
import { ascending, coinsOn, coinText, unitsOf } from "../coins.js";
import { Context, type GlobalOptions } from "../context.js";
import { addCreateValidator, addRegisterBeaconKey } from "./create-validator.js";
import { sendJson } from "./send-json.js";
import { messageFrom, messageType, messageTypes, type MethodCommand, type ServiceCommands, serviceCommands } from "./services.js";
import { choices, declare, isJson, pairs } from "./short/arguments.js";
import { draft, moduleOf, type TxRow } from "./short/rows.js";
import { TX_ROWS } from "./short/table.js";
import { accountOf, fieldsOf } from "./short/values.js";
import { show, showOn } from "./show.js";

const AMOUNT = "such as 10POUW, or 10000000upouw,5uatom";

/** Commands that no row of a table says: of a module, before its others. */
const OWN: Readonly<Record<string, (group: Command, options: (c: Command) => GlobalOptions) => void>> = { bank: addSend, beacon: addRegisterBeaconKey, staking: addCreateValidator };

export function addTx(program: Command, options: (c: Command) => GlobalOptions): void {
  const tx = program.command("tx").description("sign and send a transaction");
  const modules = serviceCommands(services, "Msg");
  tx.command("bank-send", { hidden: true })
    .description("as bank send, with the key in --from")
    .argument("<to>")
    .argument("<amount>", AMOUNT)
    .action((to: string, amount: string, _o: unknown, c: Command) => send(new Context(options(c)), undefined, to, amount, ""));
  for (const { module, description, commands } of modules) {
    const group = tx.command(module);
    OWN[module]?.(group, options);
    const rows = TX_ROWS.filter((r) => moduleOf(r.message.typeUrl) === module);
    for (const row of rows) addRow(group, row, row.within ? undefined : commands.find((m) => m.method.request === row.message), options);
    for (const m of commands) {
      // a command in a person's words has its place
      if (group.commands.some((c) => c.name() === m.name)) continue;
      const command = group.command(m.name).description(m.description).addHelpText("after", `\n${m.help}`);
      for (const a of m.arguments) command.argument(`<${a.name}>`, a.description);
      command.action((text: string, _o: unknown, c: Command) => sendJson(m.method.request, text, options(c)));
    }
    group.summary(group.commands.map((c) => c.name()).join(", ")).description(description);
  }
  tx.command("send-message")
    .description("send any message by the name of its type")
    .argument("<type>", "such as MsgAddStake, or with its package: pouw.workers.v1.MsgAddStake")
    .argument("<json>", "the message's fields as JSON, or @FILE; the signer's field may be left out")
    .addHelpText("after", `\nTypes, each explained by its own command:\n${typeList(modules)}`)
    .action((type: string, text: string, _o: unknown, c: Command) => sendJson(messageType(modules, type), text, options(c)));
}

function typeList(modules: readonly ServiceCommands[]): string {
  const types = messageTypes(modules);
  const width = Math.max(...types.map((t) => t.name.length));
  return types.map((t) => `  ${t.name.padEnd(width)}  ${t.command}`).join("\n");
}

function addRow(group: Command, row: TxRow, generic: MethodCommand | undefined, options: (c: Command) => GlobalOptions): void {
  const command = group.command(row.name).description(row.text);
  if (row.help) command.addHelpText("after", `\n${row.help}`);
  if (generic) command.addHelpText("after", `\n${generic.help}`);
  declare(command, row.args, row.within ? undefined : "all of the message's fields as JSON, or @FILE, in place of the rest");
  for (const o of row.options) command.option(o.flags, o.text);
  const count = row.args.length + (row.within ? 0 : 1);
  command.action(async (...all: unknown[]) => {
    const given = all.slice(0, count) as (string | undefined)[];
    const chosen = all[count] as Readonly<Record<string, string | true | undefined>>;
    const [first] = given;
    if (!row.within && first !== undefined && isJson(first)) return sendJson(row.message, first, options(command));
    if (given[row.args.length] !== undefined) throw new CliError("usage", `too many arguments. --help after the command shows what it takes.`);
    const written = [...pairs(row.args, given), ...choices(command, row.options, chosen, row.changes)];
    const context = new Context(options(command));
    const chain = await context.chain();
    const sender = await context.sender(chain, { from: row.signs ? first : undefined });
    const said = await fieldsOf(written, { context, chain });
    const drafts = row.make ? await row.make(said, { chain, signer: sender.address }) : [draft(row.message, said)];
    const messages = drafts.map(({ message: codec, fields }) => ({ codec, value: messageFrom(codec, JSON.stringify(fields), sender.address) }));
    await showOn(chain, context, await sender.send(messages));
  });
}

function addSend(bank: Command, options: (c: Command) => GlobalOptions): void {
  bank
    .command("send")
    .description("send coins from one account to another")
    .argument("<from>", "key that signs and pays, by name or address")
    .argument("<to>", "address of the account that receives, or name of a key")
    .argument("<amount>", AMOUNT)
    .option("--note <text>", "a note that everybody can read", "")
    .action((from: string, to: string, amount: string, o: { note: string }, c: Command) => send(new Context(options(c)), from, to, amount, o.note));
}

async function send(context: Context, from: string | undefined, to: string, amountText: string, memo: string): Promise<void> {
  const chain = await context.chain();
  const toAddress = await accountOf(to, { context, chain });
  const amount = await coinsOn(chain, amountText);
  if (amount.some((c) => c.amount === "0")) throw new CliError("amount", "the amount is 0, want at least 1 base unit.");
  const sender = await context.sender(chain, { from });
  const units = await unitsOf(chain);
  for (const coin of amount) {
    const balance = await balanceOf(chain, sender.address, coin.denom);
    if (balance < BigInt(coin.amount)) {
      throw new CliError("funds", `the amount is ${coinText(coin, units)}, the account ${sender.address} has ${coinText({ ...coin, amount: `${balance}` }, units)}. Send less, or from another key.`);
    }
  }
  show(context, await sender.send([message(MsgSend, { fromAddress: sender.address, toAddress, amount: ascending(amount) })], { memo }));
}
