/**
 * Module accounts and what they may do. A module declares its own; the bank hands it a face that knows just these, so that
 * minting without the right does not compile, and knows no module by name itself.
 */
import type { Amount } from "./coin-list.js";
import type { Context } from "./context.js";
import type { Environment } from "./environment.js";
import type { View } from "./store.js";

/** Fees wait here for whom they belong to. */
export const FEE_COLLECTOR = "fee_collector";

export type Right = "mint" | "burn" | "stake";

export interface AccountDeclaration<N extends string = string, R extends Right = Right> {
  readonly name: N;
  readonly may: readonly R[];
}
export type Accounts = readonly AccountDeclaration[];

/** Names of a module's accounts. */
export type AccountName<A extends Accounts> = A[number]["name"];
/** Names of those that declare a right. */
export type AccountWith<A extends Accounts, R extends Right> = { [I in keyof A]: R extends A[I]["may"][number] ? A[I]["name"] : never }[number];

/**
 * The bank as a module with accounts A sees it. Amounts are base units, of the chain's own denomination where none is named.
 * They are functions and not methods, so that a port which asks for more than was declared does not fit.
 */
export interface ModuleBank<A extends Accounts> {
  readonly poolBalance: (view: View, pool: AccountName<A>, denom?: string) => bigint;
  /** All that an account holds, ascending by denomination. */
  readonly poolBalances: (view: View, pool: AccountName<A>) => readonly Amount[];
  /** of all there is */
  readonly supply: (view: View, denom?: string) => bigint;
  /** Throws sdk.insufficientFunds. */
  readonly toPool: (ctx: Context, from: string, pool: AccountName<A>, amount: bigint, denom?: string) => void;
  readonly fromPool: (ctx: Context, pool: AccountName<A>, to: string, amount: bigint, denom?: string) => void;
  /** To an account of another module, by its name. */
  readonly betweenPools: (ctx: Context, from: AccountName<A>, to: string, amount: bigint, denom?: string) => void;
  /** Coins that are delegated and come back: no transfer, but theirs still. Those that cannot be spent yet may be delegated too. */
  readonly stake: (ctx: Context, from: string, pool: AccountWith<A, "stake">, amount: bigint, denom?: string) => void;
  readonly unstake: (ctx: Context, pool: AccountWith<A, "stake">, to: string, amount: bigint, denom?: string) => void;
  readonly mint: (ctx: Context, pool: AccountWith<A, "mint">, amount: bigint, denom?: string) => void;
  readonly burn: (ctx: Context, pool: AccountWith<A, "burn">, amount: bigint, denom?: string) => void;
}

/** A module's face of the bank, lent to another for one payment out of the account N. */
export interface Payer<N extends string> {
  readonly betweenPools: (ctx: Context, from: N, to: string, amount: bigint, denom?: string) => void;
  readonly fromPool: (ctx: Context, pool: N, to: string, amount: bigint, denom?: string) => void;
}

/** Several coins at once, ascending by denomination, which move together and are told of in one set of events. The bank is this too. */
export interface CoinBank<A extends Accounts> {
  /** Throws sdk.insufficientFunds, as the next ones. */
  readonly coinsToPool: (ctx: Context, from: string, pool: AccountName<A>, coins: readonly Amount[]) => void;
  readonly coinsFromPool: (ctx: Context, pool: AccountName<A>, to: string, coins: readonly Amount[]) => void;
  readonly coinsBetweenPools: (ctx: Context, from: AccountName<A>, to: string, coins: readonly Amount[]) => void;
  /** Between any accounts, as a message asks for it that `from` has signed. */
  readonly transfer: (ctx: Context, from: string, to: string, coins: readonly Amount[]) => void;
  /** Throws bank.sendDisabled where messages may not transfer one of these. */
  readonly checkEnabled: (view: View, coins: readonly Amount[]) => void;
  /** Throws sdk.unauthorized for an account of a module, to which messages transfer nothing. */
  readonly checkReceiver: (view: View, address: string) => void;
}

/** Whether an address is one of these accounts'. */
export const isModuleAccount = ({ addresses }: Environment, accounts: readonly { readonly name: string }[], address: string): boolean => accounts.some((a) => addresses.module(a.name) === address);

/** Declares accounts, with their names and rights kept in the type. */
export const defineAccounts = <const A extends Accounts>(...accounts: A): A => accounts;
