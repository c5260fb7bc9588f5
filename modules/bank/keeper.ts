/**
 * The only writer of balances and supplies.
 *
 * Invariants kept here: the supply of a denomination is the sum of its balances, and changes only by a module account that
 * declares the right; the index of owners names exactly the balances.
 */
import { type Accounts, type CoinBank, isModuleAccount, type ModuleBank, type Right } from "#kernel/accounts.js";
import { type Amount, amountOf, coinsText, coinText, sums } from "#kernel/coin-list.js";
import { type Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { type View } from "#kernel/store.js";
import { type Metadata, type Params, type SendEnabled } from "#proto/gen/cosmos/bank/v1beta1/bank.js";
import { bankErrors } from "./errors.js";
import { bankEvents } from "./events.js";
import { params } from "./params.js";
import { balances, metadata, owners, sendEnabled, supplies } from "./store.js";
import { type BankKeeper, type BankPorts } from "./types.js";

/** What the bank's own messages may beyond what it offers to others. */
export interface BankWriter extends BankKeeper {
  setParams(ctx: Context, p: Params): void;
  /** The entry of a denomination; without a value it has none, and the parameters decide. */
  setSendEnabled(ctx: Context, denom: string, enabled: boolean | undefined): void;
}

export function bankKeeper(ports: BankPorts): BankWriter {
  const own = (view: View): string => ports.staking.params(view).bondDenom;

  /** What cannot be spent yet stays. One read beside the balances. */
  const spend = (ctx: Context, address: string, coins: readonly Amount[]): void => {
    const locked = ports.auth.locked(ctx, address);
    for (const coin of coins) {
      const { denom, amount } = coin;
      const has = balances.get(ctx, address, denom) ?? 0n;
      const kept = amountOf(locked, denom);
      if (has < kept) throw sdk.insufficientFunds(`locked amount exceeds account balance funds: ${kept}${denom} > ${has}${denom}`);
      if (has - kept < amount) throw sdk.insufficientFunds(`spendable balance ${has - kept}${denom} is smaller than ${coinText(coin)}`);
      put(ctx, address, denom, has, has - amount);
    }
    ctx.emit(bankEvents.spent({ spender: address, amount: coinsText(coins) }));
  };

  /** Between accounts that need not be made. Nothing is no transfer. */
  const move = (ctx: Context, from: string, to: string, given: readonly Amount[], make = false): void => {
    const coins = some(given);
    if (coins.length > 0) {
      spend(ctx, from, coins);
      give(ctx, to, coins);
    }
    if (make) ports.auth.ensure(ctx, to);
    if (coins.length === 0) return;
    ctx.emit(bankEvents.transfer({ recipient: to, sender: from, amount: coinsText(coins) }));
    ctx.emit(bankEvents.sender({ sender: from }));
  };

  const keeper: BankWriter = {
    params: (view) => params.get(view),
    balance: (view, address, denom = own(view)) => balances.get(view, address, denom) ?? 0n,
    balances: (view, address) => balances.entries(view, { prefix: [address] }).map(({ key: [, denom], value: amount }) => ({ denom, amount })),
    supply: (view, denom = own(view)) => supplies.get(view, denom) ?? 0n,
    supplies: (view) => supplies.entries(view).map(({ key: [denom], value: amount }) => ({ denom, amount })),
    sendEnabled: (view, denom) => sendEnabled.get(view, denom) ?? params.get(view).defaultSendEnabled,
    checkEnabled(view, coins) {
      const disabled = coins.find((c) => !keeper.sendEnabled(view, c.denom));
      if (disabled) throw bankErrors.sendDisabled(`${disabled.denom} transfers are currently disabled`);
    },
    checkReceiver(view, address) {
      if (isModuleAccount(view, ports.accounts, view.addresses.format(view.addresses.parse(address)))) throw sdk.unauthorized(`${address} is not allowed to receive funds`);
    },
    send: (ctx, from, to, amount, denom = own(ctx)) => move(ctx, from, to, [{ denom, amount }], true),
    sendCoins: (ctx, from, to, coins) => move(ctx, from, to, coins, true),
    sendToMany(ctx, from, coins, outputs) {
      ctx.emit(bankEvents.sender({ sender: from }));
      for (const o of outputs) ports.auth.ensure(ctx, o.address);
      spend(ctx, from, coins);
      for (const o of outputs) {
        give(ctx, o.address, o.coins);
        ctx.emit(bankEvents.transfer({ recipient: o.address, sender: from, amount: coinsText(o.coins) }));
      }
    },
    for: (accounts) => moduleBank(ports, keeper, accounts, own, { move, spend }),
    setParams: (ctx, p) => params.set(ctx, p),
    setSendEnabled(ctx, denom, enabled) {
      if (enabled === undefined) sendEnabled.delete(ctx, denom);
      else sendEnabled.set(ctx, enabled, denom);
    },
  };
  return keeper;
}

interface Moves {
  move(ctx: Context, from: string, to: string, coins: readonly Amount[], make?: boolean): void;
  spend(ctx: Context, address: string, coins: readonly Amount[]): void;
}

/**
 * What a module does with its accounts; accounts of modules are made in genesis. The types keep it to its own accounts and
 * the rights that it declared; what they were talked out of is refused here once more.
 */
function moduleBank<A extends Accounts>(ports: BankPorts, keeper: BankKeeper, accounts: A, own: (view: View) => string, { move, spend }: Moves): ModuleBank<A> & CoinBank<A> {
  const declared = (name: string) => {
    const account = ports.accounts.find((a) => a.name === name);
    if (!account) throw new Error(`bank: no module declares the account ${name}`);
    return account;
  };
  for (const { name, may } of accounts) {
    const extra = may.find((right) => !declared(name).may.includes(right));
    if (extra) throw new Error(`bank: the account ${name} is not declared with the right to ${extra}`);
    declared(name);
  }
  const at = (view: View, pool: string): string => {
    if (!accounts.some((a) => a.name === pool)) throw new Error(`bank: the account ${pool} is another module's`);
    return view.addresses.module(pool);
  };
  const needs = (pool: string, right: Right): void => {
    if (!declared(pool).may.includes(right)) throw sdk.unauthorized(`module account ${pool} does not have permissions to ${right} tokens`);
  };
  return {
    poolBalance: (view, pool, denom) => keeper.balance(view, at(view, pool), denom),
    supply: (view, denom) => keeper.supply(view, denom),
    poolBalances: (view, pool) => keeper.balances(view, at(view, pool)),
    toPool: (ctx, from, pool, amount, denom = own(ctx)) => move(ctx, from, at(ctx, pool), [{ denom, amount }]),
    fromPool: (ctx, pool, to, amount, denom = own(ctx)) => move(ctx, at(ctx, pool), to, [{ denom, amount }], true),
    betweenPools: (ctx, from, to, amount, denom = own(ctx)) => move(ctx, at(ctx, from), ctx.addresses.module(declared(to).name), [{ denom, amount }]),
    coinsToPool: (ctx, from, pool, coins) => move(ctx, from, at(ctx, pool), coins),
    coinsFromPool: (ctx, pool, to, coins) => move(ctx, at(ctx, pool), to, coins, true),
    coinsBetweenPools: (ctx, from, to, coins) => move(ctx, at(ctx, from), ctx.addresses.module(declared(to).name), coins),
    transfer: keeper.sendCoins,
    checkEnabled: keeper.checkEnabled,
    checkReceiver: keeper.checkReceiver,
    stake(ctx, from, pool, amount, denom = own(ctx)) {
      const to = at(ctx, pool);
      needs(pool, "stake");
      const coin = { denom, amount };
      const coins = some([coin]);
      const has = balances.get(ctx, from, denom) ?? 0n;
      if (has < amount) throw sdk.insufficientFunds(`failed to delegate; ${has}${denom} is smaller than ${coinText(coin)}`);
      put(ctx, from, denom, has, has - amount);
      if (amount > 0n) ports.auth.noteDelegation(ctx, from, has, coin);
      ctx.emit(bankEvents.spent({ spender: from, amount: coinsText(coins) }));
      give(ctx, to, coins);
    },
    unstake(ctx, pool, to, amount, denom = own(ctx)) {
      const from = at(ctx, pool);
      needs(pool, "stake");
      const coins = some([{ denom, amount }]);
      spend(ctx, from, coins);
      for (const coin of coins) ports.auth.noteUndelegation(ctx, to, coin);
      give(ctx, to, coins);
    },
    mint(ctx, pool, amount, denom = own(ctx)) {
      const minter = at(ctx, pool);
      needs(pool, "mint");
      const [coin] = some([{ denom, amount }]);
      if (!coin) return;
      give(ctx, minter, [coin]);
      setSupply(ctx, { denom, amount: keeper.supply(ctx, denom) + amount });
      ctx.emit(bankEvents.minted({ minter, amount: coinText(coin) }));
    },
    burn(ctx, pool, amount, denom = own(ctx)) {
      const burner = at(ctx, pool);
      needs(pool, "burn");
      const [coin] = some([{ denom, amount }]);
      if (!coin) return;
      spend(ctx, burner, [coin]);
      setSupply(ctx, { denom, amount: keeper.supply(ctx, denom) - amount });
      ctx.emit(bankEvents.burned({ burner, amount: coinText(coin) }));
    },
  };
}

/** Those of which there is any. Throws sdk.invalidCoins for less than nothing. */
function some(coins: readonly Amount[]): readonly Amount[] {
  const negative = coins.find((c) => c.amount < 0n);
  if (negative) throw sdk.invalidCoins(`amount ${negative.amount}`);
  return coins.filter((c) => c.amount > 0n);
}

function give(ctx: Context, address: string, coins: readonly Amount[]): void {
  for (const { denom, amount } of coins) {
    const has = balances.get(ctx, address, denom) ?? 0n;
    put(ctx, address, denom, has, has + amount);
  }
  ctx.emit(bankEvents.received({ receiver: address, amount: coinsText(coins) }));
}

/** The index is written only when an account comes to have some of a denomination, or none. */
function put(ctx: Context, address: string, denom: string, before: bigint, amount: bigint): void {
  if (amount > 0n) balances.set(ctx, amount, address, denom);
  else balances.delete(ctx, address, denom);
  if (before === 0n && amount > 0n) owners.add(ctx, denom, address);
  else if (before > 0n && amount === 0n) owners.delete(ctx, denom, address);
}

function setSupply(ctx: Context, { denom, amount }: Amount): void {
  if (amount > 0n) supplies.set(ctx, amount, denom);
  else supplies.delete(ctx, denom);
}

/** All that genesis says; nothing stands there twice, and no balance is of nothing. */
export interface BankState {
  readonly balances: readonly { readonly address: string; readonly coins: readonly Amount[] }[];
  readonly metadata: readonly Metadata[];
  readonly sendEnabled: readonly SendEnabled[];
}

/** Into an empty store. Supplies are what the balances add up to. */
export function restore(ctx: Context, state: BankState): void {
  for (const { address, coins } of state.balances) for (const { denom, amount } of coins) put(ctx, address, denom, 0n, amount);
  for (const coin of sums(state.balances.flatMap((b) => b.coins))) setSupply(ctx, coin);
  for (const m of state.metadata) metadata.set(ctx, m, m.base);
  for (const { denom, enabled } of state.sendEnabled) sendEnabled.set(ctx, enabled, denom);
}
