/** The lottery's target: pure arithmetic, rounding down, in block-time milliseconds that counted. */
import type { Params } from "#proto/gen/pouw/work/v1/types.js";
import type { Lottery } from "./records.js";

export const MAX_TARGET = (1n << 256n) - 1n;

const bounded = (t: bigint): bigint => (t > MAX_TARGET ? MAX_TARGET : t < 1n ? 1n : t);

/** T' = T · clamp(actual, expected/4, 4·expected) / expected. */
export function retarget(target: bigint, actual: bigint, expected: bigint): bigint {
  if (expected <= 0n) return target;
  const low = expected / 4n;
  const high = 4n * expected;
  const clamped = actual < low ? low : actual > high ? high : actual;
  return bounded((target * clamped) / expected);
}

/** min(reward0 >> (paid claims / halving_interval), what the task's cap leaves). */
export function rewardOf(params: Pick<Params, "reward0" | "halvingInterval">, paidClaims: bigint, left: bigint): bigint {
  const reward = params.halvingInterval > 0n ? params.reward0 >> (paidClaims / params.halvingInterval) : params.reward0;
  return reward < left ? reward : left > 0n ? left : 0n;
}

/** Begin of a block at `timeMs`: time since the last block counts when a task that can mint was in Training then. */
export function passTime(l: Lottery, timeMs: bigint): Lottery {
  const passed = l.counting && l.lastTimeMs !== undefined && timeMs > l.lastTimeMs ? timeMs - l.lastTimeMs : 0n;
  return { ...l, windowMs: l.windowMs + passed, idleMs: l.idleMs + passed, lastTimeMs: timeMs };
}

/** Where a window is counted by other parameters from now on: what was counted by the old ones would be worked off in one block. */
export const beginWindow = (l: Lottery): Lottery => ({ ...l, windowClaims: 0n, windowMs: 0n, idleMs: 0n });

/** End of a block: a retarget after each retarget_claims paid claims, a doubling after each 4·target_spacing without one. */
export function adjust(l: Lottery, params: Pick<Params, "retargetClaims" | "targetSpacingMs">): Lottery {
  let { target, windowClaims, windowMs, idleMs } = l;
  const expected = params.retargetClaims * params.targetSpacingMs;
  while (params.retargetClaims > 0n && windowClaims >= params.retargetClaims) {
    target = retarget(target, windowMs, expected);
    windowClaims -= params.retargetClaims;
    windowMs = 0n;
  }
  const patience = 4n * params.targetSpacingMs;
  if (patience > 0n && idleMs >= patience) {
    // In one step, however long nobody was paid.
    const doublings = idleMs / patience;
    target = doublings < 256n ? bounded(target << doublings) : MAX_TARGET;
    idleMs %= patience;
  }
  return { ...l, target, windowClaims, windowMs, idleMs };
}
