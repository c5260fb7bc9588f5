/** What anybody can ask of `evaluation`. */
import { sdk } from "#kernel/errors.js";
import type { QueryHandlers } from "#kernel/services.js";
import type { EvaluationQuery } from "#proto/gen/pouw/evaluation/v1/query.js";
import { payments, scores } from "./store.js";
import { type EvaluationKeeper, type EvaluationPorts, wirePayment } from "./types.js";

export const evaluationQueries = (ports: EvaluationPorts, keeper: EvaluationKeeper): QueryHandlers<typeof EvaluationQuery> => ({
  params: (ctx) => ({ params: keeper.params(ctx) }),
  taskResult(ctx, { id }) {
    const task = ports.tasks.wire(ctx, id);
    if (!task) throw sdk.keyNotFound(`task ${id} not found`);
    return {
      task,
      slots: ports.supervision.wire(ctx, id),
      payouts: payments.list(ctx, { prefix: [id] }).map(wirePayment),
      reveals: keeper.reveals(ctx, id),
      scores: scores.list(ctx, { prefix: [id] }),
      totals: ports.work.totals(ctx, id),
    };
  },
});
