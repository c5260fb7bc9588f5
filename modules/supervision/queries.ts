/** Queries of `supervision`. */
import type { QueryHandlers } from "#kernel/services.js";
import type { SupervisionQuery } from "#proto/gen/pouw/supervision/v1/query.js";
import { supervisionErrors } from "./errors.js";
import type { SupervisionKeeper } from "./types.js";

export const supervisionQueries = (keeper: SupervisionKeeper): QueryHandlers<typeof SupervisionQuery> => ({
  params: (ctx) => ({ params: keeper.params(ctx) }),
  anchors(ctx, { taskId, slot }) {
    if (!keeper.slot(ctx, taskId, slot)) throw supervisionErrors.unknownSlot(`slot ${slot} of task ${taskId}`);
    return { heads: keeper.anchors(ctx, taskId, slot) };
  },
});
