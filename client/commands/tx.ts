/** `pouwd tx …`: transactions, signed and sent. */
import { readFileSync } from "node:fs";
import { type Command } from "commander";
import { MsgSend } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { services } from "#proto/gen/registry.js";
import { type Codec } from "#proto/wire.js";
import { balanceOf } from "../chain/balance.js";
import { bondDenom } from "../chain/params.js";
import { ChainError, type TxResult } from "../chain/types.js";
import { message } from "../chain/worker.js";
import { CliError } from "../cli-error.js";
import { Context, type GlobalOptions } from "../context.js";
import { formatCoin, parseAmount } from "../task/amount.js";
import { messageFrom, messageType, messageTypes, type ServiceCommands, serviceCommands } from "./services.js";

const AMOUNT = "such as 10POUW, or 1000upouw: a millionth of it each";

export function addTx(program: Command, options: (c: Command) => GlobalOptions): void {
  const tx = program.command("tx").description("sign and send a transaction");
  const modules = serviceCommands(services, "Msg");
  const sendJson = async (codec: Codec<unknown>, text: string, c: Command): Promise<void> => {
    const json = text.startsWith("@") ? fileText(text.slice(1)) : text;
    messageFrom(codec, json, ""); // what is no message is refused before anybody is asked for a passphrase
    const context = new Context(options(c));
    const chain = await context.chain();
    const sender = await context.sender(chain);
    show(context, await sender.send([{ codec, value: messageFrom(codec, json, sender.address) }]));
  };
  const bank = tx.command("bank");
  bank
    .command("send")
    .description("send coins from one account to another")
    .argument("<from>", "key that signs and pays, by name or address")
    .argument("<to>", "address of the account that receives")
    .argument("<amount>", AMOUNT)
    .option("--note <text>", "a note that everybody can read", "")
    .action((from: string, to: string, amount: string, o: { note: string }, c: Command) => send(new Context(options(c)), from, to, amount, o.note));
  tx.command("bank-send", { hidden: true })
    .description("as bank send, with the key in --from")
    .argument("<to>")
    .argument("<amount>", AMOUNT)
    .action((to: string, amount: string, _o: unknown, c: Command) => send(new Context(options(c)), undefined, to, amount, ""));
  for (const { module, description, commands } of modules) {
    const group = module === "bank" ? bank : tx.command(module);
    group.summary(commands.map((m) => m.name).join(", ")).description(description);
    for (const m of commands) {
      // `tx bank send` has its arguments as on other Cosmos chains
      if (group.commands.some((c) => c.name() === m.name)) continue;
      const command = group.command(m.name).description(m.description).addHelpText("after", `\n${m.help}`);
      for (const a of m.arguments) command.argument(`<${a.name}>`, a.description);
      command.action((text: string, _o: unknown, c: Command) => sendJson(m.method.request, text, c));
    }
  }
  tx.command("send-message")
    .description("send any message by the name of its type")
    .argument("<type>", "such as MsgAddStake, or with its package: pouw.workers.v1.MsgAddStake")
    .argument("<json>", "the message's fields as JSON, or @FILE; the signer's field may be left out")
    .addHelpText("after", `\nTypes, each explained by its own command:\n${typeList(modules)}`)
    .action((type: string, text: string, _o: unknown, c: Command) => sendJson(messageType(modules, type), text, c));
}

function typeList(modules: readonly ServiceCommands[]): string {
  const types = messageTypes(modules);
  const width = Math.max(...types.map((t) => t.name.length));
  return types.map((t) => `  ${t.name.padEnd(width)}  ${t.command}`).join("\n");
}

async function send(context: Context, from: string | undefined, to: string, amountText: string, memo: string): Promise<void> {
  const chain = await context.chain();
  chain.addresses.parse(to);
  const denom = await bondDenom(chain);
  const amount = parseAmount(amountText, denom);
  if (amount === 0n) throw new CliError("amount", "the amount is 0, want at least 1 base unit.");
  const sender = await context.sender(chain, from);
  const balance = await balanceOf(chain, sender.address, denom);
  if (balance < amount) throw new CliError("funds", `the amount is ${formatCoin(amount, denom)}, the account ${sender.address} has ${formatCoin(balance, denom)}. Send less, or from another key.`);
  show(context, await sender.send([message(MsgSend, { fromAddress: sender.address, toAddress: to, amount: [{ denom, amount: `${amount}` }] })], { memo }));
}

function fileText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (e) {
    throw new CliError("usage", `@${path}: ${(e as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file." : (e as Error).message}`);
  }
}

function show(context: Context, r: TxResult): void {
  if (r.code !== 0) throw new ChainError(r.codespace, r.code, r.log);
  context.print(r, () => `in block ${r.height}, ${r.gasUsed} gas: ${r.hash}`);
}
