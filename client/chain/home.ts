/**
 * A worker's home belongs to one chain: its log, session keys, opinions and residuals are kept by task id alone, and the
 * task 1 of another chain is another task. The mark is a file beside them, so that it outlives a database that is lost.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { toHex } from "#kernel/bytes.js";
import { writePrivate } from "#platform/keys.js";
import { type Chain } from "./types.js";

export class WrongHomeError extends Error {
  override readonly name = "WrongHomeError";
}

/** Marks a home that is new; throws for one that another chain, or the same before it was started anew, has marked. Call it with the home's lock held. */
export async function claimHome(home: string, chain: Chain): Promise<void> {
  const path = join(home, "chain.txt");
  const genesis = toHex(await chain.genesisHash());
  const mark = `${chain.chainId} ${genesis}`;
  if (!existsSync(path)) return writePrivate(path, `${mark}\n`);
  const known = readFileSync(path, "utf8").trim();
  if (known === mark) return;
  const [id = "", hash = ""] = known.split(" ");
  throw new WrongHomeError(
    `${home} holds the work for chain ${id} with genesis ${hash.slice(0, 12)}…, and the node runs ${chain.chainId} with genesis ${genesis.slice(0, 12)}…: give another --home, or delete this one when that chain is gone`,
  );
}
