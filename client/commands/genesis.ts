/** `pouwd genesis …`: those who begin a chain together make its genesis, in the words of the Cosmos SDK's command line. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command } from "commander";
import Table from "cli-table3";
import { writePrivate } from "#platform/keys.js";
import { CliError } from "../cli-error.js";
import { parseCoins, type Units } from "../coins.js";
import { Context, type GlobalOptions } from "../context.js";
import { POWER_REDUCTION } from "../validator/facts.js";
import { parseJson } from "./json.js";
import { seconds } from "./short/words.js";
import { describeTerms, type TermsGiven, termsOf } from "./terms.js";

interface GenTxGiven extends TermsGiven {
  ip?: string;
  outputDocument?: string;
}

interface AccountGiven {
  append?: boolean;
  vestingAmount?: string;
  vestingStartTime?: string;
  vestingEndTime?: string;
}

/** What of a new account comes free over time. Throws CliError. */
function vestingOf({ vestingAmount: amount, vestingStartTime: start, vestingEndTime: end }: AccountGiven, units: Units) {
  if (amount === undefined && start === undefined && end === undefined) return undefined;
  if (amount === undefined || end === undefined) throw new CliError("usage", `${amount === undefined ? "--vesting-amount" : "--vesting-end-time"} is missing: coins that come free over time have an amount, and a time at which all of them are.`);
  return { coins: parseCoins(amount, units), start: start === undefined ? undefined : seconds(start), end: seconds(end) };
}

export function addGenesis(program: Command, options: (c: Command) => GlobalOptions): void {
  const genesis = program.command("genesis").description("the genesis of a new chain, made together: accounts, and a transaction of each validator");
  genesis
    .command("add-account")
    .description("give an account coins in the genesis of --home")
    .argument("<account>", "address, or name of a key")
    .argument("<coins>", "such as 100POUW, or 100000000upouw,5uatom")
    .option("--append", "add to an account that is there")
    .option("--vesting-amount <coins>", "so much of it comes free over time")
    .option("--vesting-start-time <time>", "bit by bit from then on, RFC 3339 or seconds since 1970; default: all at the end")
    .option("--vesting-end-time <time>", "when all of it is free")
    .action(async (account: string, text: string, o: AccountGiven, c: Command) => {
      const context = new Context(options(c));
      const { addressesOf, unknownDenoms, withAccount } = await import("#app/genesis/accounts.js");
      const { readGenesis, writeGenesis } = await import("#app/genesis/document.js");
      const path = genesisPath(context);
      const g = readGenesis(path);
      const address = (await context.keyring.addressOfName(account, addressesOf(g).prefix)) ?? account;
      const units = await unitsIn(g);
      const coins = parseCoins(text, units);
      const vesting = vestingOf(o, units);
      const remarks = unknownDenoms(g, coins.map((x) => x.denom)).map((denom) => `${denom} makes a new coin of that name, which is not the chain's own, ${units.bond}`);
      writeGenesis(path, told(path, () => withAccount(g, address, coins, { append: o.append, vesting })));
      context.print({ address, coins, remarks }, () => [`${address} has ${coins.map((x) => `${x.amount}${x.denom}`).join(",")}${o.append ? " more" : ""}`, ...remarks.map((r) => `remark: ${r}`)].join("\n"));
    });
  describeTerms(
    genesis
      .command("gentx")
      .description("sign the transaction that makes the validator in --home one of the new chain")
      .argument("<key>", "key of the operator, by name or address")
      .argument("<amount>", "its first stake, such as 100POUW: of what the genesis gives the account")
      .option("--ip <host>", "where the others' nodes reach this one; with a port, when it is not config.toml's")
      .option("--output-document <file>", "where it is written; default: config/gentx/ in the home"),
  ).action(async (key: string, amount: string, o: GenTxGiven, c: Command) => {
    const context = new Context(options(c));
    const { addressesOf, bondDenomOf } = await import("#app/genesis/accounts.js");
    const { collectGenTxs } = await import("#app/genesis/collect.js");
    const { readGenesis } = await import("#app/genesis/document.js");
    const { makeGenTx } = await import("#app/genesis/gentx.js");
    const { monikerOf, readHomeFacts } = await import("#app/keys.js");
    const { p2pAddressOf } = await import("#app/peers.js");
    const keys = readHomeFacts(context.home);
    const path = genesisPath(context);
    const g = readGenesis(path);
    const coins = parseCoins(amount, await unitsIn(g));
    const [stake, other] = coins;
    if (!stake || other) throw new CliError("amount", `got ${JSON.stringify(amount)}, want one coin.`);
    const bond = bondDenomOf(g);
    if (stake.denom === bond && BigInt(stake.amount) < POWER_REDUCTION) throw new CliError("amount", `its stake is ${stake.amount} base units, and ${POWER_REDUCTION} are needed to sign: give at least ${POWER_REDUCTION}${bond}.`);
    const terms = await termsOf(o, stake, monikerOf(context.home));
    const addresses = addressesOf(g);
    const reachedAt = p2pAddressOf(context.home, o.ip);
    const wallet = await context.keyring.wallet(key, addresses.prefix);
    const json = await makeGenTx({ chainId: g.chain_id ?? "", addresses, keys, terms, reachedAt }, wallet);
    // what the chain would refuse is refused now, and not when everybody's are collected
    told(path, () => collectGenTxs(g, [{ path: "the transaction", json }]));
    const file = resolve(o.outputDocument ?? join(context.home, "config", "gentx", `gentx-${keys.nodeId}.json`));
    writePrivate(file, `${JSON.stringify(json)}\n`);
    context.print({ file, nodeId: keys.nodeId, transaction: json }, () => `written to ${file}: send it to who collects, who wants ${JSON.stringify(terms.description.moniker)} at ${keys.nodeId}@${reachedAt}`);
  });
  genesis
    .command("collect-gentxs")
    .description("put everybody's transactions into the genesis of --home, and try it")
    .option("--gentx-dir <dir>", "where they are; default: config/gentx/ in the home")
    .action(async (o: { gentxDir?: string }, c: Command) => {
      const context = new Context(options(c));
      const { collectGenTxs, peersOf } = await import("#app/genesis/collect.js");
      const { readGenesis, writeGenesis } = await import("#app/genesis/document.js");
      const { readHomeFacts } = await import("#app/keys.js");
      const { setPeers } = await import("#app/peers.js");
      const path = genesisPath(context);
      const dir = resolve(o.gentxDir ?? join(context.home, "config", "gentx"));
      const files = gentxFiles(dir);
      const { genesis: collected, transactions } = told(undefined, () => collectGenTxs(readGenesis(path), files));
      const peers = peersOf(transactions, readHomeFacts(context.home).nodeId);
      writeGenesis(path, collected);
      setPeers(context.home, peers);
      const list = transactions.map(({ moniker, operator, memo }, i) => ({ moniker, operator, node: memo, file: files[i]?.path ?? "" }));
      const sha256 = digest(path);
      context.print({ genesis: path, sha256, validators: list, peers }, () => {
        const table = new Table({ head: ["moniker", "operator", "node"], style: { head: [], border: [] } });
        for (const v of list) table.push([v.moniker, v.operator, v.node]);
        return `${table.toString()}\n${path} is the chain's genesis: give the same file to everybody\nsha256  ${sha256}`;
      });
    });
  genesis
    .command("peers")
    .description("connect the node in --home to the others who begin the chain, as the genesis has their addresses")
    .action(async (_o: unknown, c: Command) => {
      const context = new Context(options(c));
      const { peersOf } = await import("#app/genesis/collect.js");
      const { partOf, readGenesis } = await import("#app/genesis/document.js");
      const { genTxsOf, inGenesis, readGenTx } = await import("#app/genesis/gentxs.js");
      const { program: theProgram } = await import("#app/genesis/validate.js");
      const { readHomeFacts } = await import("#app/keys.js");
      const { setPeers } = await import("#app/peers.js");
      const path = genesisPath(context);
      const g = readGenesis(path);
      const { execution } = theProgram();
      const transactions = told(path, () => genTxsOf(partOf(g, "genutil")).map((json, i) => readGenTx(json, execution, inGenesis(i))));
      const peers = peersOf(transactions, readHomeFacts(context.home).nodeId);
      setPeers(context.home, peers);
      context.print({ peers }, () => peers.replaceAll(",", "\n") || "there are no others");
    });
  genesis
    .command("validate")
    .description("try a genesis as a node would, before a chain begins with it")
    .argument("[file]", "default: the genesis of --home")
    .action(async (file: string | undefined, _o: unknown, c: Command) => {
      const context = new Context(options(c));
      const { readGenesis } = await import("#app/genesis/document.js");
      const { remarksOn } = await import("#app/genesis/remarks.js");
      const { program: theProgram, tried } = await import("#app/genesis/validate.js");
      const path = file === undefined ? genesisPath(context) : resolve(file);
      const g = readGenesis(path);
      const p = theProgram();
      const first = told(path, () => tried(g, undefined, p));
      const { ctx, validators } = first;
      const remarks = remarksOn(first, p);
      const supply = p.assembly.keepers.bank.supplies(ctx).map((s) => `${s.amount}${s.denom}`).join(",");
      const power = validators.reduce((sum, v) => sum + v.power, 0n);
      const facts = { file: path, chainId: g.chain_id, validators: validators.length, power, supply, sha256: digest(path), remarks };
      context.print(facts, () => `${path} is a genesis: chain ${g.chain_id}, ${validators.length} validator${validators.length === 1 ? "" : "s"} with power ${power}, supply ${supply}\n${remarks.map((r) => `remark: ${r}\n`).join("")}sha256  ${facts.sha256}`);
    });
}

const genesisPath = (context: Context): string => join(context.home, "config", "genesis.json");
const digest = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

async function unitsIn(g: Readonly<Record<string, unknown>>): Promise<Units> {
  const { bondDenomOf, metadataIn } = await import("#app/genesis/accounts.js");
  return { bond: bondDenomOf(g), metadata: metadataIn(g) };
}

/** What a genesis is refused for, with its file. */
function told<T>(path: string | undefined, run: () => T): T {
  try {
    return run();
  } catch (e) {
    throw new CliError("state", `${path === undefined ? "" : `${path}: `}${(e as Error).message.replace(/\.$/, "")}.`);
  }
}

function gentxFiles(dir: string): { path: string; json: unknown }[] {
  if (!existsSync(dir)) throw new CliError("usage", `${dir} is missing: it holds everybody's transactions, which \`pouwd genesis gentx\` makes.`);
  const names = readdirSync(dir).filter((f) => f.endsWith(".json")).sort();
  return names.map((name) => {
    const path = join(dir, name);
    return { path, json: parseJson(readFileSync(path, "utf8"), path) };
  });
}
