/** Queries of `validators`. */
import type { QueryHandlers } from "#kernel/services.js";
import type { ValidatorsQuery } from "#proto/gen/pouw/validators/v1/query.js";
import type { ValidatorsKeeper } from "./types.js";

export const validatorsQueries = (keeper: ValidatorsKeeper): QueryHandlers<typeof ValidatorsQuery> => ({
  params: (ctx) => ({ params: keeper.params(ctx) }),
  validatorSet: (ctx) => ({ validators: [...keeper.all(ctx)] }),
});
