/** What anybody can ask of upgrades, as the Cosmos SDK answers it. */
import { EMPTY } from "#kernel/bytes.js";
import { AUTHORITY } from "#kernel/authority.js";
import type { QueryHandlers } from "#kernel/services.js";
import type { UpgradeQuery } from "#proto/gen/cosmos/upgrade/v1beta1/query.js";
import { upgradeErrors } from "./errors.js";
import { wirePlan } from "./store.js";
import type { UpgradeKeeper, UpgradePorts } from "./types.js";

export const upgradeQueries = (ports: UpgradePorts, keeper: UpgradeKeeper): QueryHandlers<typeof UpgradeQuery> => ({
  currentPlan(ctx) {
    const plan = keeper.plan(ctx);
    return { plan: plan && wirePlan(plan) };
  },
  appliedPlan: (ctx, { name }) => ({ height: keeper.doneAt(ctx, name) }),
  // There is no IBC here, and no such state; the Cosmos SDK answers nothing then.
  upgradedConsensusState: () => ({ upgradedConsensusState: EMPTY }),
  moduleVersions(ctx, { moduleName }) {
    const all = [...ports.versions(ctx)].map(([name, version]) => ({ name, version: BigInt(version) }));
    const wanted = moduleName === "" ? all : all.filter((m) => m.name === moduleName);
    if (moduleName !== "" && wanted.length === 0) throw upgradeErrors.noModule(`x/upgrade: QueryModuleVersions module ${moduleName.slice(0, 100)} not found`);
    return { moduleVersions: wanted };
  },
  authority: (ctx) => ({ address: ctx.addresses.module(AUTHORITY) }),
});
