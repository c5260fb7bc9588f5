/**
 * Writes docs/tables.md: every error code, event, account and store prefix, from the modules' own declarations. With --check
 * it only compares: `npm run check` fails until a change of them is written down, so that none happens unseen.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { definitions } from "#app/assemble.js";
import { appStore } from "#app/block/head.js";
import { txEvents } from "#app/tx/events.js";
import { type ErrorKind, sdk } from "#kernel/errors.js";
import { type EventKind } from "#kernel/events.js";
import { type StoreDefinition } from "#kernel/store.js";

const path = fileURLToPath(new URL("../docs/tables.md", import.meta.url));

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n");

function errorRows(kinds: readonly ErrorKind[]): string[][] {
  return [...kinds].sort((a, b) => (a.codespace === b.codespace ? a.code - b.code : a.codespace < b.codespace ? -1 : 1)).map((e) => [e.codespace, `${e.code}`, e.text]);
}

const eventRows = (owner: string, kinds: readonly Pick<EventKind, "type" | "attributes">[]): string[][] => kinds.map((e) => [owner, `\`${e.type}\``, e.attributes.map((a) => `\`${a}\``).join(", ")]);

const hex = (n: number): string => `0x${n.toString(16).padStart(2, "0")}`;
const storeRows = (owner: string, store: StoreDefinition): string[][] =>
  [...store.prefixes].sort((a, b) => a.prefix - b.prefix).map((p) => [owner, `\`${store.name}\``, hex(p.prefix), p.kind, p.key.join(", "), p.what]);

export function tables(): string {
  const errors = [...Object.values(sdk), ...definitions.flatMap((d) => Object.values(d.errors))];
  const events = [...eventRows("transactions", Object.values(txEvents)), ...definitions.flatMap((d) => eventRows(d.name, Object.values(d.events)))];
  const stores = [...storeRows("the application", appStore), ...definitions.flatMap((d) => (d.store ? storeRows(d.name, d.store) : []))];
  return `# Tables

Made by \`npm run tables\` from what the modules declare; \`npm run check\` compares. A code, an event's type or attribute and a
store's prefix that were released never change their meaning.

## Modules and their accounts

${table(["module", "version", "account", "may"], definitions.flatMap((d) => (d.accounts.length === 0 ? [[d.name, `${d.version}`, "", ""]] : d.accounts.map((a) => [d.name, `${d.version}`, `\`${a.name}\``, a.may.join(", ") || "hold"]))))}

## Errors

A refused transaction has \`codespace\`, \`code\` and a log \`detail: text\`. Codespace \`sdk\` is the Cosmos SDK's.

${table(["codespace", "code", "text"], errorRows(errors))}

## Events

A block's or a transaction's; those of a transaction's messages have \`msg_index\` behind their own attributes.

${table(["module", "type", "attributes"], events)}

## Stores

Keys are one byte of prefix and the parts named here, in this order: \`u32\` and \`u64\` big-endian, \`address\` with a byte of length,
\`address…\` and \`text…\` up to the key's end.

${table(["module", "store", "prefix", "kind", "key", "what"], stores)}
`;
}

const text = tables();
if (process.argv.includes("--check")) {
  let kept = "";
  try {
    kept = readFileSync(path, "utf8");
  } catch {
    // told below
  }
  if (kept !== text) {
    const before = new Set(kept.split("\n"));
    const after = new Set(text.split("\n"));
    const added = [...after].filter((line) => !before.has(line));
    const gone = [...before].filter((line) => !after.has(line));
    for (const line of added.slice(0, 10)) console.error(`  not in docs/tables.md: ${line}`);
    for (const line of gone.slice(0, 10)) console.error(`  only in docs/tables.md: ${line}`);
    console.error("✖ docs/tables.md is not what the modules declare. If the change is meant, run npm run tables and commit it.");
    process.exit(1);
  }
} else writeFileSync(path, text);
