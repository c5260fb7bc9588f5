/** `pouwd export`: prints the state of a stopped node as a genesis, at the newest height or another one that is kept. */
import "#platform/install.js";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { nodeCrypto } from "#platform/crypto.js";
import { assemble } from "./assemble.js";
import { Chain } from "./chain.js";
import { readAppConfig } from "./config.js";
import { faultLine } from "./config-fault.js";
import { exportGenesis, type GenesisDocument } from "./export.js";
import { contextAt } from "./query/state.js";
import { openMultiStore } from "./store/index.js";

async function run(): Promise<void> {
  const { values } = parseArgs({ options: { home: { type: "string" }, height: { type: "string", default: "0" } } });
  const { home, height } = values;
  if (!home) throw new Error("--home is missing: the validator's folder");
  if (!/^\d{1,15}$/.test(height)) throw new Error(`--height: got ${JSON.stringify(height)}, want a whole number`);
  const folder = join(home, "data", "application");
  if (!existsSync(folder)) throw new Error(`${folder} is missing: there is no state to export`);
  const genesis = JSON.parse(readFileSync(join(home, "config", "genesis.json"), "utf8")) as GenesisDocument;
  const assembly = assemble();
  const store = await openMultiStore(folder, { names: assembly.stores, keepVersions: readAppConfig(home).keep_versions });
  try {
    if (BigInt(height) > store.version) throw new Error(`--height ${height}: the newest that is kept is ${store.version}`);
    const ctx = contextAt(new Chain(store, assembly, nodeCrypto).openToRead(), BigInt(height));
    await write(`${JSON.stringify(exportGenesis(ctx, assembly, genesis), null, 2)}\n`);
  } finally {
    await store.close();
  }
}

const write = (text: string): Promise<void> => new Promise((resolve, reject) => process.stdout.write(text, (e) => (e ? reject(e) : resolve())));

try {
  await run();
} catch (e) {
  console.error(faultLine((e as Error).message));
  process.exitCode = 1;
}
