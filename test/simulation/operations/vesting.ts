/** Accounts whose coins come free over time; they delegate and pay as all others do. */
import { MsgCreatePeriodicVestingAccount, MsgCreatePermanentLockedAccount, MsgCreateVestingAccount } from "#proto/gen/cosmos/vesting/v1beta1/tx.js";
import type { ModuleOperations } from "../operation.js";
import type { Simulation } from "../simulation.js";
import { coinsOf } from "./bank.js";

const MOST_ACCOUNTS = 80;
/** Mostly a new one, for others are refused. */
const receiver = (s: Simulation): string => (s.random.percent(90) && s.names.accounts.length < MOST_ACCOUNTS ? s.newcomer() : s.random.pick(s.names.accounts));

function create(s: Simulation): void {
  const fromAddress = s.random.pick(s.names.accounts);
  s.send(MsgCreateVestingAccount, { fromAddress, toAddress: receiver(s), amount: coinsOf(s, fromAddress), endTime: s.inSeconds(s.random.between(-2, 300)), delayed: s.random.percent(50) });
}

function lock(s: Simulation): void {
  const fromAddress = s.random.pick(s.names.accounts);
  s.send(MsgCreatePermanentLockedAccount, { fromAddress, toAddress: receiver(s), amount: coinsOf(s, fromAddress) });
}

function periodic(s: Simulation): void {
  const { random } = s;
  const fromAddress = random.pick(s.names.accounts);
  const vestingPeriods = Array.from({ length: random.between(1, 4) }, () => ({ length: BigInt(random.between(random.percent(95) ? 1 : 0, 60)), amount: coinsOf(s, fromAddress, 100n) }));
  s.send(MsgCreatePeriodicVestingAccount, { fromAddress, toAddress: receiver(s), startTime: s.inSeconds(random.between(-50, 50)), vestingPeriods });
}

export const vesting: ModuleOperations = { operations: [[1, create], [1, lock], [1, periodic]] };
