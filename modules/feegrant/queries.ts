/** What anybody can ask of who pays whose fees, as the Cosmos SDK answers it. */
import type { QueryContext } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { paginate } from "#kernel/pagination.js";
import type { QueryHandlers } from "#kernel/services.js";
import type { FeegrantQuery } from "#proto/gen/cosmos/feegrant/v1beta1/query.js";
import { grants } from "./store.js";

const checked = (ctx: QueryContext, address: string): string => ctx.addresses.format(ctx.addresses.parse(address));

export const feegrantQueries: QueryHandlers<typeof FeegrantQuery> = {
  allowance(ctx, { granter, grantee }) {
    const [from, to] = [checked(ctx, granter), checked(ctx, grantee)];
    const allowance = grants.get(ctx, to, from);
    // of all the SDK's queries for one thing, the one that does not say NotFound
    if (!allowance) throw sdk.unknownRequest("rpc error: code = Internal desc = fee-grant not found: not found");
    return { allowance };
  },
  allowances(ctx, { grantee, pagination: request }) {
    const { items, pagination } = paginate(ctx, grants, request, [checked(ctx, grantee)]);
    return { allowances: items.map(({ value }) => value), pagination };
  },
  allowancesByGranter(ctx, { granter, pagination: request }) {
    const wanted = checked(ctx, granter);
    const { items, pagination } = paginate(ctx, grants, request, undefined, ({ key }) => key[1] === wanted);
    return { allowances: items.map(({ value }) => value), pagination };
  },
};
