/** Messages of `auth`: what governance says of transactions. */
import { checkAuthority } from "#kernel/authority.js";
import { sdk } from "#kernel/errors.js";
import { type MsgHandlers } from "#kernel/services.js";
import { type AuthMsg } from "#proto/gen/cosmos/auth/v1beta1/tx.js";
import { params } from "./params.js";

export const authMessages: MsgHandlers<typeof AuthMsg> = {
  updateParams(ctx, m) {
    checkAuthority(ctx, m.authority);
    if (!m.params) throw sdk.invalidRequest("params are missing");
    params.set(ctx, m.params);
    return {};
  },
};
