/** Messages of `auth`: what governance says of transactions. */
import { updateParams } from "#kernel/authority.js";
import { type MsgHandlers } from "#kernel/services.js";
import { type AuthMsg } from "#proto/gen/cosmos/auth/v1beta1/tx.js";
import { params } from "./params.js";

export const authMessages: MsgHandlers<typeof AuthMsg> = {
  updateParams: updateParams(params),
};
