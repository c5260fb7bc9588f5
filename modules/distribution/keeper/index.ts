/**
 * Who has earned what, and how it is taken out: x/distribution/keeper of the Cosmos SDK. The only writer of its records.
 * Invariant kept here: the module's account holds what is outstanding and the community pool, to the unit below.
 */
import { FEE_COLLECTOR, isModuleAccount } from "#kernel/accounts.js";
import { operatorText } from "#kernel/address.js";
import { type Amount, coinsText } from "#kernel/coin-list.js";
import type { Context } from "#kernel/context.js";
import { decOf, fromWire, ONE, quoTruncate } from "#kernel/dec.js";
import { addCoins, covers, type DecCoins, decCoinsOf, decCoinsText, intersect, mulCoins, mulTruncate, subCoins, truncateCoins } from "#kernel/dec-coins.js";
import { sdk } from "#kernel/errors.js";
import type { View } from "#kernel/store.js";
import { distributionErrors } from "../errors.js";
import { distributionEvents as events } from "../events.js";
import { params } from "../params.js";
import { commissions, current, historical, outstanding, pool, proposer, slashEvents, starting, withdrawAddresses } from "../store.js";
import { DISTRIBUTION, type DistributionKeeper, type DistributionPorts } from "../types.js";
import { beginDelegation, currentAt, earned, endPeriod, noteSlash, ratioNow, release } from "./rewards.js";

export interface DistributionWriter extends DistributionKeeper {
  /** At the beginning of a block: the fees of the one before go to who signed it. */
  allocate(ctx: Context): void;
  withdrawAddress(view: View, delegator: string): string;
  setWithdrawAddress(ctx: Context, delegator: string, to: string): void;
  /** Answers what was paid. */
  withdraw(ctx: Context, delegator: string, operator: string): Amount[];
  withdrawCommission(ctx: Context, operator: string): Amount[];
  /** From the community pool. Throws where it holds less. */
  spend(ctx: Context, to: string, coins: readonly Amount[]): void;
  /** From an account to a validator and its delegators. */
  deposit(ctx: Context, from: string, operator: string, coins: readonly Amount[]): void;
  /** What a delegation has earned by now; nothing is written. */
  rewards(view: View, height: bigint, delegator: string, operator: string): DecCoins;
}

export function distributionKeeper(ports: DistributionPorts): DistributionWriter {
  const outstandingOf = (view: View, operator: string): DecCoins => outstanding.get(view, operator) ?? [];
  const toPool = (ctx: Context, coins: DecCoins): void => {
    if (coins.length > 0) pool.set(ctx, addCoins(pool.get(ctx) ?? [], coins));
  };
  const payOut = (ctx: Context, to: string, coins: readonly Amount[]): void => {
    if (coins.length > 0) ports.bank.coinsFromPool(ctx, DISTRIBUTION, to, coins);
  };
  type Validator = ReturnType<typeof ports.staking.mustValidator>;

  /** Of what lies in the module's account by now: its commission, and the rest to its delegators. */
  function allocateTo(ctx: Context, v: Validator, coins: DecCoins): void {
    const { operator } = v;
    const commission = mulCoins(coins, v.commission.rate);
    const validator = operatorText(ctx, operator);
    ctx.emit(events.commission({ amount: decCoinsText(commission), validator }));
    commissions.set(ctx, addCoins(commissions.get(ctx, operator) ?? [], commission), operator);
    const { rewards, period } = currentAt(ctx, operator);
    current.set(ctx, { rewards: addCoins(rewards, subCoins(coins, commission)), period }, operator);
    ctx.emit(events.rewards({ amount: decCoinsText(coins), validator }));
    outstanding.set(ctx, addCoins(outstandingOf(ctx, operator), coins), operator);
  }

  /** Pays a delegation out, whose reckoning has to begin anew or end. */
  function payDelegation(ctx: Context, v: Validator, delegator: string): Amount[] {
    const { operator } = v;
    const from = starting.get(ctx, operator, delegator);
    const d = ports.staking.mustDelegation(ctx, delegator, operator);
    if (!from) throw distributionErrors.noDelegationInfo("");
    const ended = endPeriod(ctx, v);
    const raw = earned(ctx, ctx.block.height, v, d, historical.get(ctx, operator, ended)?.ratio ?? []);
    const has = outstandingOf(ctx, operator);
    const rewards = intersect(raw, has); // the last places of many roundings
    const [coins, rest] = truncateCoins(rewards);
    payOut(ctx, keeper.withdrawAddress(ctx, delegator), coins);
    outstanding.set(ctx, subCoins(has, rewards), operator);
    toPool(ctx, rest);
    release(ctx, operator, from.period);
    starting.delete(ctx, operator, delegator);
    const paid = coins.length > 0 ? coins : [{ denom: ports.staking.params(ctx).bondDenom, amount: 0n }];
    ctx.emit(events.withdrawn({ amount: coinsText(paid), validator: operatorText(ctx, operator), delegator }));
    return paid;
  }

  const keeper: DistributionWriter = {
    params: (view) => params.get(view),
    communityPool: (view) => pool.get(view) ?? [],
    pay(ctx, bank, from, operator, amount) {
      if (amount === 0n) return;
      const v = ports.staking.byOperator(ctx, operator);
      if (!v) return bank.fromPool(ctx, from, operator, amount);
      bank.betweenPools(ctx, from, DISTRIBUTION, amount);
      allocateTo(ctx, v, decCoinsOf([{ denom: ports.staking.params(ctx).bondDenom, amount }]));
    },
    fund(ctx, from, coins) {
      ports.bank.coinsToPool(ctx, from, DISTRIBUTION, coins);
      toPool(ctx, decCoinsOf(coins));
    },

    allocate(ctx) {
      const { votes } = ctx.block.lastCommit;
      const total = votes.reduce((sum, v) => sum + v.power, 0n);
      if (ctx.block.height > 1n) {
        const fees = ports.bank.poolBalances(ctx, FEE_COLLECTOR);
        if (fees.length > 0) ports.bank.coinsBetweenPools(ctx, FEE_COLLECTOR, DISTRIBUTION, fees);
        const collected = decCoinsOf(fees);
        let left = collected;
        if (total > 0n && fees.length > 0) {
          const shared = mulTruncate(collected, ONE - fromWire(params.get(ctx).communityTax));
          for (const { validator, power } of votes) {
            // One that is gone since it signed leaves its part to everybody.
            const v = ports.staking.byConsensusAddress(ctx, validator);
            if (!v) continue;
            const part = mulTruncate(shared, quoTruncate(decOf(power), decOf(total)));
            if (part.length === 0) continue;
            allocateTo(ctx, v, part);
            left = subCoins(left, part);
          }
        }
        toPool(ctx, left);
      }
      if (ctx.block.proposer.length > 0) proposer.set(ctx, ctx.block.proposer);
    },

    withdrawAddress(view, delegator) {
      const raw = withdrawAddresses.get(view, delegator);
      return raw ? view.addresses.format(raw) : delegator;
    },
    setWithdrawAddress(ctx, delegator, to) {
      if (isModuleAccount(ctx, ports.accounts, to)) throw sdk.unauthorized(`${to} is not allowed to receive external funds`);
      if (!params.get(ctx).withdrawAddrEnabled) throw distributionErrors.withdrawAddressDisabled("");
      ctx.emit(events.withdrawAddress({ withdraw_address: to }));
      withdrawAddresses.set(ctx, ctx.addresses.parse(to), delegator);
    },
    withdraw(ctx, delegator, operator) {
      const v = ports.staking.mustValidator(ctx, operator);
      const paid = payDelegation(ctx, v, delegator);
      beginDelegation(ctx, v, ports.staking.mustDelegation(ctx, delegator, operator));
      return paid;
    },
    withdrawCommission(ctx, operator) {
      const has = commissions.get(ctx, operator) ?? [];
      if (has.length === 0) throw distributionErrors.noCommission("");
      const [coins, rest] = truncateCoins(has);
      commissions.set(ctx, rest, operator);
      outstanding.set(ctx, subCoins(outstandingOf(ctx, operator), decCoinsOf(coins)), operator);
      payOut(ctx, keeper.withdrawAddress(ctx, operator), coins);
      ctx.emit(events.commissionWithdrawn({ amount: coinsText(coins) }));
      return coins;
    },
    spend(ctx, to, coins) {
      const has = keeper.communityPool(ctx);
      const wanted = decCoinsOf(coins);
      if (!covers(has, wanted)) throw distributionErrors.poolTooSmall("");
      payOut(ctx, to, coins);
      pool.set(ctx, subCoins(has, wanted));
    },
    deposit(ctx, from, operator, coins) {
      ports.bank.coinsToPool(ctx, from, DISTRIBUTION, coins);
      allocateTo(ctx, ports.staking.mustValidator(ctx, operator), decCoinsOf(coins));
    },
    rewards(view, height, delegator, operator) {
      const v = ports.staking.mustValidator(view, operator);
      return earned(view, height, v, ports.staking.mustDelegation(view, delegator, operator), ratioNow(view, v));
    },

    hooks: {
      afterValidatorCreated(ctx, operator) {
        historical.set(ctx, { ratio: [], references: 1 }, operator, 0n);
        current.set(ctx, { rewards: [], period: 1n }, operator);
        commissions.set(ctx, [], operator);
        outstanding.set(ctx, [], operator);
      },
      /** It has no delegations any more: its commission is paid, and the last places are everybody's. */
      afterValidatorRemoved(ctx, _address, operator) {
        const commission = commissions.get(ctx, operator) ?? [];
        const [coins, rest] = truncateCoins(commission);
        payOut(ctx, keeper.withdrawAddress(ctx, operator), coins);
        toPool(ctx, addCoins(rest, subCoins(outstandingOf(ctx, operator), commission)));
        outstanding.delete(ctx, operator);
        commissions.delete(ctx, operator);
        for (const [, height, period] of slashEvents.keys(ctx, { prefix: [operator] })) slashEvents.delete(ctx, operator, height, period);
        for (const [, period] of historical.keys(ctx, { prefix: [operator] })) historical.delete(ctx, operator, period);
        current.delete(ctx, operator);
      },
      beforeDelegationCreated: (ctx, _delegator, operator) => void endPeriod(ctx, ports.staking.mustValidator(ctx, operator)),
      beforeSharesModified: (ctx, delegator, operator) => void payDelegation(ctx, ports.staking.mustValidator(ctx, operator), delegator),
      afterDelegationModified: (ctx, delegator, operator) => beginDelegation(ctx, ports.staking.mustValidator(ctx, operator), ports.staking.mustDelegation(ctx, delegator, operator)),
      beforeValidatorSlashed: (ctx, operator, fraction) => noteSlash(ctx, ports.staking.mustValidator(ctx, operator), fraction),
    },
  };
  return keeper;
}
