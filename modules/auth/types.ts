/** What `auth` keeps and offers: accounts, which are the Cosmos SDK's own records. */
import { type AccountDeclaration } from "#kernel/accounts.js";
import { type Amount } from "#kernel/coin-list.js";
import { type Context, type QueryContext } from "#kernel/context.js";
import { type View } from "#kernel/store.js";
import { type BaseAccount, type Params } from "#proto/gen/cosmos/auth/v1beta1/auth.js";
import { type Any } from "#proto/gen/google/protobuf/any.js";

/** `pubKey` is absent until the account first signs: a compressed secp256k1 key, or a threshold of several. */
export interface Account extends Readonly<BaseAccount> {
  /** of an account that a module holds coins in */
  readonly module?: { readonly name: string; readonly permissions: readonly string[] };
  /** of one whose coins come free over time */
  readonly vesting?: Vesting;
}

/** Coins that cannot be spent yet, and how they come free. Times are seconds since 1970; lists ascend by denomination. */
export type Vesting = VestingBase & Schedule;

export interface VestingBase {
  /** all that was locked at first */
  readonly original: readonly Amount[];
  /** what is delegated: of what was free at the time, and of what was locked */
  readonly delegatedFree: readonly Amount[];
  readonly delegatedVesting: readonly Amount[];
  readonly endTime: bigint;
}

export type Schedule =
  /** in proportion to time */
  | { readonly kind: "continuous"; readonly startTime: bigint }
  /** one period after the other, each with its coins at its end */
  | { readonly kind: "periodic"; readonly startTime: bigint; readonly periods: Iterable<Period> }
  /** all at the end */
  | { readonly kind: "delayed" }
  /** never */
  | { readonly kind: "permanent" }
  /** the record that the others have in common, alone: nothing is locked; only a genesis can hold one */
  | { readonly kind: "base" };

export interface Period {
  /** seconds */
  readonly length: bigint;
  readonly amount: readonly Amount[];
}

/** An account that a module holds coins in, and whose it is. */
export type ModuleAccountDeclaration = AccountDeclaration & { readonly module: string };

export interface AuthPorts {
  /** of all modules */
  readonly accounts: readonly ModuleAccountDeclaration[];
}

export interface AuthKeeper {
  params(view: View): Params;
  get(view: View, address: string): Account | undefined;
  has(view: View, address: string): boolean;
  /** The account, made with the next number when it is new. */
  ensure(ctx: Context, address: string): Account;
  /** Makes an account whose coins come free over time; nothing of them is delegated. Throws when there is one, and a plain Error for what the SDK would not make. */
  createVesting(ctx: Context, address: string, original: readonly Amount[], endTime: bigint, schedule: Schedule): Account;
  /** What the account has and cannot spend at the time of the block, ascending by denomination. */
  locked(ctx: QueryContext, address: string): readonly Amount[];
  /** Notes what went from the balance to a delegation; `balance` is the one before. Throws sdk.unknownAddress. */
  noteDelegation(ctx: Context, address: string, balance: bigint, coin: Amount): void;
  /** Notes what came back; makes the account when it is new. */
  noteUndelegation(ctx: Context, address: string, coin: Amount): void;
  /** Gives the account its key; `account` is as `get` has just answered it. Throws when it has one. Answers the account as it is now. */
  setPubKey(ctx: Context, account: Account, pubKey: Any): Account;
  /** One more transaction that it signed; `account` as above. */
  countTransaction(ctx: Context, account: Account): Account;
  /** An unordered transaction that this account signs and that ends then, nanoseconds since 1970; false where one did before. */
  useTimeout(ctx: Context, address: string, timeoutNs: bigint): boolean;
  /** At the beginning of a block: forgets those that have ended. */
  forgetTimeouts(ctx: Context): void;
}
