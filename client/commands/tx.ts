/** `pouwd tx …`: transactions, signed and sent. */
import { readFileSync } from "node:fs";
import { type Command } from "commander";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import * as generated from "#proto/gen/pouw.js";
import { fromJson } from "#proto/json.js";
import { type Codec } from "#proto/wire.js";
import { balanceOf } from "../chain/balance.js";
import { cosmosCodec } from "../chain/cosmos.js";
import { ChainError, type Message, type TxResult } from "../chain/types.js";
import { CliError } from "../cli-error.js";
import { Context, type GlobalOptions } from "../context.js";
import { nearest } from "../task/faults.js";
import { formatCoin, parseAmount } from "../task/amount.js";
import { chainParams } from "../task/submit.js";
import { parseJson } from "./json.js";

const AMOUNT = "such as 10POUW, or 1000upouw: a millionth of it each";

export function addTx(program: Command, options: (c: Command) => GlobalOptions): void {
  const tx = program.command("tx").description("sign and send a transaction");
  tx.command("bank")
    .description("coins")
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
  tx.command("send-message")
    .description("send any message of pouw.v1, for what has no command of its own")
    .argument("<type>", "such as MsgAddStake; proto/pouw/v1/tx.proto lists them")
    .argument("<json>", "the message's fields as JSON, or @FILE; the signer's field may be left out")
    .action(async (type: string, text: string, _o: unknown, c: Command) => {
      const context = new Context(options(c));
      const codec = messageType(type);
      const json = parseJson(text.startsWith("@") ? fileText(text.slice(1)) : text, "the message") as Record<string, unknown>;
      const chain = await context.chain();
      const sender = await context.sender(chain);
      const value = fromJson(codec, { [codec.signer as string]: sender.address, ...json });
      show(context, await sender.send([{ codec, value } as Message]));
    });
}

async function send(context: Context, from: string | undefined, to: string, amountText: string, memo: string): Promise<void> {
  const chain = await context.chain();
  chain.addresses.parse(to);
  const { denom } = await chainParams(chain);
  const amount = parseAmount(amountText, denom);
  if (amount === 0n) throw new CliError("amount", "the amount is 0, want at least 1 base unit.");
  const sender = await context.sender(chain, from);
  const balance = await balanceOf(chain, sender.address, denom);
  if (balance < amount) throw new CliError("funds", `the amount is ${formatCoin(amount, denom)}, the account ${sender.address} has ${formatCoin(balance, denom)}. Send less, or from another key.`);
  const value = MsgSend.fromPartial({ fromAddress: sender.address, toAddress: to, amount: [{ denom, amount: `${amount}` }] });
  show(context, await sender.send([{ codec: cosmosCodec("/cosmos.bank.v1beta1.MsgSend", MsgSend), value } as Message], { memo }));
}

function messageType(type: string): Codec<Record<string, unknown>> {
  const all = generated as unknown as Record<string, Codec<Record<string, unknown>> | undefined>;
  const codec = Object.hasOwn(all, type) ? all[type] : undefined;
  if (codec?.signer) return codec;
  const names = Object.keys(all).filter((n) => all[n]?.signer);
  const near = nearest(type.toLowerCase(), names.map((n) => n.toLowerCase()));
  throw new CliError("usage", `${type} is no message of pouw.v1. ${near ? `Did you mean ${names.find((n) => n.toLowerCase() === near)}?` : `There are ${names.join(", ")}.`}`);
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
