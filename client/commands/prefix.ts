/** Which chain's addresses the keys of a home have: a key is the same on all chains, and is written with the prefix of one. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_PREFIX, isAddressPrefix } from "#kernel/address.js";
import { CliError } from "../cli-error.js";

/** What was given; else the prefix in the home's genesis; else the default, where there is no genesis. Throws one line. */
export async function prefixFor(home: string, given: string | undefined): Promise<string> {
  if (given !== undefined) {
    if (!isAddressPrefix(given)) throw new CliError("usage", `--prefix is ${JSON.stringify(given)}, want 1 to 16 of a–z and 0–9, a letter first.`);
    return given;
  }
  const path = join(home, "config", "genesis.json");
  if (!existsSync(path)) return DEFAULT_PREFIX;
  const { readGenesis } = await import("#app/genesis/document.js");
  const { prefixOf } = await import("#app/genesis/accounts.js");
  const prefix = prefixOf(readGenesis(path));
  if (!isAddressPrefix(prefix)) throw new CliError("usage", `${path}: app_state.prefix is ${JSON.stringify(prefix)}, want 1 to 16 of a–z and 0–9, a letter first. Correct the file, or give --prefix.`);
  return prefix;
}
