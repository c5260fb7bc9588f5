/** What must hold of jobs and money after every block. */
import type { View } from "#kernel/store.js";
import { JobKind } from "#proto/gen/pouw.js";
import * as store from "./store.js";
import type { WorkPorts } from "./types.js";

export const workInvariants = (ports: WorkPorts) => ({
  "open-jobs-are-indexed": (ctx: View): string | undefined => {
    const open = store.jobs.list(ctx).filter((j) => !j.decided);
    for (const j of open) if (!store.open.has(ctx, j.id)) return `job ${j.id} is undecided and not in the index`;
    const indexed = store.open.entries(ctx).length;
    const claims = open.filter((j) => j.kind === JobKind.JOB_CLAIM).length;
    const { openJobs, openClaims } = store.readMeta(ctx, ports.params.get(ctx).target0);
    return indexed === open.length && openJobs === open.length && openClaims === claims
      ? undefined
      : `${open.length} open jobs, ${claims} claims; ${indexed} indexed; ${openJobs} and ${openClaims} counted`;
  },
  "pool-holds-open-deposits": (ctx: View): string | undefined => {
    const deposits = store.jobs.list(ctx).reduce((sum, j) => (j.decided ? sum : sum + j.deposit), 0n);
    const held = ports.bank.poolBalance(ctx, "work");
    return held === deposits ? undefined : `pool work holds ${held}, open deposits are ${deposits}`;
  },
  "minted-within-caps": (ctx: View): string | undefined => {
    for (const t of ports.tasks.open(ctx)) if (t.minted > t.mintCap) return `task ${t.id} minted ${t.minted} of ${t.mintCap}`;
    return undefined;
  },
});
