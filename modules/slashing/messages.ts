/** Messages of `slashing`. The ante handler has authenticated who signs. */
import { updateParams } from "#kernel/authority.js";
import type { MsgHandlers } from "#kernel/services.js";
import type { SlashingMsg } from "#proto/gen/cosmos/slashing/v1beta1/tx.js";
import type { SlashingWriter } from "./keeper.js";
import { params } from "./params.js";

export const slashingMessages = (keeper: SlashingWriter): MsgHandlers<typeof SlashingMsg> => ({
  unjail(ctx, { validatorAddr }) {
    keeper.unjail(ctx, ctx.addresses.format(ctx.addresses.operator.parse(validatorAddr)));
    return {};
  },
  updateParams: updateParams(params),
});

