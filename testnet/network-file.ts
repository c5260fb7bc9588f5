/** network.json: what the launcher decided and the keeper carries out. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Account } from "./accounts.js";
import { type NetworkOptions } from "./plan.js";

export interface NetworkFile {
  readonly options: NetworkOptions;
  readonly accounts: readonly Account[];
  /** path of the CometBFT binary */
  readonly cometbft: string;
  /** process name → environment, for tests with faults */
  readonly env: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** stake that each worker registers with, base units, decimal */
  readonly workerStake: string;
}

const path = (dir: string): string => join(dir, "network.json");
export const readNetworkFile = (dir: string): NetworkFile => JSON.parse(readFileSync(path(dir), "utf8")) as NetworkFile;
export const writeNetworkFile = (dir: string, file: NetworkFile): void => writeFileSync(path(dir), `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
