/** app_state of a test chain: validators with their keys, what accounts own, and short windows. */
import { consensusAddress } from "#kernel/address.js";
import { utf8 } from "#kernel/bytes.js";
import type { Environment } from "#kernel/environment.js";
import { bondedState } from "#app/genesis/validators.js";
import { base64 } from "#proto/json.js";
import { beaconSignerOf, possessionProof, type Signer, signerOf } from "./keys.js";

export const DENOM = "upouw";

/** Parameters by module and proto name, as genesis has them. */
export type ParamsByModule = Readonly<Record<string, Readonly<Record<string, string | number | readonly string[]>>>>;

/** Short windows, so that a whole task passes in some fifty blocks. */
export const QUICK: ParamsByModule = {
  // Transactions are free, unless a test is about what they pay.
  fees: { min_gas_price: "0", max_tx_share: 1_000_000, lane_share: 0 },
  workers: { min_seat_stake: "1000", unbond_blocks: "10" },
  tasks: {
    min_task_fee: "1000", registration_blocks: "12", join_blocks: "5", submission_blocks: "4", reveal_key_blocks: "8", commit_blocks: "4",
    reveal_scores_blocks: "4", seat_unlock_blocks: "15",
  },
  supervision: { anchor_interval: "2", stall_blocks: "6", supervisor_stall_blocks: "8" },
  work: { draw_delay: "2", claim_window: "5", verdict_window: "6", reward0: "5000", audit_ppm: 0, target0: `0x${"ff".repeat(32)}` },
};

export interface TestValidator {
  readonly operator: string;
  readonly power: bigint;
  readonly consensus: Signer;
  readonly beacon: Signer;
  /** consensus address */
  readonly address: Uint8Array;
}

/** The address of a name. */
export const addressOf = ({ crypto, addresses }: Environment, name: string): string => addresses.format(crypto.sha256(utf8(name)).slice(0, 20));

/** The validator of a number, with the same keys on every test chain. */
export function testValidator(environment: Environment, i: number, power = 10n): TestValidator {
  const { crypto } = environment;
  const consensus = signerOf(crypto, `validator ${i}`);
  return { operator: addressOf(environment, `operator${i}`), power, consensus, beacon: beaconSignerOf(crypto, `validator ${i}`), address: consensusAddress(crypto, consensus.key) };
}

export interface StateOptions {
  readonly validators: readonly TestValidator[];
  /** by address */
  readonly balances?: Readonly<Record<string, bigint>>;
  /** beside QUICK */
  readonly params?: ParamsByModule;
}

/** By module. */
export function appState({ crypto, addresses }: Environment, { validators, balances = {}, params = {} }: StateOptions): Record<string, Record<string, unknown>> {
  const { staking, pool } = bondedState(addresses, validators.map((v) => ({ operator: v.operator, power: v.power, consensusKey: v.consensus.key })));
  const state: Record<string, Record<string, unknown>> = {
    bank: { balances: Object.entries({ ...balances, ...(pool.amount > 0n ? { [pool.address]: pool.amount } : {}) }).map(([address, amount]) => ({ address, coins: [{ denom: DENOM, amount: `${amount}` }] })) },
    staking: { ...staking },
    beacon: { keys: validators.map((v) => ({ validator: v.operator, key: base64(v.beacon.key), proof: base64(possessionProof(crypto, v.beacon)) })) },
  };
  for (const part of [QUICK, params]) {
    for (const [module, own] of Object.entries(part)) state[module] = { ...state[module], params: { ...(state[module]?.params as object | undefined), ...own } };
  }
  return state;
}
