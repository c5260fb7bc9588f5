/** A validator's app.toml: what the application and its verifier need to know of this machine. Nothing in it is consensus. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { type LogLevel } from "#platform/log.js";
import { parseAddress } from "./abci/address.js";
import { ConfigFault } from "./config-fault.js";

export interface AppConfig {
  /** unix:// or tcp:// address of the ABCI socket, as CometBFT's proxy_app names it */
  readonly abci: string;
  /** host:port of the verifier's gRPC service; empty: none runs here */
  readonly verifier: string;
  /** whether the verifier dials loopback and private addresses: test networks only */
  readonly verifier_allow_private: boolean;
  /** file with the mnemonic of the account that reports equivocations the verifier finds; empty: it only logs them */
  readonly verifier_key_file: string;
  /** versions of the state that queries may ask for */
  readonly keep_versions: number;
  readonly log_level: LogLevel;
  /** base units for a million gas */
  readonly min_gas_price: number;
  /** height of an upgrade that operators agreed on without a vote: the first block of this program; 0: none */
  readonly migrate_at: number;
}

const DEFAULTS: AppConfig = { abci: "", verifier: "", verifier_allow_private: false, verifier_key_file: "", keep_versions: 400, log_level: "info", min_gas_price: 0, migrate_at: 0 };
const LEVELS = ["error", "warn", "info", "debug"];

/** Throws ConfigFault. */
export function readAppConfig(home: string): AppConfig {
  const path = join(home, "config", "app.toml");
  let raw: Record<string, unknown>;
  try {
    raw = parse(readFileSync(path, "utf8"));
  } catch (e) {
    const missing = (e as NodeJS.ErrnoException).code === "ENOENT";
    throw new ConfigFault(missing ? `${path} is missing. \`pouwd init --home ${home}\` writes it.` : `${path}: ${(e as Error).message.split("\n")[0]}`);
  }
  for (const [key, value] of Object.entries(raw)) {
    const expected = (DEFAULTS as unknown as Record<string, unknown>)[key];
    if (expected === undefined) throw new ConfigFault(`${path}: there is no setting ${key}. There are: ${Object.keys(DEFAULTS).join(", ")}`);
    if (typeof value !== typeof expected) throw new ConfigFault(`${path}: ${key} is ${JSON.stringify(value)}, want a ${typeof expected}${typeof expected === "number" ? " without quotes" : ""}`);
  }
  const config = { ...DEFAULTS, ...raw } as AppConfig;
  try {
    parseAddress(config.abci);
  } catch (e) {
    throw new ConfigFault(`${path}: abci: ${(e as Error).message}`);
  }
  if (!Number.isInteger(config.keep_versions) || config.keep_versions < 100) throw new ConfigFault(`${path}: keep_versions is ${config.keep_versions}, want 100 or more`);
  if (!LEVELS.includes(config.log_level)) throw new ConfigFault(`${path}: log_level is ${JSON.stringify(config.log_level)}, want one of ${LEVELS.join(", ")}`);
  if (!Number.isSafeInteger(config.min_gas_price) || config.min_gas_price < 0) {
    throw new ConfigFault(`${path}: min_gas_price is ${config.min_gas_price}, want a whole number of base units for a million gas, 0 or more: 0.025 a unit of gas is 25000`);
  }
  if (!Number.isSafeInteger(config.migrate_at) || config.migrate_at < 0) throw new ConfigFault(`${path}: migrate_at is ${config.migrate_at}, want a block's height, or 0 for none`);
  return config;
}
