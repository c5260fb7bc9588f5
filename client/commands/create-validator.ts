/** `pouwd tx staking create-validator` and `pouwd tx beacon register-beacon-key`: a validator's messages, from the keys of its home. */
import { type Command } from "commander";
import { operatorOfAccount } from "#kernel/address.js";
import { MsgCreateValidator } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { MsgRegisterBeaconKey } from "#proto/gen/pouw/beacon/v1/tx.js";
import { type Message } from "../chain/types.js";
import { message } from "../chain/worker.js";
import { CliError } from "../cli-error.js";
import { coinOn } from "../coins.js";
import { Context, type GlobalOptions } from "../context.js";
import { asUsage, describeTerms, type TermsGiven, termsOf } from "./terms.js";
import { isJson } from "./short/arguments.js";
import { show } from "./show.js";
import { sendJson } from "./send-json.js";

interface Given extends TermsGiven {
  beaconKey: boolean;
}

export function addCreateValidator(group: Command, options: (c: Command) => GlobalOptions): void {
  const command = group
    .command("create-validator")
    .description("make the validator whose keys lie in --home, with its first stake, and register its beacon key")
    .argument("[amount]", "its first stake, such as 100POUW; or the message's fields as JSON, or @FILE");
  describeTerms(command)
    .option("--no-beacon-key", "register the beacon key later: the validator signs nothing until then")
    .action(async (amount: string | undefined, o: Given) => {
      const given = options(command);
      if (amount === undefined) throw new CliError("usage", "amount is missing: the validator's first stake, such as 100POUW. --help after the command shows what it takes.");
      if (isJson(amount)) return sendJson(MsgCreateValidator, amount, given);
      const context = new Context(given);
      const { readHomeFacts, monikerOf } = await import("#app/keys.js");
      const { createValidator, registerBeaconKey } = await import("#app/validator.js");
      const keys = readHomeFacts(context.home);
      const chain = await context.chain();
      const stake = await coinOn(chain, amount);
      const terms = await termsOf(o, stake, monikerOf(context.home));
      const sender = await context.sender(chain);
      const create = asUsage(() => createValidator(chain.addresses, sender.address, keys.consensusKey, terms));
      const messages: Message[] = [message(MsgCreateValidator, create)];
      if (o.beaconKey) messages.push(message(MsgRegisterBeaconKey, registerBeaconKey(sender.address, keys.beaconKey, keys.beaconProof)));
      const r = await sender.send(messages);
      show(context, r, () => `${operatorOfAccount(sender.address)} is a validator. ${o.beaconKey ? "Its beacon key is effective two blocks on" : "It signs nothing before its beacon key is registered: pouwd tx beacon register-beacon-key"}; \`pouwd validator status\` shows the rest.`);
    });
}

export function addRegisterBeaconKey(group: Command, options: (c: Command) => GlobalOptions): void {
  const command = group
    .command("register-beacon-key")
    .description("register the beacon key of --home for one's validator; effective two blocks on")
    .argument("[json]", "the message's fields as JSON, or @FILE, in place of the home's key")
    .action(async (json: string | undefined) => {
      const given = options(command);
      if (json !== undefined) return sendJson(MsgRegisterBeaconKey, json, given);
      const context = new Context(given);
      const { readHomeFacts } = await import("#app/keys.js");
      const { registerBeaconKey } = await import("#app/validator.js");
      const { beaconKey, beaconProof } = readHomeFacts(context.home);
      const sender = await context.sender(await context.chain());
      show(context, await sender.send([message(MsgRegisterBeaconKey, registerBeaconKey(sender.address, beaconKey, beaconProof))]), () => "The beacon key is effective two blocks on.");
    });
}
