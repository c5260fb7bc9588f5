/** Every message of one type. */
import { GenericAuthorization } from "#proto/gen/cosmos/authz/v1beta1/authz.js";
import { uncoded } from "../errors.js";
import type { AuthorizationKind } from "./kind.js";

export const generic: AuthorizationKind<GenericAuthorization> = {
  codec: GenericAuthorization,
  check({ msg }) {
    if (msg === "") throw uncoded("msg type cannot be empty");
  },
  messageType: ({ msg }) => msg,
  accept: () => "kept",
};
