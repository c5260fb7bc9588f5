import { type Command } from "commander";
import test from "ava";
import { type Codec } from "#proto/wire.js";
import { pouwd } from "./program.js";
import { moduleOf } from "./short/rows.js";
import { QUERY_ROWS, TX_ROWS } from "./short/table.js";

/** The command of these words; throws where there is none. */
const at = (...words: string[]): Command =>
  words.reduce((c, word) => {
    const found = c.commands.find((x) => x.name() === word || x.aliases().includes(word));
    if (!found) throw new Error(`${c.name()} has no ${word}`);
    return found;
  }, pouwd());
const optionsOf = (c: Command): string[] => c.options.filter((o) => !o.hidden).map((o) => o.long ?? "");

test("queries stand below their modules, take a height and a node, and keep their short forms", (t) => {
  for (const words of [["query", "tasks", "task"], ["q", "work", "mining-info"], ["query", "bank", "balance"], ["query", "auth", "account"]]) {
    t.deepEqual(optionsOf(at(...words)).filter((o) => o !== "--output"), ["--height", "--home", "--node", "--chain-id"], words.join(" "));
  }
  t.is(at("query", "balances").registeredArguments[0]?.name(), "address");
  t.is(at("query", "bank", "balances").registeredArguments[0]?.name(), "address");
});

test("messages stand below their modules, and bank send keeps its arguments", (t) => {
  t.deepEqual(at("tx", "workers", "add-stake").registeredArguments.map((a) => [a.name(), a.required]), [["json", true]]);
  t.deepEqual(at("tx", "bank", "send").registeredArguments.map((a) => a.name()), ["from", "to", "amount"]);
  t.true(optionsOf(at("tx", "bank", "multi-send")).includes("--from"));
  t.deepEqual(at("tx", "send-message").registeredArguments.map((a) => a.name()), ["type", "json"]);
});

test("commands in words have the Cosmos SDK's names and arguments, and take JSON too; the generated ones stand beside them", (t) => {
  const names = (...words: string[]) => at(...words).registeredArguments.map((a) => a.name());
  t.deepEqual(names("tx", "staking", "delegate"), ["validator-address", "amount", "json"]);
  t.deepEqual(names("tx", "staking", "redelegate"), ["from", "to", "amount", "json"]);
  t.deepEqual(names("tx", "staking", "cancel-unbond"), ["validator-address", "amount", "creation-height", "json"]);
  t.deepEqual(names("tx", "slashing", "unjail"), ["json"]);
  t.deepEqual(names("tx", "staking", "begin-redelegate"), ["json"], "generated");
  t.deepEqual(names("query", "staking", "delegation"), ["delegator-addr", "validator-addr", "json"]);
  t.deepEqual(names("query", "staking", "delegations"), ["delegator-addr", "json"]);
  t.deepEqual(names("query", "staking", "delegator-validators"), ["delegator_addr", "json"], "generated");
  for (const words of [["tx", "staking", "unbond"], ["tx", "staking", "edit-validator"], ["tx", "beacon", "register-beacon-key"]]) t.true(optionsOf(at(...words)).includes("--from"), words.join(" "));
});

test("every row of the tables names fields that its message has", (t) => {
  const has = (codec: Codec<unknown> | undefined, path: readonly string[]): boolean => {
    const field = codec?.fields.find((f) => f.proto === path[0]);
    return field !== undefined && (path.length === 1 || has(field.codec?.(), path.slice(1)));
  };
  for (const row of TX_ROWS) {
    t.not(moduleOf(row.message.typeUrl), "", row.name);
    // what is made of others is tested beside it
    if (!row.make) for (const { field } of [...row.args, ...row.options]) t.true(has(row.message, field.split(".")), `${row.name}: ${field}`);
  }
  for (const row of QUERY_ROWS) {
    t.not(moduleOf(row.method.path), "", row.name);
    for (const { field } of [...row.args, ...row.options]) t.true(has(row.method.request, field.split(".")), `${row.name}: ${field}`);
    for (const field of Object.keys(row.fixed ?? {})) t.true(has(row.method.request, [field]), `${row.name}: ${field}`);
  }
});

test("no command stands in its parent twice", (t) => {
  const walk = (c: Command): void => {
    const names = c.commands.flatMap((x) => [x.name(), ...x.aliases()]);
    t.deepEqual(names.filter((n, i) => names.indexOf(n) < i), [], c.name());
    for (const x of c.commands) walk(x);
  };
  walk(pouwd());
});

test("the help of --gas-prices says what is paid without it", (t) => {
  t.regex(at("tx", "bank", "send").helpInformation().replace(/\s+/g, " "), /fee for one unit of gas, such as 0\.01upouw; default: what the chain asks for, in the first of its fee denominations/);
});
