/** genesis.json of a network: CometBFT's part and app_state. */
import { makeAddresses } from "#kernel/address.js";
import { nodeCrypto } from "#platform/crypto.js";
import { bondedState } from "./genesis-validators.js";
import { type HomeFacts } from "./init.js";

export interface GenesisValidator extends Pick<HomeFacts, "consensusKey" | "beaconKey" | "beaconProof"> {
  /** bech32 */
  readonly operator: string;
  readonly power: bigint;
  readonly moniker: string;
}

export interface GenesisOptions {
  readonly chainId: string;
  /** RFC 3339 */
  readonly genesisTime: string;
  readonly prefix: string;
  readonly denom: string;
  readonly validators: readonly GenesisValidator[];
  /** base units */
  readonly balances: readonly { readonly address: string; readonly amount: bigint }[];
  /** parameters by module and proto name, as text; bytes as 0x… */
  readonly params: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const MAX_BLOCK_BYTES = 4 * 1024 * 1024;
/** about two seconds of FinalizeBlock: see docs/decisions.md */
const MAX_BLOCK_GAS = 300_000_000;

export function makeGenesis(o: GenesisOptions): string {
  return `${JSON.stringify(
    {
      genesis_time: o.genesisTime,
      chain_id: o.chainId,
      initial_height: "1",
      consensus_params: {
        block: { max_bytes: `${MAX_BLOCK_BYTES}`, max_gas: `${MAX_BLOCK_GAS}` },
        evidence: { max_age_num_blocks: "100000", max_age_duration: "172800000000000", max_bytes: "1048576" },
        validator: { pub_key_types: ["ed25519"] },
        version: { app: "1" },
        abci: { vote_extensions_enable_height: "1" },
      },
      validators: o.validators.map((v) => ({ pub_key: { type: "tendermint/PubKeyEd25519", value: base64(v.consensusKey) }, power: `${v.power}`, name: v.moniker })),
      app_hash: "",
      app_state: appState(o),
    },
    null,
    2,
  )}\n`;
}

function appState(o: GenesisOptions): Record<string, unknown> {
  const { staking, pool } = bondedState(makeAddresses(o.prefix, nodeCrypto), o.validators);
  const state: Record<string, Record<string, unknown>> = {
    bank: { balances: [...o.balances, pool].map(({ address, amount }) => ({ address, coins: [{ denom: o.denom, amount: `${amount}` }] })) },
    staking: { params: { bond_denom: o.denom }, ...staking },
    beacon: { keys: o.validators.map((v) => ({ validator: v.operator, key: base64(v.beaconKey), proof: base64(v.beaconProof) })) },
  };
  for (const [module, params] of Object.entries(o.params)) state[module] = { ...state[module], params: { ...(state[module]?.params as object | undefined), ...params } };
  return { prefix: o.prefix, ...state };
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
