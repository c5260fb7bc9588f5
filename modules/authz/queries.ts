/** What anybody can ask of who may send messages in whose name, as the Cosmos SDK answers it. */
import type { QueryContext } from "#kernel/context.js";
import { type Page, paginate } from "#kernel/pagination.js";
import type { QueryHandlers } from "#kernel/services.js";
import type { Entry } from "#kernel/store.js";
import type { Grant, GrantAuthorization } from "#proto/gen/cosmos/authz/v1beta1/authz.js";
import type { AuthzQuery } from "#proto/gen/cosmos/authz/v1beta1/query.js";
import { authzErrors } from "./errors.js";
import { grants } from "./store.js";
import type { AuthzKeeper } from "./types.js";

type GrantEntry = Entry<readonly [granter: string, grantee: string, typeUrl: string], Grant>;
const named = ({ key: [granter, grantee], value }: GrantEntry): GrantAuthorization => ({ granter, grantee, ...value });

export function authzQueries(keeper: AuthzKeeper): QueryHandlers<typeof AuthzQuery> {
  const checked = (ctx: QueryContext, address: string): string => ctx.addresses.format(ctx.addresses.parse(address));
  const listed = ({ items, pagination }: Page<GrantEntry>) => ({ grants: items.map(named), pagination });
  return {
    grants(ctx, { granter, grantee, msgTypeUrl, pagination: request }) {
      const pair = [checked(ctx, granter), checked(ctx, grantee)] as const;
      if (msgTypeUrl === "") {
        const { items, pagination } = paginate(ctx, grants, request, [...pair]);
        return { grants: items.map(({ value }) => value), pagination };
      }
      const grant = keeper.grant(ctx, ...pair, msgTypeUrl);
      if (!grant) throw authzErrors.noAuthorization(`authorization not found for ${msgTypeUrl} type`);
      return { grants: [grant], pagination: undefined };
    },
    granterGrants: (ctx, { granter, pagination }) => listed(paginate(ctx, grants, pagination, [checked(ctx, granter)])),
    granteeGrants(ctx, { grantee, pagination }) {
      const wanted = checked(ctx, grantee);
      return listed(paginate(ctx, grants, pagination, undefined, ({ key }) => key[1] === wanted));
    },
  };
}
