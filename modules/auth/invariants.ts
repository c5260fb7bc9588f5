/** What always holds of accounts. */
import { equalBytes } from "#kernel/bytes.js";
import { type Invariants } from "#kernel/module.js";
import { accounts, addressByNumber, nextNumber } from "./store.js";

export const authInvariants: Invariants = {
  "every number is one account's"(ctx) {
    const next = nextNumber.get(ctx) ?? 0n;
    let count = 0;
    for (const { address, accountNumber } of accounts.list(ctx)) {
      count++;
      const raw = addressByNumber.get(ctx, accountNumber);
      if (!raw || !equalBytes(raw, ctx.addresses.parse(address))) return `account ${address} has number ${accountNumber}, which the index does not give it`;
      if (accountNumber >= next) return `account ${address} has number ${accountNumber}, the next one is ${next}`;
    }
    const indexed = addressByNumber.keys(ctx).length;
    return indexed === count ? undefined : `${indexed} numbers are given to ${count} accounts`;
  },
};
