/** A validator's app.toml: what the application and its verifier need to know of this machine. Nothing in it is consensus. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { type LogLevel } from "#platform/log.js";
import { parseEndpoint } from "#net/address.js";
import { parseAddress } from "./abci/address.js";
import { ConfigFault } from "./config-fault.js";

/** A server of its own, for who asks without the engine. */
export interface ServerConfig {
  readonly enable: boolean;
  /** host:port */
  readonly address: string;
}

export interface ApiConfig extends ServerConfig {
  /** whose pages may ask: origins such as https://wallet.example, or * for all */
  readonly cors: readonly string[];
  /** addresses of proxies whose X-Forwarded-For is believed */
  readonly trusted_proxies: readonly string[];
}

/** What one query may take. */
export interface QueryConfig {
  readonly rows: number;
  readonly bytes: number;
  readonly ms: number;
  /** whether anybody may ask for the invariants, for which all of the state is walked */
  readonly invariants: boolean;
}

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
  /** the REST server */
  readonly api: ApiConfig;
  readonly grpc: ServerConfig;
  readonly query: QueryConfig;
}

export const API: ApiConfig = { enable: false, address: "127.0.0.1:1317", cors: ["*"], trusted_proxies: [] };
export const GRPC: ServerConfig = { enable: false, address: "127.0.0.1:9090" };
export const QUERY: QueryConfig = { rows: 1_000_000, bytes: 256 * 1024 * 1024, ms: 2_000, invariants: false };

const DEFAULTS: AppConfig = {
  abci: "",
  verifier: "",
  verifier_allow_private: false,
  verifier_key_file: "",
  keep_versions: 400,
  log_level: "info",
  min_gas_price: 0,
  migrate_at: 0,
  api: API,
  grpc: GRPC,
  query: QUERY,
};
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
  const config = settingsOf(path, "", DEFAULTS as unknown as Settings, raw) as unknown as AppConfig;
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
  for (const name of ["api", "grpc"] as const) {
    const { enable, address } = config[name];
    if (enable && !isEndpoint(address)) throw new ConfigFault(`${path}: ${name}.address is ${JSON.stringify(address)}, want HOST:PORT such as ${DEFAULTS[name].address}`);
  }
  for (const name of ["rows", "bytes", "ms"] as const) {
    const value = config.query[name];
    if (!Number.isSafeInteger(value) || value < 1) throw new ConfigFault(`${path}: query.${name} is ${value}, want a whole number of 1 or more: what one query may take`);
  }
  return config;
}

interface Settings {
  readonly [key: string]: string | number | boolean | readonly string[] | Settings;
}
const isSection = (v: unknown): v is Settings => typeof v === "object" && v !== null && !Array.isArray(v);
const kindOf = (v: unknown): string => (Array.isArray(v) ? "list of texts" : typeof v === "object" ? "section" : typeof v);

/** The defaults with what a file says. Throws ConfigFault for a setting that there is not, or of another kind. */
function settingsOf(path: string, section: string, defaults: Settings, raw: Readonly<Record<string, unknown>>): Settings {
  const out: Record<string, Settings[string]> = { ...defaults };
  for (const [key, value] of Object.entries(raw)) {
    const expected = Object.hasOwn(defaults, key) ? defaults[key] : undefined;
    const at = `${section}${key}`;
    if (expected === undefined) throw new ConfigFault(`${path}: there is no setting ${at}. There are: ${Object.keys(defaults).map((k) => `${section}${k}`).join(", ")}`);
    const list = Array.isArray(value) && value.every((v) => typeof v === "string");
    if (kindOf(value) !== kindOf(expected) || (Array.isArray(value) && !list)) throw new ConfigFault(`${path}: ${at} is ${JSON.stringify(value)}, want a ${kindOf(expected)}${typeof expected === "number" ? " without quotes" : ""}`);
    out[key] = isSection(expected) ? settingsOf(path, `${at}.`, expected, value as Record<string, unknown>) : (value as Settings[string]);
  }
  return out;
}

/** Of a server here: any port that there is. */
function isEndpoint(text: string): boolean {
  try {
    parseEndpoint(text);
    return true;
  } catch {
    return false;
  }
}
