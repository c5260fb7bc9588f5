/** The store `distribution`: prefixes as in the Cosmos SDK. */
import { address, key, u64 } from "#kernel/keys.js";
import { fromWire } from "#kernel/dec.js";
import { type DecCoins, parseDecCoins, wireDecCoins } from "#kernel/dec-coins.js";
import { defineStore, rawValue, record } from "#kernel/store.js";
import * as wire from "#proto/gen/cosmos/distribution/v1beta1/distribution.js";
import type { Current, Historical, SlashEvent, Starting } from "./types.js";

export const historicalOf = (w: wire.ValidatorHistoricalRewards): Historical => ({ ratio: parseDecCoins(w.cumulativeRewardRatio), references: w.referenceCount });
export const wireHistorical = (h: Historical): wire.ValidatorHistoricalRewards => ({ cumulativeRewardRatio: wireDecCoins(h.ratio), referenceCount: h.references });
export const currentOf = (w: wire.ValidatorCurrentRewards): Current => ({ rewards: parseDecCoins(w.rewards), period: w.period });
export const wireCurrent = (c: Current): wire.ValidatorCurrentRewards => ({ rewards: wireDecCoins(c.rewards), period: c.period });
export const startingOf = (w: wire.DelegatorStartingInfo): Starting => ({ period: w.previousPeriod, stake: fromWire(w.stake), height: w.height });
export const wireStarting = (s: Starting): wire.DelegatorStartingInfo => ({ previousPeriod: s.period, stake: `${s.stake}`, height: s.height });
export const slashEventOf = (w: wire.ValidatorSlashEvent): SlashEvent => ({ period: w.validatorPeriod, fraction: fromWire(w.fraction) });
export const wireSlashEvent = (e: SlashEvent): wire.ValidatorSlashEvent => ({ validatorPeriod: e.period, fraction: `${e.fraction}` });

const coins = {
  outstanding: record(wire.ValidatorOutstandingRewards, (w): DecCoins => parseDecCoins(w.rewards), (c) => ({ rewards: wireDecCoins(c) })),
  commission: record(wire.ValidatorAccumulatedCommission, (w): DecCoins => parseDecCoins(w.commission), (c) => ({ commission: wireDecCoins(c) })),
  pool: record(wire.FeePool, (w): DecCoins => parseDecCoins(w.communityPool), (c) => ({ communityPool: wireDecCoins(c) })),
};

export const store = defineStore("distribution");
export const pool = store.item(0x00, "the community pool", coins.pool);
export const proposer = store.item(0x01, "consensus address of the last block's proposer", rawValue);
export const outstanding = store.map(0x02, "what a validator and its delegators have earned and not withdrawn, by operator", key(address), coins.outstanding);
export const withdrawAddresses = store.map(0x03, "raw address that a delegator's rewards go to", key(address), rawValue);
export const starting = store.map(0x04, "where a delegation's reckoning begins, by operator and delegator", key(address, address), record(wire.DelegatorStartingInfo, startingOf, wireStarting));
export const historical = store.map(0x05, "what a base unit of stake has earned up to the end of a period, by operator and period", key(address, u64), record(wire.ValidatorHistoricalRewards, historicalOf, wireHistorical));
export const current = store.map(0x06, "the period that runs, by operator", key(address), record(wire.ValidatorCurrentRewards, currentOf, wireCurrent));
export const commissions = store.map(0x07, "commission that was not withdrawn, by operator", key(address), coins.commission);
export const slashEvents = store.map(0x08, "slashes, by operator, height and period", key(address, u64, u64), record(wire.ValidatorSlashEvent, slashEventOf, wireSlashEvent));
// 0x09: params.ts
