/** What other modules and the application ask of `work`: jobs, counts, targets, and an audit for a deposit. */
import { history } from "./blocks.js";
import { params } from "./params.js";
import { count, indexedJob, lapseClaims, queueJob, totalsOf } from "./jobs.js";
import * as store from "./store.js";
import { type WorkKeeper, type WorkPorts, wireJob } from "./types.js";

export const workKeeper = (ports: WorkPorts): WorkKeeper => ({
  params: params.get,
  history: (view) => history(ports, view),
  openJobs: (view) => store.openIds.keys(view).map(([id]) => indexedJob(view, id)),
  settled: (view, taskId) => store.openOfHead.first(view, { prefix: [taskId] }) === undefined,
  refersTo: (view, taskId, slot, headSeq) => store.openOfHead.first(view, { prefix: [taskId, slot, headSeq] }) !== undefined,
  lapseClaims,
  job: (view, id) => store.jobs.get(view, id),
  wireJob(view, id) {
    const job = store.jobs.get(view, id);
    return job && wireJob(job);
  },
  agreeing: (view, taskId) => new Map(store.agreeing.entries(view, { prefix: [taskId] }).map(({ key: [, operator], value }) => [operator, value])),
  totals: totalsOf,
  verifiedIterations: (view, taskId, slot) => ports.supervision.verifiedIterations(view, taskId, slot),
  auditOf: (view, taskId, slot, seq) => store.audits.get(view, taskId, slot, seq),
  requestAudit(ctx, { submitter, deposit, ...audit }) {
    if (deposit > 0n) ports.bank.toPool(ctx, submitter, "work", deposit);
    count(ctx, audit.taskId, { auditsDrawn: 1n });
    return queueJob(ports, ctx, { kind: "requested_audit", ...audit, supervisor: submitter, deposit, requeued: false }).id;
  },
  targetAt: (view, height) => store.targets.get(view, height),
});
