/** Messages of `upgrade`, for governance alone. */
import { AUTHORITY } from "#kernel/authority.js";
import type { Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import type { MsgHandlers } from "#kernel/services.js";
import type { UpgradeMsg } from "#proto/gen/cosmos/upgrade/v1beta1/tx.js";
import { upgradeErrors } from "./errors.js";
import type { UpgradeWriter } from "./keeper.js";
import { NO_TIME } from "./store.js";

function check({ addresses }: Context, given: string): void {
  const authority = addresses.module(AUTHORITY);
  if (given !== authority) throw upgradeErrors.invalidSigner(`expected ${authority} got ${given}`);
}

export const upgradeMessages = (keeper: UpgradeWriter): MsgHandlers<typeof UpgradeMsg> => ({
  softwareUpgrade(ctx, { authority, plan }) {
    check(ctx, authority);
    if (plan?.time && (plan.time.seconds !== NO_TIME.seconds || plan.time.nanos !== 0)) throw sdk.invalidRequest("time-based upgrades have been deprecated in the SDK");
    if (plan?.upgradedClientState) throw sdk.invalidRequest("upgrade logic for IBC has been moved to the IBC module");
    keeper.schedule(ctx, { name: plan?.name ?? "", height: plan?.height ?? 0n, info: plan?.info ?? "" });
    return {};
  },
  cancelUpgrade(ctx, { authority }) {
    check(ctx, authority);
    keeper.cancel(ctx);
    return {};
  },
});
