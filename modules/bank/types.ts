/** What `bank` keeps and offers: balances and supplies, in base units of any denomination. */
import { type AccountDeclaration, type Accounts, type ModuleBank } from "#kernel/accounts.js";
import { type Context } from "#kernel/context.js";
import { type View } from "#kernel/store.js";
import { type Params } from "#proto/gen/cosmos/bank/v1beta1/bank.js";

export interface Amount {
  readonly denom: string;
  readonly amount: bigint;
}

/** An account that a module holds coins in, and whose it is. */
export type ModuleAccountDeclaration = AccountDeclaration & { readonly module: string };

export interface BankPorts {
  /** of all modules: who may mint and burn, and who receives nothing by a transfer */
  readonly accounts: readonly ModuleAccountDeclaration[];
  readonly staking: { params(view: View): { readonly bondDenom: string } };
  /** makes the receiver's account when it is new */
  readonly auth: { ensure(ctx: Context, address: string): unknown };
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
  /** Makes the receiver's account when it is new. Throws sdk.insufficientFunds. */
  send(ctx: Context, from: string, to: string, amount: bigint, denom?: string): void;
  /** The bank for a module with these accounts. Throws a plain Error when no module declares one of them, or with fewer rights. */
  for<A extends Accounts>(accounts: A): ModuleBank<A>;
}
