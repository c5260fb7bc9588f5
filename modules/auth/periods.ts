/**
 * The periods of a vesting account, which may be thousands, left as bytes until somebody asks for them: most of what is done
 * with such an account, and all that a block does at its end, does not.
 */
import { concat, EMPTY } from "#kernel/bytes.js";
import { type Amount, parseAnyCoins, wireCoin } from "#kernel/coin-list.js";
import { type Coin } from "#proto/gen/cosmos/base/v1beta1/coin.js";
import { BaseVestingAccount, Period as WirePeriod, PeriodicVestingAccount } from "#proto/gen/cosmos/vesting/v1beta1/vesting.js";
import { Reader, readInt64 } from "#proto/wire.js";
import { type Period } from "./types.js";

/** The fields of a PeriodicVestingAccount; its periods stand last in its bytes. */
const BASE = 1;
const START = 2;
const PERIODS = 3;

class Stored implements Iterable<Period> {
  /** fields of periods with their tags */
  constructor(readonly bytes: Uint8Array) {}
  /** Throws for coins that are none, with the period's field. */
  *[Symbol.iterator](): Iterator<Period> {
    const r = new Reader(this.bytes);
    for (let i = 0; r.pos < r.len; i++) {
      r.uint32();
      const { length, amount } = WirePeriod.decode(r.bytes());
      yield { length, amount: coinsAt(amount, `vesting_periods[${i}].amount`) };
    }
  }
}

export interface Periodic {
  readonly base: BaseVestingAccount | undefined;
  readonly startTime: bigint;
  readonly periods: Iterable<Period>;
}

export function decodePeriodic(bytes: Uint8Array): Periodic {
  const r = new Reader(bytes);
  let base: BaseVestingAccount | undefined;
  let startTime = 0n;
  while (r.pos < r.len) {
    const at = r.pos;
    const field = r.uint32() >>> 3;
    if (field === PERIODS) return { base, startTime, periods: new Stored(bytes.slice(at)) };
    if (field === BASE) base = BaseVestingAccount.decode(r.bytes());
    else if (field === START) startTime = readInt64(r);
    else throw new RangeError(`a periodic vesting account has a field ${field}`);
  }
  return { base, startTime, periods: [] };
}

export function encodePeriodic(baseVestingAccount: BaseVestingAccount, startTime: bigint, periods: Iterable<Period>): Uint8Array {
  const head = PeriodicVestingAccount.encode({ baseVestingAccount, startTime, vestingPeriods: [] });
  return concat(head, periods instanceof Stored ? periods.bytes : periodBytes(periods));
}

function periodBytes(periods: Iterable<Period>): Uint8Array {
  const vestingPeriods = [...periods].map(({ length, amount }) => ({ length, amount: amount.map(wireCoin) }));
  return vestingPeriods.length === 0 ? EMPTY : PeriodicVestingAccount.encode(PeriodicVestingAccount.create({ vestingPeriods }));
}

/** Coins of a field, whose name goes before what is wrong with them. */
export function coinsAt(list: readonly Coin[], field: string): Amount[] {
  try {
    return parseAnyCoins(list);
  } catch (e) {
    throw new Error(`.${field}: ${(e as Error).message}`, { cause: e });
  }
}
