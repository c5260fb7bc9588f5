/** Queries of `matching`. */
import type { QueryHandlers } from "#kernel/services.js";
import type { MatchingQuery } from "#proto/gen/pouw/matching/v1/query.js";
import { seatsHeld } from "./keeper.js";
import { type MatchingKeeper, wireSeat } from "./types.js";

export const matchingQueries = (keeper: MatchingKeeper): QueryHandlers<typeof MatchingQuery> => ({
  params: (ctx) => ({ params: keeper.params(ctx) }),
  seats: (ctx, { worker }) => ({ seats: seatsHeld(ctx, [worker]).map(wireSeat) }),
});
