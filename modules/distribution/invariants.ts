/** What must hold of earnings after every block: x/distribution/keeper/invariants.go of older versions of the Cosmos SDK. */
import { coinsText } from "#kernel/coin-list.js";
import { addCoins, covers, decCoinsText, type DecCoins } from "#kernel/dec-coins.js";
import type { Invariants } from "#kernel/module.js";
import { holdings } from "./genesis.js";
import type { DistributionWriter } from "./keeper/index.js";
import { commissions, historical, outstanding, slashEvents, starting } from "./store.js";
import { DISTRIBUTION, type DistributionPorts } from "./types.js";

export const distributionInvariants = (ports: DistributionPorts, keeper: DistributionWriter): Invariants => ({
  /** The account holds what is outstanding and the community pool. */
  account(ctx) {
    const [want, has] = [coinsText(holdings(ctx)), coinsText(ports.bank.poolBalances(ctx, DISTRIBUTION))];
    return want === has ? undefined : `earnings and community pool are ${want}, the account holds ${has}`;
  },
  /** What a validator and its delegators could withdraw is there. */
  covered(ctx) {
    for (const { operator } of ports.staking.all(ctx)) {
      const delegators = ports.staking.delegationsTo(ctx, operator);
      const owed = delegators.reduce((sum: DecCoins, d) => addCoins(sum, keeper.rewards(ctx, ctx.block.height, d.delegator, operator)), commissions.get(ctx, operator) ?? []);
      const has = outstanding.get(ctx, operator) ?? [];
      if (!covers(has, owed)) return `${operator} and its delegators have earned ${decCoinsText(owed)}, outstanding are ${decCoinsText(has)}`;
      const lost = delegators.find((d) => !starting.has(ctx, operator, d.delegator));
      if (lost) return `nothing is reckoned of what ${lost.delegator} delegates to ${operator}`;
    }
    return undefined;
  },
  /** A period is kept for as many things as begin behind it: delegations, slashes, and each validator's period that runs. */
  references(ctx) {
    const want = ports.staking.all(ctx).length + starting.keys(ctx).length + slashEvents.keys(ctx).length;
    const has = historical.list(ctx).reduce((sum, h) => sum + h.references, 0);
    return want === has ? undefined : `periods are kept ${has} times, ${want} things begin behind them`;
  },
});
