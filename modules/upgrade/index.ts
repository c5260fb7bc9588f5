/** `upgrade`: at which height the chain goes on with another program. Messages and queries are the Cosmos SDK's own; its part of genesis is empty, as there. */
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { UpgradeQuery } from "#proto/gen/cosmos/upgrade/v1beta1/query.js";
import { UpgradeMsg } from "#proto/gen/cosmos/upgrade/v1beta1/tx.js";
import { upgradeErrors } from "./errors.js";
import { upgradeKeeper } from "./keeper.js";
import { upgradeMessages } from "./messages.js";
import { upgradeQueries } from "./queries.js";
import { store } from "./store.js";
import type { UpgradeKeeper, UpgradePorts } from "./types.js";

export type { Plan, UpgradeKeeper, UpgradePorts } from "./types.js";

export const upgrade = defineModule({
  name: "upgrade",
  store,
  errors: upgradeErrors,
  create(ports: UpgradePorts) {
    const writer = upgradeKeeper();
    const keeper: UpgradeKeeper = writer;
    return {
      keeper,
      messages: implementMsg("upgrade", UpgradeMsg, upgradeMessages(writer)),
      queries: implementQuery(UpgradeQuery, upgradeQueries(ports, keeper)),
      genesis: {
        init(_ctx, json) {
          const [field] = typeof json === "object" && json !== null ? Object.keys(json) : [];
          if (field !== undefined) throw new Error(`app_state.upgrade.${field}: there is no such field; plans are made by votes`);
        },
        export: () => ({}),
      },
    };
  },
});
