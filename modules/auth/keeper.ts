/**
 * The only writer of accounts.
 *
 * Invariants kept here: a number is one account's for ever, and the index by number names exactly the accounts; an account's
 * key never changes, and its sequence only grows.
 */
import { type Context } from "#kernel/context.js";
import { params } from "./params.js";
import { accounts, addressByNumber, nextNumber, timeouts } from "./store.js";
import { type Account, type AuthKeeper } from "./types.js";

export const authKeeper: AuthKeeper = {
  params: (view) => params.get(view),
  get: (view, address) => accounts.get(view, address),
  ensure(ctx, address) {
    const found = accounts.get(ctx, address);
    if (found) return found;
    const accountNumber = nextNumber.get(ctx) ?? 0n;
    nextNumber.set(ctx, accountNumber + 1n);
    const account: Account = { address, accountNumber, sequence: 0n };
    add(ctx, account);
    return account;
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
