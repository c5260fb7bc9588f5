/** What anybody can ask of how validators sign, as the Cosmos SDK answers it. */
import { sdk } from "#kernel/errors.js";
import { paginate } from "#kernel/pagination.js";
import type { QueryHandlers } from "#kernel/services.js";
import type { SlashingQuery } from "#proto/gen/cosmos/slashing/v1beta1/query.js";
import { wireInfo } from "./keeper.js";
import { infos } from "./store.js";
import type { SlashingKeeper } from "./types.js";

export const slashingQueries = (keeper: SlashingKeeper): QueryHandlers<typeof SlashingQuery> => ({
  params: (ctx) => ({ params: keeper.params(ctx) }),
  signingInfo(ctx, { consAddress }) {
    if (consAddress === "") throw sdk.invalidRequest("invalid request");
    const info = keeper.info(ctx, ctx.addresses.consensus.parse(consAddress));
    if (!info) throw sdk.keyNotFound(`SigningInfo not found for validator ${consAddress}`);
    return { valSigningInfo: wireInfo(ctx, info) };
  },
  signingInfos(ctx, { pagination: request }) {
    const { items, pagination } = paginate(ctx, infos, request);
    return { info: items.map(({ value }) => value), pagination };
  },
});
