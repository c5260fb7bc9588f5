import { type Command } from "commander";
import test from "ava";
import { pouwd } from "./program.js";

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

test("no command stands in its parent twice", (t) => {
  const walk = (c: Command): void => {
    const names = c.commands.flatMap((x) => [x.name(), ...x.aliases()]);
    t.deepEqual(names.filter((n, i) => names.indexOf(n) < i), [], c.name());
    for (const x of c.commands) walk(x);
  };
  walk(pouwd());
});
