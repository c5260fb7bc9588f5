/** `pouwd validator status | keys`: a validator as its operator sees it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Command } from "commander";
import { toHex } from "#kernel/bytes.js";
import { CliError } from "../cli-error.js";
import { coinText, unitsOf } from "../coins.js";
import { Context, type GlobalOptions } from "../context.js";
import { validatorFacts } from "../validator/facts.js";
import { iso, nextStep, type ValidatorFacts } from "../validator/status.js";
import { operatorOf } from "./short/values.js";

export function addValidator(program: Command, options: (c: Command) => GlobalOptions): void {
  const validator = program.command("validator").description("one's own validator: how it stands, and its keys");
  validator
    .command("status")
    .description("whether it signs, what it missed, and what to do next")
    .argument("[validator]", "its operator: address, or name of a key; default: the validator whose keys lie in --home")
    .action(async (whose: string | undefined, _o: unknown, c: Command) => {
      const context = new Context(options(c));
      const home = await keysIn(context.home);
      if (whose === undefined && !home) throw new CliError("usage", `${context.home} holds no validator: name one, or give its --home.`);
      const chain = await context.chain();
      const operator = whose === undefined ? undefined : await operatorOf(whose, { context, chain });
      const facts = await validatorFacts(chain, { ...(operator ? { operator } : {}), ...(home && operator === undefined ? { home } : {}), keyOf: (account) => keyOf(context, account, chain.addresses.prefix) });
      if (operator !== undefined && !facts.validator) throw new CliError("state", `${operator} is no validator: \`pouwd query staking validators\` shows them.`);
      const next = nextStep(facts);
      const units = await unitsOf(chain);
      context.print({ ...facts, next }, () => text(facts, next, (tokens) => coinText({ denom: units.bond, amount: `${tokens}` }, units)));
    });
  validator
    .command("keys")
    .description("the public keys of the validator in --home, as create-validator and a genesis take them")
    .action(async (_o: unknown, c: Command) => {
      const context = new Context(options(c));
      const { readHomeFacts } = await import("#app/keys.js");
      const { consensusKey, nodeId, beaconKey, beaconProof } = readHomeFacts(context.home);
      const told = { nodeId, pubkey: { "@type": "/cosmos.crypto.ed25519.PubKey", key: Buffer.from(consensusKey).toString("base64") }, beaconKey: toHex(beaconKey), beaconProof: toHex(beaconProof) };
      context.print(told, () => JSON.stringify(told, null, 2));
    });
}

async function keysIn(home: string): Promise<{ consensusKey: Uint8Array; beaconKey: Uint8Array } | undefined> {
  if (!existsSync(join(home, "config", "priv_validator_key.json"))) return undefined;
  const { readHomeFacts } = await import("#app/keys.js");
  return readHomeFacts(home);
}

async function keyOf({ keyring }: Context, account: string, prefix: string): Promise<string | undefined> {
  for (const name of keyring.names()) if ((await keyring.address(name, prefix)) === account) return name;
  return undefined;
}

function text(f: ValidatorFacts, next: string, amount: (tokens: bigint) => string): string {
  const line = (name: string, value: string): string => `${name.padEnd(13)}${value}`;
  const { validator: v, beacon, signing } = f;
  if (!v) return [line("validator", "none has this home's consensus key"), line("next", next)].join("\n");
  const key = beacon?.key ? `effective${beacon.next ? `, another one from block ${beacon.next.height} on` : ""}` : beacon?.next ? `effective from block ${beacon.next.height} on` : "none";
  const jail = signing?.tombstoned ? ", for ever" : signing && signing.jailedUntilMs > f.nowMs ? `, until ${iso(signing.jailedUntilMs)}` : "";
  return [
    line("validator", `${v.moniker}  ${v.operator}`),
    line("status", `${v.status}${v.jailed ? `, jailed${jail}` : ""}`),
    line("stake", `${amount(v.tokens)}, its own ${amount(v.ownStake)}`),
    line("beacon key", key),
    line("missed", signing ? `${signing.missed} of ${f.window.blocks} blocks, jail above ${f.window.mayMiss}` : "it has signed nothing yet"),
    line("height", `${f.height}${f.catchingUp ? ", still fetching blocks" : ""}`),
    line("next", next),
  ].join("\n");
}
