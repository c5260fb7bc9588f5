/** `work`: the lottery, verification jobs, verdicts and what follows from them (protocol sections 9 and 10). */
import { fromBigInt, u64be } from "#kernel/bytes.js";
import { dumpStore, loadStore } from "#kernel/dump.js";
import { type AppModule, message, query } from "#kernel/module.js";
import {
  type Job,
  MsgSubmitWork,
  MsgSubmitWorkResponse,
  Phase,
  QueryJobRequest,
  QueryJobResponse,
  QueryJobsRequest,
  QueryJobsResponse,
  QueryMiningInfoRequest,
  QueryMiningInfoResponse,
} from "#proto/gen/pouw.js";
import { drawAudits } from "./audits.js";
import { moveTarget, noteAnchored, beginTarget, rates, sweep } from "./blocks.js";
import { submitWork } from "./claim.js";
import { workErrors } from "./errors.js";
import { workInvariants } from "./invariants.js";
import { workKeeper } from "./jobs.js";
import { rewardOf } from "./retarget.js";
import * as store from "./store.js";
import type { WorkKeeper, WorkPorts } from "./types.js";
import { tallyVerdicts } from "./verdicts.js";

export { workErrors } from "./errors.js";
export type { WorkKeeper, WorkPorts } from "./types.js";

const PAGE = 100;
const MAX_PAGE = 1000;

export function defineWork(ports: WorkPorts): { module: AppModule; keeper: WorkKeeper } {
  const keeper = workKeeper(ports);
  const module: AppModule = {
    name: "work",
    stores: [store.STORE],
    messages: [message("work", MsgSubmitWork, MsgSubmitWorkResponse, (ctx, m) => submitWork(ports, ctx, m))],
    queries: [
      query("/pouw.v1.Query/Job", QueryJobRequest, QueryJobResponse, (ctx, q) => {
        const job = store.jobs.get(ctx, q.id);
        if (!job) throw workErrors.unknownJob(`job ${q.id}`);
        return { job };
      }),
      query("/pouw.v1.Query/Jobs", QueryJobsRequest, QueryJobsResponse, (ctx, q) => {
        const limit = q.limit === 0 ? PAGE : Math.min(q.limit, MAX_PAGE);
        const after = u64be(q.startAfter);
        const out: Job[] = [];
        const take = (key: Uint8Array): boolean => {
          const job = store.jobs.get(ctx, store.lastId(key));
          if (job && (q.taskId === 0n || job.taskId === q.taskId) && (!q.openOnly || !job.decided)) out.push(job);
          return out.length < limit;
        };
        const prefix = store.taskKey(q.taskId);
        const keys = q.openOnly
          ? store.open.entries(ctx, undefined, undefined, after)
          : q.taskId === 0n
            ? store.jobs.entries(ctx, undefined, limit, after)
            : store.jobsOfTask.entries(ctx, prefix, limit, Uint8Array.of(...prefix, ...after));
        for (const [key] of keys) if (!take(key)) break;
        return { jobs: out };
      }),
      query("/pouw.v1.Query/MiningInfo", QueryMiningInfoRequest, QueryMiningInfoResponse, (ctx) => {
        const params = ports.params.get(ctx);
        const m = store.readMeta(ctx, params.target0);
        const open = ports.tasks.open(ctx);
        return {
          target: fromBigInt(m.target, 32),
          paidClaims: m.paidClaims,
          reward: rewardOf(params, m.paidClaims, params.reward0),
          openJobs: BigInt(m.openJobs),
          trainingTasks: BigInt(open.filter((t) => t.phase === Phase.PHASE_TRAINING).length),
          minted: m.minted,
          burned: m.burned,
          ...rates(ctx),
        };
      }),
    ],
    initGenesis(ctx, genesis) {
      const entries = (genesis as { entries?: unknown } | undefined)?.entries;
      if (entries !== undefined) loadStore(ctx, store.STORE, entries);
    },
    exportGenesis: (ctx) => ({ entries: dumpStore(ctx, store.STORE) }),
    beginBlock(ctx) {
      beginTarget(ports, ctx);
      tallyVerdicts(ports, ctx);
      drawAudits(ports, ctx);
    },
    endBlock(ctx) {
      noteAnchored(ports, ctx);
      moveTarget(ports, ctx);
      sweep(ports, ctx);
    },
    invariants: workInvariants(ports),
  };
  return { module, keeper };
}
