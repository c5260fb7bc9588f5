/** The beginning of a random chain: short windows, so that everything happens often; inflation in every second one. */
import { type ChainOptions, coin, QUICK } from "#test/chain/chain.js";
import { address, environment } from "#test/chain/environment.js";
import { appState, testValidator } from "#test/chain/genesis.js";
import type { Random } from "./random.js";

/** A second denomination, which nobody mints or burns. */
export const OTHER = "uother";
export const UNIT = 1_000_000n;

export interface Names {
  /** whoever has coins, all of them */
  readonly accounts: string[];
  readonly clients: readonly string[];
  readonly workers: readonly string[];
}

const list = (what: string, n: number): string[] => Array.from({ length: n }, (_, i) => address(`${what} ${i}`));

export function beginning(random: Random): { readonly options: Omit<ChainOptions, "crypto">; readonly names: Names } {
  const powers = Array.from({ length: random.between(5, 7) }, () => BigInt(random.between(5, 40)));
  const validators = powers.map((power, i) => testValidator(environment, i, power));
  const clients = list("client", 3);
  const workers = list("worker", 14);
  const accounts = [...list("account", 8), ...clients, ...workers, ...validators.map((v) => v.operator)];
  const balances = Object.fromEntries(accounts.map((a) => [a, 500n * UNIT]));
  const state = appState(environment, { validators, balances, params: params(random) });
  const bank = state["bank"] as { balances: { address: string; coins: unknown[] }[] };
  const rich = new Set(accounts.slice(0, 8));
  for (const b of bank.balances) if (rich.has(b.address)) b.coins = [coin(500n * UNIT, OTHER), ...b.coins];
  state["gov"] = { params: governance(random) };
  if (random.percent(50)) state["mint"] = inflation(random);
  return { options: { powers, genesis: state }, names: { accounts, clients, workers } };
}

const params = (random: Random) => ({
  staking: { unbonding_time: `${random.between(15, 60)}s`, max_validators: random.between(4, 9), historical_entries: random.between(0, 20) },
  slashing: { signed_blocks_window: `${random.between(10, 30)}`, min_signed_per_window: "0.5", downtime_jail_duration: `${random.between(2, 20)}s` },
  work: { ...QUICK["work"], audit_ppm: random.pick([0, 50_000, 300_000]), retarget_claims: `${random.between(1, 6)}`, target_spacing_ms: random.pick(["1000", "10000", "100000"]), halving_interval: "200" },
});

const governance = (random: Random) => ({
  max_deposit_period: "20s", voting_period: `${random.between(8, 14)}s`, expedited_voting_period: "5s", min_deposit: [coin(10_000n)], expedited_min_deposit: [coin(50_000n)],
  burn_vote_quorum: random.percent(50), burn_proposal_deposit_prevote: random.percent(50),
});

const inflation = (random: Random) => ({
  params: { inflation_rate_change: "0.13", inflation_max: "0.2", inflation_min: "0.07", goal_bonded: "0.67", blocks_per_year: `${random.pick([1_000, 100_000, 6_311_520])}` },
});
