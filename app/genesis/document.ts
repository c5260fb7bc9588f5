/** genesis.json of a chain as CometBFT reads it: a new one, and how one is read from and written to a file. */
import { existsSync, readFileSync } from "node:fs";
import { writePrivate } from "#platform/keys.js";
import { ConfigFault } from "../config-fault.js";

/** Fields that are not named here stay as they are. */
export interface GenesisDocument {
  readonly chain_id?: string;
  /** RFC 3339 */
  readonly genesis_time?: string;
  readonly initial_height?: string;
  readonly consensus_params?: Readonly<Record<string, unknown>>;
  /** those of an export; empty where app_state.genutil.gen_txs makes them */
  readonly validators?: readonly unknown[];
  readonly app_state?: AppState;
  readonly [field: string]: unknown;
}

/** By module. */
export type AppState = Readonly<Record<string, unknown>>;

export interface NewGenesis {
  readonly chainId: string;
  /** RFC 3339 */
  readonly genesisTime: string;
  readonly prefix: string;
  readonly denom: string;
  /** parameters by module and proto name, as text; bytes as 0x… */
  readonly params?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const MAX_BLOCK_BYTES = 4 * 1024 * 1024;
/** about two seconds of FinalizeBlock: see docs/decisions.md */
const MAX_BLOCK_GAS = 300_000_000;
/** The first target has no default of its own: a win in about a tera-FLOP, from which the chain finds its own by retargeting. */
const TARGET0 = ((1n << 256n) / 1_000_000_000_000n).toString(16).padStart(64, "0");

/** Of a chain with neither accounts nor validators: they are added one by one. */
export function newGenesis({ chainId, genesisTime, prefix, denom, params = {} }: NewGenesis): GenesisDocument {
  const state: Record<string, Record<string, unknown>> = {
    auth: { accounts: [] },
    bank: { balances: [] },
    staking: { params: { bond_denom: denom } },
    work: { params: { target0: `0x${TARGET0}` } },
    genutil: { gen_txs: [] },
  };
  for (const [module, own] of Object.entries(params)) state[module] = { ...state[module], params: { ...(state[module]?.params as object | undefined), ...own } };
  return {
    genesis_time: genesisTime,
    chain_id: chainId,
    initial_height: "1",
    consensus_params: {
      block: { max_bytes: `${MAX_BLOCK_BYTES}`, max_gas: `${MAX_BLOCK_GAS}` },
      evidence: { max_age_num_blocks: "100000", max_age_duration: "172800000000000", max_bytes: "1048576" },
      validator: { pub_key_types: ["ed25519"] },
      version: { app: "1" },
      abci: { vote_extensions_enable_height: "1" },
    },
    app_hash: "",
    app_state: { prefix, ...state },
  };
}

export const genesisText = (g: GenesisDocument): string => `${JSON.stringify(g, null, 2)}\n`;

/** Throws ConfigFault. */
export function readGenesis(path: string): GenesisDocument {
  if (!existsSync(path)) throw new ConfigFault(`${path} is missing. Copy the chain's genesis there, or begin one: pouwd init --chain-id ID`);
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(path, "utf8"));
  } catch (e) {
    throw new ConfigFault(`${path}: ${(e as Error).message}`);
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) throw new ConfigFault(`${path}: want a JSON object with chain_id and app_state`);
  return document as GenesisDocument;
}

export const writeGenesis = (path: string, g: GenesisDocument): void => writePrivate(path, genesisText(g));

/** A module's part of app_state. */
export const partOf = (g: GenesisDocument, module: string): Readonly<Record<string, unknown>> => (g.app_state?.[module] ?? {}) as Readonly<Record<string, unknown>>;

/** With another part of a module. */
export const withPart = (g: GenesisDocument, module: string, part: Readonly<Record<string, unknown>>): GenesisDocument => ({ ...g, app_state: { ...g.app_state, [module]: { ...partOf(g, module), ...part } } });
