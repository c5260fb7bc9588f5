/** genesis.json of a network: CometBFT's part and app_state. */
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
  /** chain parameters by their proto name, as text; bytes as 0x… */
  readonly params: Readonly<Record<string, string>>;
}

const MAX_BLOCK_BYTES = 4 * 1024 * 1024;
/** about two seconds of FinalizeBlock: see docs/decisions.md */
const MAX_BLOCK_GAS = 300_000_000;

export function makeGenesis(o: GenesisOptions): string {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
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
      app_state: {
        prefix: o.prefix,
        params: { params: { denom: o.denom, ...o.params } },
        bank: { balances: o.balances.map(({ address, amount }) => ({ address, coins: [{ denom: o.denom, amount: `${amount}` }] })) },
        validators: {
          validators: o.validators.map((v) => ({
            operator: v.operator,
            consensus_key: base64(v.consensusKey),
            power: `${v.power}`,
            beacon_key: base64(v.beaconKey),
            beacon_proof: base64(v.beaconProof),
            moniker: v.moniker,
          })),
        },
      },
    },
    null,
    2,
  )}\n`;
}
