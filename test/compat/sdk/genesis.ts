/** One genesis for both chains: the same accounts, balances and parameters; and what each has that the other does not know. */
import { makeEnvironment } from "#kernel/environment.js";
import { bondedState } from "#app/genesis/validators.js";
import { nodeCrypto } from "#platform/crypto.js";
import { base64 } from "#proto/json.js";
import { testValidator } from "#test/chain/genesis.js";
import { possessionProof } from "#test/chain/keys.js";
import { Signer } from "./signer.js";

/** What a chain is called, and its coins: settings of a genesis. */
export interface Face {
  readonly chainId: string;
  readonly prefix: string;
  /** what is staked */
  readonly bond: string;
  /** what fees are paid in; may be the same */
  readonly fee: string;
}

/** As the Cosmos SDK's test chains are. */
export const SIMD: Face = { chainId: "simd-testing", prefix: "cosmos", bond: "ustake", fee: "ucosm" };
/** As this project's are. */
export const POUW: Face = { chainId: "pouw-local-1", prefix: "pouw", bond: "upouw", fee: "upouw" };

export const CHAIN_ID = SIMD.chainId;
export const BOND = SIMD.bond;
export const FEE = SIMD.fee;
export const environment = makeEnvironment(nodeCrypto, SIMD.prefix);

/** A validator whose operator is an account that can sign. */
export interface Operator {
  readonly account: Signer;
  readonly operator: string;
  readonly power: bigint;
  /** ed25519, 32 bytes */
  readonly consensusKey: Uint8Array;
  /** consensus address */
  readonly address: Uint8Array;
  readonly beaconKey: Uint8Array;
  readonly beaconProof: Uint8Array;
}

export interface Setting {
  readonly face: Face;
  readonly accounts: readonly Signer[];
  readonly validators: readonly Operator[];
  /** 18 decimals; 0: nothing is minted */
  readonly inflation: string;
}

export async function setting({ accounts, powers, inflation }: { accounts: number; powers: readonly bigint[]; inflation: string }): Promise<Setting> {
  const validators: Operator[] = [];
  for (const [i, power] of powers.entries()) {
    const account = await Signer.of(`operator ${i}`);
    const { consensus, beacon, address } = testValidator(environment, i, power);
    validators.push({ account, operator: account.address, power, consensusKey: consensus.key, address, beaconKey: beacon.key, beaconProof: possessionProof(nodeCrypto, beacon) });
  }
  const others = await Promise.all(Array.from({ length: accounts }, (_, i) => Signer.of(`account ${i}`)));
  return { face: SIMD, accounts: others, validators, inflation };
}

const ZERO = "0.000000000000000000";

/** The modules that both have. */
function common({ face, accounts, validators, inflation }: Setting): Record<string, Record<string, unknown>> {
  const { addresses } = makeEnvironment(nodeCrypto, face.prefix);
  const { staking, pool } = bondedState(addresses, validators);
  const denoms = [...new Set([face.fee, face.bond])].sort();
  const funded = [...validators.map((v) => v.account), ...accounts];
  const coins = denoms.map((denom) => ({ denom, amount: "1000000000000" }));
  const total = (denom: string, more = 0n) => ({ denom, amount: `${BigInt(funded.length) * 1_000_000_000_000n + more}` });
  return {
    auth: {
      params: { max_memo_characters: "256", tx_sig_limit: "7", tx_size_cost_per_byte: "10", sig_verify_cost_ed25519: "590", sig_verify_cost_secp256k1: "1000" },
      accounts: funded.map((a, i) => ({ "@type": "/cosmos.auth.v1beta1.BaseAccount", address: a.address, pub_key: null, account_number: `${i}`, sequence: "0" })),
    },
    bank: {
      params: { send_enabled: [], default_send_enabled: true },
      balances: [...funded.map((a) => ({ address: a.address, coins })), { address: pool.address, coins: [{ denom: face.bond, amount: `${pool.amount}` }] }],
      supply: denoms.map((denom) => total(denom, denom === face.bond ? pool.amount : 0n)),
      denom_metadata: [...denoms].reverse().map((base) => ({ description: "", denom_units: [{ denom: base, exponent: 0, aliases: [] }, { denom: base.slice(1), exponent: 6, aliases: [] }], base, display: base.slice(1), name: base.slice(1), symbol: base.slice(1), uri: "", uri_hash: "" })),
      send_enabled: [],
    },
    staking: {
      params: { unbonding_time: "60s", max_validators: 100, max_entries: 7, historical_entries: 10, bond_denom: face.bond, min_commission_rate: ZERO },
      last_total_power: "0", last_validator_powers: [], unbonding_delegations: [], redelegations: [], exported: false,
      validators: staking.validators.map((v) => ({ ...(v as object), jailed: false, unbonding_height: "0", unbonding_on_hold_ref_count: "0", unbonding_ids: [] })),
      delegations: staking.delegations,
    },
    distribution: {
      params: { community_tax: "0.020000000000000000", base_proposer_reward: ZERO, bonus_proposer_reward: ZERO, withdraw_addr_enabled: true },
      fee_pool: { community_pool: [] }, delegator_withdraw_infos: [], previous_proposer: "", outstanding_rewards: [], validator_accumulated_commissions: [],
      validator_historical_rewards: [], validator_current_rewards: [], delegator_starting_infos: [], validator_slash_events: [],
    },
    slashing: {
      params: { signed_blocks_window: "20", min_signed_per_window: "0.500000000000000000", downtime_jail_duration: "10s", slash_fraction_double_sign: "0.050000000000000000", slash_fraction_downtime: "0.010000000000000000" },
      // Of those who are bonded before the first block no message made one.
      signing_infos: validators.map((v) => {
        const address = addresses.consensus.format(v.address);
        return { address, validator_signing_info: { address, start_height: "0", index_offset: "0", jailed_until: "1970-01-01T00:00:00Z", tombstoned: false, missed_blocks_counter: "0" } };
      }),
      missed_blocks: [],
    },
    mint: {
      minter: { inflation, annual_provisions: ZERO },
      params: { mint_denom: face.bond, inflation_rate_change: ZERO, inflation_max: inflation, inflation_min: inflation, goal_bonded: "0.670000000000000000", blocks_per_year: "6311520" },
    },
    gov: {
      starting_proposal_id: "1", deposits: [], votes: [], proposals: [], constitution: "",
      params: {
        min_deposit: [{ denom: face.bond, amount: "10000000" }], max_deposit_period: "40s", voting_period: "20s", quorum: "0.334000000000000000", threshold: "0.500000000000000000",
        veto_threshold: "0.334000000000000000", min_initial_deposit_ratio: ZERO, proposal_cancel_ratio: "0.500000000000000000", proposal_cancel_dest: "",
        expedited_voting_period: "10s", expedited_threshold: "0.667000000000000000", expedited_min_deposit: [{ denom: face.bond, amount: "50000000" }],
        burn_vote_quorum: false, burn_proposal_deposit_prevote: false, burn_vote_veto: true, min_deposit_ratio: "0.010000000000000000",
      },
    },
    authz: { authorization: [] },
    feegrant: { allowances: [] },
    evidence: { evidence: [] },
  };
}

export const sdkState = (s: Setting): Record<string, unknown> => common(s);

export const ourState = (s: Setting): Record<string, unknown> => ({
  ...common(s),
  prefix: s.face.prefix,
  beacon: { keys: s.validators.map((v) => ({ validator: v.operator, key: base64(v.beaconKey), proof: base64(v.beaconProof) })) },
  work: { params: { target0: `0x${"ff".repeat(32)}` } },
});
