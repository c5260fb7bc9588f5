/** Periods of vesting, in the file that the Cosmos SDK's command line reads. */
import { MsgCreatePeriodicVestingAccount } from "#proto/gen/cosmos/vesting/v1beta1/tx.js";
import { ascending, coinsOn } from "../../coins.js";
import { CliError } from "../../cli-error.js";
import { type Asked, draft, type Draft, type Json } from "./rows.js";

export const PERIODS_HELP = `The file:
  { "start_time": 1900000000, "periods": [ { "coins": "10POUW", "length_seconds": 2592000 }, … ] }`;

interface Periods {
  readonly start_time?: unknown;
  readonly periods?: unknown;
}
interface Period {
  readonly coins?: unknown;
  readonly length_seconds?: unknown;
}

export async function periodicAccount({ to_address, file }: Json, { chain }: Asked): Promise<Draft[]> {
  const { start_time: start, periods: list } = (file ?? {}) as Periods;
  if (!isWhole(start)) throw new CliError("usage", `start_time is ${JSON.stringify(start)}, want seconds since 1970.`);
  if (!Array.isArray(list) || list.length === 0) throw new CliError("usage", 'periods is missing: want a list of {"coins": "10POUW", "length_seconds": 2592000}.');
  const vesting_periods = [];
  for (const [i, { coins, length_seconds: length }] of (list as readonly Period[]).entries()) {
    if (typeof coins !== "string") throw new CliError("usage", `periods[${i}].coins is ${JSON.stringify(coins)}, want an amount such as "10POUW".`);
    if (!isWhole(length) || length < 1) throw new CliError("usage", `periods[${i}].length_seconds is ${JSON.stringify(length)}, want a whole number from 1 on.`);
    vesting_periods.push({ length: `${length}`, amount: ascending(await coinsOn(chain, coins)) });
  }
  return [draft(MsgCreatePeriodicVestingAccount, { to_address, start_time: `${start}`, vesting_periods })];
}

const isWhole = (n: unknown): n is number => typeof n === "number" && Number.isSafeInteger(n) && n >= 0;
