/** Queries of `workers`. */
import { sdk } from "#kernel/errors.js";
import type { QueryHandlers } from "#kernel/services.js";
import type { WorkersQuery } from "#proto/gen/pouw/workers/v1/query.js";
import { unbondings, workers } from "./store.js";
import { type WorkersKeeper, wireWorker } from "./types.js";

const MAX_LIST = 1000;

export const workersQueries = (keeper: WorkersKeeper): QueryHandlers<typeof WorkersQuery> => ({
  params: (ctx) => ({ params: keeper.params(ctx) }),
  worker(ctx, { address }) {
    const worker = keeper.get(ctx, address);
    if (!worker) throw sdk.keyNotFound(`worker ${address} not found`);
    return { worker: wireWorker(worker), unbondings: unbondings.list(ctx).filter((u) => u.address === address) };
  },
  workers(ctx, { startAfter, limit: asked }) {
    const limit = asked === 0 || asked > MAX_LIST ? MAX_LIST : asked;
    return { workers: workers.list(ctx, { limit, ...(startAfter ? { after: [startAfter] as const } : {}) }).map(wireWorker) };
  },
});
