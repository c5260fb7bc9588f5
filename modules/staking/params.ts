/** Parameters of staking: the Cosmos SDK's, with its defaults, but for the blocks that are kept: the state is in memory (docs/decisions.md). */
import { isDenom } from "#kernel/coins.js";
import { fromWire, ONE } from "#kernel/dec.js";
import { defineParams } from "#kernel/params.js";
import { MAX_DURATION_NS, nanosecondsOf } from "#kernel/time.js";
import { Params } from "#proto/gen/cosmos/staking/v1beta1/staking.js";
import { store } from "./store.js";

const THREE_WEEKS = { seconds: 1_814_400n, nanos: 0 };
/** Of a chain whose genesis names none. */
const BOND_DENOM = "upouw";

export const params = defineParams(store, 0x51, Params, {
  defaults: { unbondingTime: THREE_WEEKS, maxValidators: 100, maxEntries: 7, historicalEntries: 100, bondDenom: BOND_DENOM, minCommissionRate: "0" },
  check(p) {
    const time = nanosecondsOf(p.unbondingTime);
    if (time <= 0n) return "unbonding_time: unbonding time must be positive";
    if (time > MAX_DURATION_NS) return `unbonding_time: got ${time} nanoseconds, want at most ${MAX_DURATION_NS}`;
    if (p.maxValidators < 1) return `max_validators: max validators must be positive: ${p.maxValidators}`;
    if (p.maxEntries < 1) return `max_entries: max entries must be positive: ${p.maxEntries}`;
    if (!isDenom(p.bondDenom)) return `bond_denom: invalid denom: ${p.bondDenom}`;
    const rate = fromWire(p.minCommissionRate);
    if (rate < 0n || rate > ONE) return "min_commission_rate: minimum commission rate must be from 0 to 1";
    return undefined;
  },
});

/** nanoseconds */
export const unbondingNs = ({ unbondingTime }: Pick<Params, "unbondingTime">): bigint => {
  const { seconds, nanos } = unbondingTime ?? THREE_WEEKS;
  return seconds * 1_000_000_000n + BigInt(nanos);
};
