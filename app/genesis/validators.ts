/** Validators that are bonded before the first block, as they stand in app_state: their stake is their operators' own. */
import type { Addresses } from "#kernel/address.js";
import { decOf, decText, ONE } from "#kernel/dec.js";
import { BONDED, POWER_REDUCTION } from "#modules/staking/index.js";
import { base64 } from "#proto/json.js";

export interface BondedValidator {
  /** bech32 account */
  readonly operator: string;
  /** ed25519, 32 bytes */
  readonly consensusKey: Uint8Array;
  readonly power: bigint;
  readonly moniker?: string;
}

export interface BondedState {
  /** app_state.staking, but for its parameters */
  readonly staking: { readonly validators: readonly unknown[]; readonly delegations: readonly unknown[] };
  /** the pool that holds their stake, for app_state.bank.balances */
  readonly pool: { readonly address: string; readonly amount: bigint };
}

/** A tenth is kept of what delegators earn, as most validators do; a fifth at most, a hundredth more each day. */
const RATES = { rate: ONE / 10n, max_rate: ONE / 5n, max_change_rate: ONE / 100n };

export function bondedState(addresses: Addresses, list: readonly BondedValidator[]): BondedState {
  const text = (operator: string): string => addresses.operator.format(addresses.parse(operator));
  const tokens = (v: BondedValidator): bigint => v.power * POWER_REDUCTION;
  return {
    staking: {
      validators: list.map((v) => ({
        operator_address: text(v.operator),
        consensus_pubkey: { "@type": "/cosmos.crypto.ed25519.PubKey", key: base64(v.consensusKey) },
        status: "BOND_STATUS_BONDED",
        tokens: `${tokens(v)}`,
        delegator_shares: decText(decOf(tokens(v))),
        description: { moniker: v.moniker ?? "" },
        unbonding_time: "1970-01-01T00:00:00Z",
        commission: { commission_rates: Object.fromEntries(Object.entries(RATES).map(([k, d]) => [k, decText(d)])), update_time: "1970-01-01T00:00:00Z" },
        min_self_delegation: "1",
      })),
      delegations: list.map((v) => ({ delegator_address: v.operator, validator_address: text(v.operator), shares: decText(decOf(tokens(v))) })),
    },
    pool: { address: addresses.module(BONDED), amount: list.reduce((sum, v) => sum + tokens(v), 0n) },
  };
}
