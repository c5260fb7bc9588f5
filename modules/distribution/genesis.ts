/** Genesis of `distribution`: nothing of a new chain, all records of one that ran. */
import { operatorText } from "#kernel/address.js";
import { coinsText } from "#kernel/coin-list.js";
import type { Context, QueryContext } from "#kernel/context.js";
import { addCoins, type DecCoins, parseDecCoins, truncateCoins, wireDecCoins } from "#kernel/dec-coins.js";
import { defineGenesis, inside, within } from "#kernel/genesis.js";
import type { Entry, StoreMap } from "#kernel/store.js";
import { GenesisState } from "#proto/gen/cosmos/distribution/v1beta1/genesis.js";
import { params } from "./params.js";
import * as kept from "./store.js";
import { DISTRIBUTION, type DistributionPorts } from "./types.js";

const { commissions, current, historical, outstanding, pool, proposer, slashEvents, starting, withdrawAddresses } = kept;

export const distributionGenesis = () =>
  defineGenesis("distribution", {
    codec: GenesisState,
    params,
    init(ctx, state, at) {
      const each = <T>(name: string, list: readonly T[], read: (item: T) => void): void =>
        list.forEach((item, i) => inside(`${at}.${name}[${i}]`, () => read(item)));
      const operatorOf = (text: string): string => within("validator_address", () => ctx.addresses.format(ctx.addresses.operator.parse(text)));
      const account = (name: string, text: string): Uint8Array => within(name, () => ctx.addresses.parse(text));
      pool.set(ctx, inside(`${at}.fee_pool`, () => coins("community_pool", state.feePool?.communityPool ?? [])));
      each("delegator_withdraw_infos", state.delegatorWithdrawInfos, (w) => withdrawAddresses.set(ctx, account("withdraw_address", w.withdrawAddress), ctx.addresses.format(account("delegator_address", w.delegatorAddress))));
      if (state.previousProposer !== "") proposer.set(ctx, within(`${at}.previous_proposer`, () => ctx.addresses.consensus.parse(state.previousProposer)));
      each("outstanding_rewards", state.outstandingRewards, (w) => outstanding.set(ctx, coins("outstanding_rewards", w.outstandingRewards), operatorOf(w.validatorAddress)));
      each("validator_accumulated_commissions", state.validatorAccumulatedCommissions, (w) => commissions.set(ctx, coins("accumulated.commission", w.accumulated?.commission ?? []), operatorOf(w.validatorAddress)));
      each("validator_historical_rewards", state.validatorHistoricalRewards, (w) => historical.set(ctx, inside("rewards", () => kept.historicalOf(given(w.rewards))), operatorOf(w.validatorAddress), w.period));
      each("validator_current_rewards", state.validatorCurrentRewards, (w) => current.set(ctx, inside("rewards", () => kept.currentOf(given(w.rewards))), operatorOf(w.validatorAddress)));
      each("delegator_starting_infos", state.delegatorStartingInfos, (w) => starting.set(ctx, kept.startingOf(given(w.startingInfo)), operatorOf(w.validatorAddress), ctx.addresses.format(account("delegator_address", w.delegatorAddress))));
      each("validator_slash_events", state.validatorSlashEvents, (w) => slashEvents.set(ctx, kept.slashEventOf(given(w.validatorSlashEvent)), operatorOf(w.validatorAddress), w.height, w.period));
    },
    export(ctx) {
      const of = <K extends readonly [string, ...unknown[]], V, T>(map: StoreMap<K, V>, write: (validatorAddress: string, e: Entry<K, V>) => T): T[] => map.entries(ctx).map((e) => write(operatorText(ctx, e.key[0]), e));
      const last = proposer.get(ctx);
      return {
        params: undefined,
        feePool: { communityPool: wireDecCoins(pool.get(ctx) ?? []) },
        delegatorWithdrawInfos: withdrawAddresses.entries(ctx).map(({ key: [delegatorAddress], value }) => ({ delegatorAddress, withdrawAddress: ctx.addresses.format(value) })),
        previousProposer: last && last.length > 0 ? ctx.addresses.consensus.format(last) : "",
        outstandingRewards: of(outstanding, (validatorAddress, { value }) => ({ validatorAddress, outstandingRewards: wireDecCoins(value) })),
        validatorAccumulatedCommissions: of(commissions, (validatorAddress, { value }) => ({ validatorAddress, accumulated: { commission: wireDecCoins(value) } })),
        validatorHistoricalRewards: of(historical, (validatorAddress, { key: [, period], value }) => ({ validatorAddress, period, rewards: kept.wireHistorical(value) })),
        validatorCurrentRewards: of(current, (validatorAddress, { value }) => ({ validatorAddress, rewards: kept.wireCurrent(value) })),
        delegatorStartingInfos: of(starting, (validatorAddress, { key: [, delegatorAddress], value }) => ({ delegatorAddress, validatorAddress, startingInfo: kept.wireStarting(value) })),
        validatorSlashEvents: of(slashEvents, (validatorAddress, { key: [, height, period], value }) => ({ validatorAddress, height, period, validatorSlashEvent: kept.wireSlashEvent(value) })),
      };
    },
  });

const coins = (path: string, list: Parameters<typeof parseDecCoins>[0]): DecCoins => within(path, () => parseDecCoins(list));

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("is missing");
  return value;
}

/** What the module's account has to hold: all earnings and the community pool, without the last places. */
export function holdings(ctx: QueryContext | Context) {
  const all = outstanding.list(ctx).reduce((sum, c) => addCoins(sum, c), pool.get(ctx) ?? []);
  return truncateCoins(all)[0];
}

/** Behind all of genesis. Throws one line on what does not fit the other modules' parts. */
export function checkGenesis(ports: DistributionPorts, ctx: Context): void {
  const [want, has] = [coinsText(holdings(ctx)), coinsText(ports.bank.poolBalances(ctx, DISTRIBUTION))];
  if (want !== has) throw new Error(`app_state.distribution: earnings and community pool are ${want || "nothing"}, the module's account ${ctx.addresses.module(DISTRIBUTION)} has ${has || "nothing"} in app_state.bank`);
  for (const { operator } of ports.staking.all(ctx)) {
    if (!current.has(ctx, operator)) throw new Error(`app_state.distribution.validator_current_rewards: nothing stands there for ${operator}, which app_state.staking exports as a validator`);
    const lost = ports.staking.delegationsTo(ctx, operator).find((d) => !starting.has(ctx, operator, d.delegator));
    if (lost) throw new Error(`app_state.distribution.delegator_starting_infos: nothing stands there for ${lost.delegator}, which delegates to ${operator}`);
  }
}
