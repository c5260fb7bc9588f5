/** Queries of `work`. */
import { fromBigInt } from "#kernel/bytes.js";
import type { QueryContext } from "#kernel/context.js";
import type { QueryHandlers } from "#kernel/services.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import type { QueryJobsRequest, WorkQuery } from "#proto/gen/pouw/work/v1/query.js";
import { rates } from "./blocks.js";
import { workErrors } from "./errors.js";
import { indexedJob } from "./jobs.js";
import { TARGET_BYTES } from "./records.js";
import { rewardOf } from "./retarget.js";
import * as store from "./store.js";
import { type Job, type WorkKeeper, type WorkPorts, wireJob } from "./types.js";

const PAGE = 100;
const MAX_PAGE = 1000;

export const workQueries = (ports: WorkPorts, keeper: WorkKeeper): QueryHandlers<typeof WorkQuery> => ({
  params: (ctx) => ({ params: keeper.params(ctx) }),
  job(ctx, { id }) {
    const job = keeper.wireJob(ctx, id);
    if (!job) throw workErrors.unknownJob(`job ${id}`);
    return { job };
  },
  jobs: (ctx, q) => ({ jobs: pageOf(ctx, q).map(wireJob) }),
  miningInfo(ctx) {
    const p = keeper.params(ctx);
    const { target, paidClaims, minted, burned } = store.lottery.get(ctx);
    return {
      target: fromBigInt(target, TARGET_BYTES),
      paidClaims,
      reward: rewardOf(p, paidClaims, p.reward0),
      openJobs: BigInt(store.counters.get(ctx).open),
      trainingTasks: BigInt(ports.tasks.open(ctx).filter((t) => t.phase === Phase.PHASE_TRAINING).length),
      minted,
      burned,
      ...rates(ctx),
    };
  },
});

function pageOf(ctx: QueryContext, { taskId, openOnly, startAfter, limit: asked }: QueryJobsRequest): Job[] {
  const limit = asked === 0 ? PAGE : Math.min(asked, MAX_PAGE);
  if (taskId !== 0n && !openOnly) return store.jobsOfTask.keys(ctx, { prefix: [taskId], after: [taskId, startAfter], limit }).map(([, id]) => indexedJob(ctx, id));
  if (!openOnly) return store.jobs.list(ctx, { after: [startAfter], limit });
  const out: Job[] = [];
  for (const [id] of store.openIds.keys(ctx, { after: [startAfter] })) {
    if (out.length >= limit) break;
    if (taskId === 0n || store.jobsOfTask.has(ctx, taskId, id)) out.push(indexedJob(ctx, id));
  }
  return out;
}
