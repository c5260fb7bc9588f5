/** Messages of `feegrant`: x/feegrant/keeper/msg_server.go of the Cosmos SDK. The ante handler has authenticated who signs. */
import type { Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import type { MsgChecks, MsgHandlers } from "#kernel/services.js";
import type { FeegrantMsg } from "#proto/gen/cosmos/feegrant/v1beta1/tx.js";
import { readAllowance } from "./allowances/index.js";
import { feegrantErrors } from "./errors.js";
import { feegrantEvents } from "./events.js";
import type { FeegrantWriter } from "./keeper.js";

/** Allowances that one message removes. */
const PRUNED_PER_MESSAGE = 75;

/** What no transaction may hold, known as soon as it is decoded. */
export const feegrantChecks: MsgChecks<typeof FeegrantMsg> = {
  grantAllowance: ({ allowance }) => void (allowance && readAllowance(allowance)),
};

export function feegrantMessages(keeper: FeegrantWriter): MsgHandlers<typeof FeegrantMsg> {
  /** Throws where one is no address, the grantee first. */
  const parsed = ({ addresses }: Context, { granter, grantee }: { readonly granter: string; readonly grantee: string }): void => void [grantee, granter].forEach((a) => addresses.parse(a));
  return {
    grantAllowance(ctx, m) {
      const { granter, grantee } = m;
      if (grantee === granter) throw sdk.invalidAddress("cannot self-grant fee authorization");
      parsed(ctx, m);
      if (keeper.allowance(ctx, granter, grantee)) throw sdk.invalidRequest("fee allowance already exists");
      if (!m.allowance) throw feegrantErrors.noAllowance("failed to get allowance");
      const allowance = readAllowance(m.allowance);
      allowance.check();
      keeper.grant(ctx, granter, grantee, allowance);
      return {};
    },
    revokeAllowance(ctx, m) {
      const { granter, grantee } = m;
      if (grantee === granter) throw sdk.invalidAddress("addresses must be different");
      parsed(ctx, m);
      keeper.revoke(ctx, granter, grantee);
      return {};
    },
    pruneAllowances(ctx, { pruner }) {
      keeper.prune(ctx, PRUNED_PER_MESSAGE);
      ctx.emit(feegrantEvents.pruned({ pruner }));
      return {};
    },
  };
}
