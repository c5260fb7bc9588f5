/**
 * The only writer of balances and supplies.
 *
 * Invariants kept here: the supply of a denomination is the sum of its balances, and changes only by a module account that
 * declares the right; the index of owners names exactly the balances.
 */
import { type Accounts, type ModuleBank, type Right } from "#kernel/accounts.js";
import { type Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { type View } from "#kernel/store.js";
import { type Metadata, type SendEnabled } from "#proto/gen/cosmos/bank/v1beta1/bank.js";
import { bankEvents } from "./events.js";
import { params } from "./params.js";
import { balances, metadata, owners, sendEnabled, supplies } from "./store.js";
import { type Amount, type BankKeeper, type BankPorts } from "./types.js";

export const coinText = ({ denom, amount }: Amount): string => `${amount}${denom}`;

export function bankKeeper(ports: BankPorts): BankKeeper {
  const own = (view: View): string => ports.staking.params(view).bondDenom;

  /** Between accounts that need not be made. */
  const move = (ctx: Context, from: string, to: string, amount: bigint, denom: string): void => {
    positive(amount);
    if (amount === 0n) return;
    take(ctx, from, { denom, amount });
    give(ctx, to, { denom, amount });
    ctx.emit(bankEvents.transfer({ recipient: to, sender: from, amount: coinText({ denom, amount }) }));
    ctx.emit(bankEvents.sender({ sender: from }));
  };

  const keeper: BankKeeper = {
    params: (view) => params.get(view),
    balance: (view, address, denom = own(view)) => balances.get(view, address, denom) ?? 0n,
    balances: (view, address) => balances.entries(view, { prefix: [address] }).map(({ key: [, denom], value: amount }) => ({ denom, amount })),
    supply: (view, denom = own(view)) => supplies.get(view, denom) ?? 0n,
    supplies: (view) => supplies.entries(view).map(({ key: [denom], value: amount }) => ({ denom, amount })),
    sendEnabled: (view, denom) => sendEnabled.get(view, denom) ?? params.get(view).defaultSendEnabled,
    send(ctx, from, to, amount, denom = own(ctx)) {
      move(ctx, from, to, amount, denom);
      ports.auth.ensure(ctx, to);
    },
    for: (accounts) => moduleBank(ports, keeper, accounts, own, move),
  };
  return keeper;
}

type Move = (ctx: Context, from: string, to: string, amount: bigint, denom: string) => void;

/**
 * What a module does with its accounts; accounts of modules are made in genesis. The types keep it to its own accounts and
 * the rights that it declared; what they were talked out of is refused here once more.
 */
function moduleBank<A extends Accounts>(ports: BankPorts, keeper: BankKeeper, accounts: A, own: (view: View) => string, move: Move): ModuleBank<A> {
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
    toPool: (ctx, from, pool, amount, denom = own(ctx)) => move(ctx, from, at(ctx, pool), amount, denom),
    fromPool: (ctx, pool, to, amount, denom) => keeper.send(ctx, at(ctx, pool), to, amount, denom),
    betweenPools: (ctx, from, to, amount, denom = own(ctx)) => move(ctx, at(ctx, from), ctx.addresses.module(declared(to).name), amount, denom),
    stake(ctx, from, pool, amount, denom = own(ctx)) {
      const to = at(ctx, pool);
      needs(pool, "stake");
      positive(amount);
      take(ctx, from, { denom, amount });
      give(ctx, to, { denom, amount });
    },
    unstake(ctx, pool, to, amount, denom = own(ctx)) {
      const from = at(ctx, pool);
      needs(pool, "stake");
      positive(amount);
      take(ctx, from, { denom, amount });
      give(ctx, to, { denom, amount });
      ports.auth.ensure(ctx, to);
    },
    mint(ctx, pool, amount, denom = own(ctx)) {
      const minter = at(ctx, pool);
      needs(pool, "mint");
      positive(amount);
      if (amount === 0n) return;
      setSupply(ctx, { denom, amount: keeper.supply(ctx, denom) + amount });
      give(ctx, minter, { denom, amount });
      ctx.emit(bankEvents.minted({ minter, amount: coinText({ denom, amount }) }));
    },
    burn(ctx, pool, amount, denom = own(ctx)) {
      const burner = at(ctx, pool);
      needs(pool, "burn");
      positive(amount);
      if (amount === 0n) return;
      take(ctx, burner, { denom, amount });
      setSupply(ctx, { denom, amount: keeper.supply(ctx, denom) - amount });
      ctx.emit(bankEvents.burned({ burner, amount: coinText({ denom, amount }) }));
    },
  };
}

function positive(amount: bigint): void {
  if (amount < 0n) throw sdk.invalidCoins(`amount ${amount}`);
}

function take(ctx: Context, address: string, { denom, amount }: Amount): void {
  const has = balances.get(ctx, address, denom) ?? 0n;
  if (has < amount) throw sdk.insufficientFunds(`spendable balance ${coinText({ denom, amount: has })} is smaller than ${coinText({ denom, amount })}`);
  put(ctx, address, denom, has, has - amount);
  ctx.emit(bankEvents.spent({ spender: address, amount: coinText({ denom, amount }) }));
}

function give(ctx: Context, address: string, { denom, amount }: Amount): void {
  const has = balances.get(ctx, address, denom) ?? 0n;
  put(ctx, address, denom, has, has + amount);
  ctx.emit(bankEvents.received({ receiver: address, amount: coinText({ denom, amount }) }));
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

/** Totals by denomination, ascending. */
export function sums(coins: readonly Amount[]): Amount[] {
  const totals = new Map<string, bigint>();
  for (const { denom, amount } of coins) totals.set(denom, (totals.get(denom) ?? 0n) + amount);
  return [...totals].sort(([a], [b]) => (a < b ? -1 : 1)).map(([denom, amount]) => ({ denom, amount }));
}
