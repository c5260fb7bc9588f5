/** What `bank` keeps and offers: balances and supplies, in base units of any denomination. */
import { type AccountDeclaration, type Accounts, type CoinBank, type ModuleBank } from "#kernel/accounts.js";
import { type Amount } from "#kernel/coin-list.js";
import { type Context, type QueryContext } from "#kernel/context.js";
import { type View } from "#kernel/store.js";
import { type Params } from "#proto/gen/cosmos/bank/v1beta1/bank.js";

export type { Amount } from "#kernel/coin-list.js";

/** An account that a module holds coins in, and whose it is. */
export type ModuleAccountDeclaration = AccountDeclaration & { readonly module: string };

export interface BankPorts {
  /** of all modules: who may mint and burn, and who receives nothing by a transfer */
  readonly accounts: readonly ModuleAccountDeclaration[];
  readonly staking: { params(view: View): { readonly bondDenom: string } };
  readonly auth: {
    /** makes the receiver's account when it is new */
    ensure(ctx: Context, address: string): unknown;
    /** what an account has and cannot spend yet, ascending by denomination; one read */
    locked(ctx: QueryContext, address: string): readonly Amount[];
    /** Notes what went from a balance to a delegation; `balance` is the one before. Throws sdk.unknownAddress. */
    noteDelegation(ctx: Context, address: string, balance: bigint, coin: Amount): void;
    /** Notes what came back; makes the account when it is new. */
    noteUndelegation(ctx: Context, address: string, coin: Amount): void;
  };
}

/** Amounts are of the chain's own denomination where none is named. */
export interface BankKeeper {
  params(view: View): Params;
  balance(view: View, address: string, denom?: string): bigint;
  /** ascending by denomination */
  balances(view: View, address: string): Amount[];
  supply(view: View, denom?: string): bigint;
  /** ascending by denomination */
  supplies(view: View): Amount[];
  /** Whether messages may transfer it; modules always may. */
  sendEnabled(view: View, denom: string): boolean;
  /** Throws bank.sendDisabled where messages may not transfer one of them. */
  checkEnabled(view: View, coins: readonly Amount[]): void;
  /** Module accounts hold what their modules account for, and nobody else puts anything there: throws sdk.unauthorized for one. */
  checkReceiver(view: View, address: string): void;
  /** Makes the receiver's account when it is new. Throws sdk.insufficientFunds. */
  send(ctx: Context, from: string, to: string, amount: bigint, denom?: string): void;
  /** Several coins, ascending by denomination, with one set of events. Throws sdk.insufficientFunds. */
  sendCoins(ctx: Context, from: string, to: string, coins: readonly Amount[]): void;
  /** From one account to several, who get together what it gives. Throws sdk.insufficientFunds. */
  sendToMany(ctx: Context, from: string, coins: readonly Amount[], outputs: readonly { readonly address: string; readonly coins: readonly Amount[] }[]): void;
  /** The bank for a module with these accounts. Throws a plain Error when no module declares one of them, or with fewer rights. */
  for<A extends Accounts>(accounts: A): ModuleBank<A> & CoinBank<A>;
}
