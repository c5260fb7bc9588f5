/** Messages of `vesting`: x/auth/vesting/msg_server.go of the Cosmos SDK. The ante handler has authenticated who pays. */
import { type Amount, parseCoins, sums } from "#kernel/coin-list.js";
import { type Context } from "#kernel/context.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import { type MsgHandlers } from "#kernel/services.js";
import { type VestingMsg } from "#proto/gen/cosmos/vesting/v1beta1/tx.js";
import { type Schedule, type VestingPorts } from "./types.js";

const SECOND = 1_000_000_000n;

export function vestingMessages(ports: VestingPorts): MsgHandlers<typeof VestingMsg> {
  const checkNew = (ctx: Context, address: string): void => {
    if (ports.auth.has(ctx, address)) throw sdk.invalidRequest(`account ${address} already exists`);
  };
  /** The account first, so that what it is given is locked from the first moment on. */
  const make = (ctx: Context, from: string, to: string, coins: readonly Amount[], endTime: bigint, schedule: Schedule): void => {
    ports.auth.createVesting(ctx, to, coins, endTime, schedule);
    ports.bank.transfer(ctx, from, to, coins);
  };
  /** Those whose coins all come free by one rule. */
  const simple = (ctx: Context, from: string, to: string, coins: readonly Amount[], endTime: bigint, schedule: Schedule): void => {
    ports.bank.checkEnabled(ctx, coins);
    ports.bank.checkReceiver(ctx, to);
    checkNew(ctx, to);
    make(ctx, from, to, coins, endTime, schedule);
  };
  return {
    createVestingAccount(ctx, { fromAddress, toAddress, amount, endTime, delayed }) {
      checkAddresses(ctx, fromAddress, toAddress);
      const coins = parseCoins(amount);
      if (endTime <= 0n) throw sdk.invalidRequest("invalid end time");
      simple(ctx, fromAddress, toAddress, coins, endTime, delayed ? { kind: "delayed" } : { kind: "continuous", startTime: ctx.block.timeNs / SECOND });
      return {};
    },

    createPermanentLockedAccount(ctx, { fromAddress, toAddress, amount }) {
      checkAddresses(ctx, fromAddress, toAddress);
      simple(ctx, fromAddress, toAddress, parseCoins(amount), 0n, { kind: "permanent" });
      return {};
    },

    createPeriodicVestingAccount(ctx, { fromAddress, toAddress, startTime, vestingPeriods }) {
      checkAddresses(ctx, fromAddress, toAddress);
      if (startTime < 1n) throw sdk.invalidRequest(`invalid start time of ${startTime}, length must be greater than 0`);
      const periods = vestingPeriods.map(({ length, amount }, i) => {
        if (length < 1n) throw sdk.invalidRequest(`invalid period length of ${length} in period ${i}, length must be greater than 0`);
        return { length, amount: parseCoins(amount) };
      });
      const coins = sums(periods.flatMap((p) => p.amount));
      ports.bank.checkReceiver(ctx, toAddress);
      checkNew(ctx, toAddress);
      ports.bank.checkEnabled(ctx, coins);
      // Go's sum of 64 bits, which may wrap; auth refuses an end before the start.
      const endTime = periods.reduce((end, p) => BigInt.asIntN(64, end + p.length), startTime);
      make(ctx, fromAddress, toAddress, coins, endTime, { kind: "periodic", startTime, periods });
      return {};
    },
  };
}

function checkAddresses({ addresses }: Context, from: string, to: string): void {
  for (const [which, address] of [["from", from], ["to", to]] as const) {
    try {
      addresses.parse(address);
    } catch (e) {
      throw e instanceof ModuleError ? sdk.invalidAddress(`invalid '${which}' address: ${e.message.replace(/: invalid address$/, "")}`) : e;
    }
  }
}
