/** What `authz` needs of other modules and offers. */
import type { Context } from "#kernel/context.js";
import type { MessageRunner } from "#kernel/services.js";
import type { View } from "#kernel/store.js";
import type { Grant } from "#proto/gen/cosmos/authz/v1beta1/authz.js";

export interface AuthzPorts {
  /** makes the grantee's account when it is new */
  readonly auth: { ensure(ctx: Context, address: string): unknown };
  readonly router: MessageRunner;
}

export interface AuthzKeeper {
  /** As it stands in the store: it may have expired. */
  grant(view: View, granter: string, grantee: string, typeUrl: string): Grant | undefined;
}
