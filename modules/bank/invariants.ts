/** What always holds of balances. */
import { sums } from "#kernel/coin-list.js";
import { type Invariants } from "#kernel/module.js";
import { balances, owners, supplies } from "./store.js";

export const bankInvariants: Invariants = {
  "supply is the sum of balances"(ctx) {
    const totals = new Map(sums(balances.entries(ctx).map(({ key: [, denom], value: amount }) => ({ denom, amount }))).map((c) => [c.denom, c.amount]));
    for (const { key: [denom], value: amount } of supplies.entries(ctx)) {
      if (totals.get(denom) !== amount) return `supply of ${denom} is ${amount}, balances add up to ${totals.get(denom) ?? 0n}`;
      totals.delete(denom);
    }
    for (const denom of totals.keys()) return `balances of ${denom} without a supply`;
    return undefined;
  },
  "owners are those who have a balance"(ctx) {
    const held = balances.keys(ctx);
    const missing = held.find(([address, denom]) => !owners.has(ctx, denom, address));
    if (missing) return `${missing[0]} has ${missing[1]}, the index of owners does not say so`;
    const indexed = owners.keys(ctx).length;
    return indexed === held.length ? undefined : `the index of owners has ${indexed} entries for ${held.length} balances`;
  },
};
