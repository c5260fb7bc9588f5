/** Records of `work` beside its jobs, as domain types, and how they stand in the store. */
import { fromBigInt, toBigInt } from "#kernel/bytes.js";
import { record } from "#kernel/store.js";
import { AnchoredWork as WireAnchoredWork, Lottery as WireLottery } from "#proto/gen/pouw/work/v1/types.js";

export const TARGET_BYTES = 32;

/** The lottery's clockwork, and what it paid. */
export interface Lottery {
  /** in force from the next block on */
  readonly target: bigint;
  readonly paidClaims: bigint;
  /** paid since the target was last computed */
  readonly windowClaims: bigint;
  /** counted milliseconds since then */
  readonly windowMs: bigint;
  /** counted milliseconds since the last paid claim or doubling */
  readonly idleMs: bigint;
  /** block time of the newest block; undefined before any */
  readonly lastTimeMs?: bigint | undefined;
  /** whether time counts from there on: a task that can still mint was in Training */
  readonly counting: boolean;
  readonly minted: bigint;
  /** deposits of audit requests that were lost */
  readonly burned: bigint;
}

export const firstLottery = (target0: Uint8Array): Lottery => ({ target: toBigInt(target0), paidClaims: 0n, windowClaims: 0n, windowMs: 0n, idleMs: 0n, counting: false, minted: 0n, burned: 0n });

export const parseLottery = (w: WireLottery): Lottery => ({ ...w, target: toBigInt(w.target) });
export const wireLottery = (l: Lottery): WireLottery => ({ ...l, target: fromBigInt(l.target, TARGET_BYTES) });
export const lotteryRecord = record(WireLottery, parseLottery, wireLottery);

/** What a block anchored. */
export interface AnchoredWork {
  readonly height: bigint;
  readonly timeMs: bigint;
  readonly iterations: bigint;
  readonly flop: bigint;
}

/** Throws Error for work that is no number. */
export function parseAnchoredWork(w: WireAnchoredWork): AnchoredWork {
  if (!/^(0|[1-9]\d{0,38})$/.test(w.flop)) throw new Error(`flop: got ${JSON.stringify(w.flop)}, want a decimal number`);
  return { ...w, flop: BigInt(w.flop) };
}
export const wireAnchoredWork = (a: AnchoredWork): WireAnchoredWork => ({ ...a, flop: `${a.flop}` });
export const anchoredWorkRecord = record(WireAnchoredWork, parseAnchoredWork, wireAnchoredWork);
