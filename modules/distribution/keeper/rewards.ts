/**
 * What a delegation has earned, without walking delegations: the F1 scheme (Ojha, "F1 Fee Distribution", and
 * x/distribution/keeper/{validator,delegation}.go of the Cosmos SDK). A validator's time is cut into periods, which end with
 * every change of its stake; of each stands what one base unit has earned up to its end.
 */
import type { Context } from "#kernel/context.js";
import { type Dec, decOf, mulInt, mulTruncate as mulDown, ONE, quo, quoTruncate as quoDown } from "#kernel/dec.js";
import { addCoins, covers, type DecCoins, mulTruncate, quoTruncate, subCoins } from "#kernel/dec-coins.js";
import type { View } from "#kernel/store.js";
import { current, historical, outstanding, pool, slashEvents, starting } from "../store.js";
import type { Current, DistributionPorts, Historical } from "../types.js";

type Staking = DistributionPorts["staking"];
type Validator = NonNullable<ReturnType<Staking["byOperator"]>>;
type Delegation = NonNullable<ReturnType<Staking["delegation"]>>;

const NOTHING: Current = { rewards: [], period: 1n };
export const currentAt = (view: View, operator: string): Current => current.get(view, operator) ?? NOTHING;
const historicalAt = (view: View, operator: string, period: bigint): Historical => historical.get(view, operator, period) ?? { ratio: [], references: 0 };

/** What all periods up to the one that runs give a base unit, if it ended now; nothing is written. */
export function ratioNow(view: View, v: Validator): DecCoins {
  const { rewards, period } = currentAt(view, v.operator);
  const before = historicalAt(view, v.operator, period - 1n).ratio;
  return v.tokens === 0n ? before : addCoins(before, quoTruncate(rewards, decOf(v.tokens)));
}

/** Ends the period that runs; answers its number. */
export function endPeriod(ctx: Context, v: Validator): bigint {
  const { operator } = v;
  const { rewards, period } = currentAt(ctx, operator);
  const ratio = ratioNow(ctx, v);
  // Nobody has a share in what is earned without stake: it is everybody's.
  if (v.tokens === 0n) {
    pool.set(ctx, addCoins(pool.get(ctx) ?? [], rewards));
    outstanding.set(ctx, subCoins(outstanding.get(ctx, operator) ?? [], rewards), operator);
  }
  release(ctx, operator, period - 1n);
  historical.set(ctx, { ratio, references: 1 }, operator, period);
  current.set(ctx, { rewards: [], period: period + 1n }, operator);
  return period;
}

/** One thing more begins behind a period. */
function retain(ctx: Context, operator: string, period: bigint): void {
  const h = historicalAt(ctx, operator, period);
  historical.set(ctx, { ...h, references: h.references + 1 }, operator, period);
}

/** One thing less; the last one takes the record with it. */
export function release(ctx: Context, operator: string, period: bigint): void {
  const h = historical.get(ctx, operator, period);
  if (!h) return;
  if (h.references <= 1) historical.delete(ctx, operator, period);
  else historical.set(ctx, { ...h, references: h.references - 1 }, operator, period);
}

/** Reckons a delegation from the period on that has just ended. */
export function beginDelegation(ctx: Context, v: Validator, d: Delegation): void {
  const period = currentAt(ctx, v.operator).period - 1n;
  retain(ctx, v.operator, period);
  const stake = quoDown(mulInt(d.shares, v.tokens), v.shares);
  starting.set(ctx, { period, stake, height: ctx.block.height }, v.operator, d.delegator);
}

/** What a slash takes of the stake that rewards are reckoned by. */
export function noteSlash(ctx: Context, v: Validator, fraction: Dec): void {
  const period = endPeriod(ctx, v);
  retain(ctx, v.operator, period);
  slashEvents.set(ctx, { period, fraction }, v.operator, ctx.block.height, period);
}

/** What a delegation has earned when a base unit has earned `ratio` by now. Nothing in the block where it began. */
export function earned(view: View, height: bigint, v: Validator, d: Delegation, ratio: DecCoins): DecCoins {
  const from = starting.get(view, v.operator, d.delegator);
  if (!from || from.height === height) return [];
  let { stake, period } = from;
  let rewards: DecCoins = [];
  let before = historicalAt(view, v.operator, period).ratio;
  const until = (after: DecCoins): void => {
    rewards = addCoins(rewards, mulTruncate(covers(after, before) ? subCoins(after, before) : [], stake));
    before = after;
  };
  if (height > from.height) {
    for (const event of slashEvents.list(view, { prefix: [v.operator], from: [v.operator, from.height], below: [v.operator, height + 1n] })) {
      if (event.period <= period) continue;
      until(historicalAt(view, v.operator, event.period).ratio);
      stake = mulDown(stake, ONE - event.fraction);
      period = event.period;
    }
  }
  // Slash by slash is rounded otherwise than all at once: by the last place the reckoned stake may be above what is there.
  const now = v.shares === 0n ? 0n : tokensOf(v, d.shares);
  if (stake > now) stake = now;
  until(ratio);
  return rewards;
}

const tokensOf = ({ tokens, shares }: Validator, of: Dec): Dec => quo(mulInt(of, tokens), shares);
