/** The only writer of balances and supply. Invariant kept here: the supply of a denomination is the sum of its balances. */
import { concat, utf8 } from "#kernel/bytes.js";
import { type Context, event } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { type Environment } from "#kernel/environment.js";
import { collection, type View } from "#kernel/store.js";

/** Module accounts that hold money. */
export const POOLS = ["workers", "tasks", "work", "fee_collector"] as const;
export type Pool = (typeof POOLS)[number];

export interface Amount {
  readonly denom: string;
  readonly amount: bigint;
}

export interface BankKeeper {
  balance(ctx: View, address: string, denom?: string): bigint;
  balances(ctx: View, address: string): Amount[];
  supply(ctx: View, denom?: string): bigint;
  supplies(ctx: View): Amount[];
  send(ctx: Context, from: string, to: string, amount: bigint, denom?: string): void;
  toPool(ctx: Context, from: string, pool: Pool, amount: bigint): void;
  fromPool(ctx: Context, pool: Pool, to: string, amount: bigint): void;
  betweenPools(ctx: Context, from: Pool, to: Pool, amount: bigint): void;
  poolBalance(ctx: View, pool: Pool): bigint;
  mint(ctx: Context, pool: Pool, amount: bigint): void;
  burn(ctx: Context, pool: Pool, amount: bigint): void;
}

export const STORE = "bank";
const decimal = {
  encode: (v: bigint) => utf8(`${v}`),
  decode: (bytes: Uint8Array) => BigInt(String.fromCharCode(...bytes)),
};
/** 0x01 supply by denom; 0x02 balance by length-prefixed address and denom */
const addressKey = (env: Environment, address: string): Uint8Array => {
  const raw = env.addresses.parse(address);
  return concat(Uint8Array.of(raw.length), raw);
};
export const supplies = collection<[denom: string], bigint>(STORE, 1, (_, denom) => utf8(denom), decimal);
export const balances = collection<[address: string, denom: string], bigint>(STORE, 2, (env, address, denom) => concat(addressKey(env, address), utf8(denom)), decimal);

const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
export const coin = (amount: bigint, denom: string): string => `${amount}${denom}`;

export function bankKeeper(baseDenom: (ctx: View) => string): BankKeeper {
  const put = (ctx: Context, address: string, denom: string, amount: bigint) => {
    if (amount === 0n) balances.delete(ctx, address, denom);
    else balances.set(ctx, amount, address, denom);
  };
  const setSupply = (ctx: Context, denom: string, amount: bigint) => {
    if (amount === 0n) supplies.delete(ctx, denom);
    else supplies.set(ctx, amount, denom);
  };
  const positive = (amount: bigint) => {
    if (amount < 0n) throw sdk.invalidCoins(`amount ${amount}`);
  };
  const take = (ctx: Context, address: string, denom: string, amount: bigint) => {
    const has = keeper.balance(ctx, address, denom);
    if (has < amount) throw sdk.insufficientFunds(`spendable balance ${coin(has, denom)} is smaller than ${coin(amount, denom)}`);
    put(ctx, address, denom, has - amount);
    ctx.emit(event("coin_spent", { spender: address, amount: coin(amount, denom) }));
  };
  const give = (ctx: Context, address: string, denom: string, amount: bigint) => {
    put(ctx, address, denom, keeper.balance(ctx, address, denom) + amount);
    ctx.emit(event("coin_received", { receiver: address, amount: coin(amount, denom) }));
  };
  const keeper: BankKeeper = {
    balance: (ctx, address, denom = baseDenom(ctx)) => balances.get(ctx, address, denom) ?? 0n,
    balances(ctx, address) {
      const prefix = addressKey(ctx, address);
      return balances.entries(ctx, prefix).map(([key, amount]) => ({ denom: text(key.subarray(prefix.length)), amount }));
    },
    supply: (ctx, denom = baseDenom(ctx)) => supplies.get(ctx, denom) ?? 0n,
    supplies: (ctx) => supplies.entries(ctx).map(([key, amount]) => ({ denom: text(key), amount })),
    send(ctx, from, to, amount, denom = baseDenom(ctx)) {
      positive(amount);
      if (amount === 0n) return;
      take(ctx, from, denom, amount);
      give(ctx, to, denom, amount);
      ctx.emit(event("transfer", { recipient: to, sender: from, amount: coin(amount, denom) }));
      ctx.emit(event("message", { sender: from }));
    },
    toPool: (ctx, from, pool, amount) => keeper.send(ctx, from, ctx.addresses.module(pool), amount),
    fromPool: (ctx, pool, to, amount) => keeper.send(ctx, ctx.addresses.module(pool), to, amount),
    betweenPools: (ctx, from, to, amount) => keeper.send(ctx, ctx.addresses.module(from), ctx.addresses.module(to), amount),
    poolBalance: (ctx, pool) => keeper.balance(ctx, ctx.addresses.module(pool)),
    mint(ctx, pool, amount) {
      positive(amount);
      if (amount === 0n) return;
      const denom = baseDenom(ctx);
      setSupply(ctx, denom, keeper.supply(ctx, denom) + amount);
      give(ctx, ctx.addresses.module(pool), denom, amount);
      ctx.emit(event("coinbase", { minter: ctx.addresses.module(pool), amount: coin(amount, denom) }));
    },
    burn(ctx, pool, amount) {
      positive(amount);
      if (amount === 0n) return;
      const denom = baseDenom(ctx);
      take(ctx, ctx.addresses.module(pool), denom, amount);
      setSupply(ctx, denom, keeper.supply(ctx, denom) - amount);
      ctx.emit(event("burn", { burner: ctx.addresses.module(pool), amount: coin(amount, denom) }));
    },
  };
  return keeper;
}
