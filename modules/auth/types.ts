/** What `auth` keeps and offers: accounts, which are the Cosmos SDK's own records. */
import { type AccountDeclaration } from "#kernel/accounts.js";
import { type Context } from "#kernel/context.js";
import { type View } from "#kernel/store.js";
import { type BaseAccount, type Params } from "#proto/gen/cosmos/auth/v1beta1/auth.js";
import { type Any } from "#proto/gen/google/protobuf/any.js";

/** `pubKey` is absent until the account first signs: a compressed secp256k1 key, or a threshold of several. */
export type Account = Readonly<BaseAccount>;

/** An account that a module holds coins in, and whose it is. */
export type ModuleAccountDeclaration = AccountDeclaration & { readonly module: string };

export interface AuthPorts {
  /** of all modules */
  readonly accounts: readonly ModuleAccountDeclaration[];
}

export interface AuthKeeper {
  params(view: View): Params;
  get(view: View, address: string): Account | undefined;
  /** The account, made with the next number when it is new. */
  ensure(ctx: Context, address: string): Account;
  /** Gives the account its key; `account` is as `get` has just answered it. Throws when it has one. Answers the account as it is now. */
  setPubKey(ctx: Context, account: Account, pubKey: Any): Account;
  /** One more transaction that it signed; `account` as above. */
  countTransaction(ctx: Context, account: Account): Account;
  /** An unordered transaction that this account signs and that ends then, nanoseconds since 1970; false where one did before. */
  useTimeout(ctx: Context, address: string, timeoutNs: bigint): boolean;
  /** At the beginning of a block: forgets those that have ended. */
  forgetTimeouts(ctx: Context): void;
}
