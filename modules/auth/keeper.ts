/**
 * The only writer of accounts.
 *
 * Invariants kept here: a number is one account's for ever, and the index by number names exactly the accounts; an account's
 * key never changes, and its sequence only grows.
 */
import { type Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { asModule } from "./module-accounts.js";
import { params } from "./params.js";
import { accounts, addressByNumber, nextNumber, timeouts } from "./store.js";
import { type Account, type AuthKeeper, type ModuleAccountDeclaration } from "./types.js";
import { delegated, lockedAt, undelegated, unixSeconds, vestingFault } from "./vesting.js";

export const authKeeper: AuthKeeper = {
  params: (view) => params.get(view),
  get: (view, address) => accounts.get(view, address),
  has: (view, address) => accounts.has(view, address),
  ensure: (ctx, address) => accounts.get(ctx, address) ?? create(ctx, address),
  createVesting(ctx, address, original, endTime, schedule) {
    if (accounts.has(ctx, address)) throw sdk.invalidRequest(`account ${address} already exists`);
    const vesting = { original, delegatedFree: [], delegatedVesting: [], endTime, ...schedule };
    const fault = vestingFault(vesting, schedule);
    if (fault !== undefined) throw sdk.invalidRequest(fault);
    return create(ctx, address, { vesting });
  },
  locked(ctx, address) {
    const vesting = accounts.get(ctx, address)?.vesting;
    return vesting ? lockedAt(vesting, unixSeconds(ctx.block)) : NOTHING;
  },
  noteDelegation(ctx, address, balance, coin) {
    const account = accounts.get(ctx, address);
    if (!account) throw sdk.unknownAddress(`failed to track delegation: account ${address} does not exist`);
    if (balance < coin.amount) throw new Error(`${address} delegates ${coin.amount} of ${balance}`);
    if (account.vesting) put(ctx, { ...account, vesting: delegated(account.vesting, unixSeconds(ctx.block), coin) });
  },
  noteUndelegation(ctx, address, coin) {
    const account = accounts.get(ctx, address) ?? create(ctx, address);
    if (account.vesting) put(ctx, { ...account, vesting: undelegated(account.vesting, coin) });
  },
  setPubKey(ctx, account, pubKey) {
    if (account.pubKey) throw new Error(`account ${account.address} has a public key already`);
    return put(ctx, { ...account, pubKey });
  },
  countTransaction: (ctx, account) => put(ctx, { ...account, sequence: account.sequence + 1n }),
  useTimeout(ctx, address, timeoutNs) {
    if (timeouts.has(ctx, timeoutNs, address)) return false;
    timeouts.add(ctx, timeoutNs, address);
    return true;
  },
  forgetTimeouts(ctx) {
    // What ends at this very instant may be in this block still. (The SDK forgets it, and would take it a second time.)
    for (const used of timeouts.keys(ctx, { below: [ctx.block.timeNs], limit: FORGOTTEN_AT_ONCE })) timeouts.delete(ctx, ...used);
  },
};

/** In one block, since blocks of ten minutes can be made to end at one instant. What is left is of no effect: it has ended. */
const FORGOTTEN_AT_ONCE = 5_000;
const NOTHING = [] as const;

/** With the next number. */
function create(ctx: Context, address: string, more: Pick<Account, "vesting"> = {}): Account {
  const accountNumber = nextNumber.get(ctx) ?? 0n;
  nextNumber.set(ctx, accountNumber + 1n);
  const account: Account = { address, accountNumber, sequence: 0n, ...more };
  add(ctx, account);
  return account;
}

/** The account of a module, made when it is new. */
export function ensureModule(ctx: Context, declared: ModuleAccountDeclaration): void {
  const account = authKeeper.ensure(ctx, ctx.addresses.module(declared.name));
  if (!account.module) put(ctx, asModule(account, declared));
}

function put(ctx: Context, account: Account): Account {
  accounts.set(ctx, account, account.address);
  return account;
}

function add(ctx: Context, account: Account): void {
  put(ctx, account);
  addressByNumber.set(ctx, ctx.addresses.parse(account.address), account.accountNumber);
}

/** Genesis: accounts with their numbers, all different, into an empty store. */
export function restore(ctx: Context, list: readonly Account[]): void {
  let next = 0n;
  for (const account of list) {
    add(ctx, account);
    if (account.accountNumber >= next) next = account.accountNumber + 1n;
  }
  nextNumber.set(ctx, next);
}
