/** What must hold of jobs and money after every block. */
import type { Invariants } from "#kernel/module.js";
import type { View } from "#kernel/store.js";
import { claimsIn } from "./jobs.js";
import * as store from "./store.js";
import type { WorkPorts } from "./types.js";

/** Deposits of the open requested audits. */
export const openDeposits = (view: View): bigint => store.jobs.list(view).reduce((sum, j) => (j.kind === "requested_audit" && !j.outcome ? sum + j.deposit : sum), 0n);

export const workInvariants = (ports: WorkPorts): Invariants => ({
  "open-jobs-are-indexed"(view) {
    const open = store.jobs.list(view).filter((j) => !j.outcome);
    for (const j of open) if (!store.openIds.has(view, j.id)) return `job ${j.id} is undecided and not in the index`;
    const indexed = store.openIds.keys(view).length;
    const claims = open.reduce((n, j) => n + claimsIn(j), 0);
    const counted = store.counters.get(view);
    return indexed === open.length && counted.open === open.length && counted.openClaims === claims
      ? undefined
      : `${open.length} open jobs, ${claims} claims; ${indexed} indexed; ${counted.open} and ${counted.openClaims} counted`;
  },
  "heads-of-open-jobs-are-kept"(view) {
    for (const { id, taskId, slot, head, outcome } of store.jobs.list(view)) {
      if (!outcome && ports.supervision.firstAtOrAbove(view, taskId, slot, head.seq)?.seq !== head.seq) return `job ${id}: the head ${head.seq} of slot ${slot} of task ${taskId} is not kept`;
    }
    return undefined;
  },
  "pool-holds-open-deposits"(view) {
    const deposits = openDeposits(view);
    const held = ports.bank.poolBalance(view, "work");
    return held === deposits ? undefined : `pool work holds ${held}, open deposits are ${deposits}`;
  },
  "minted-within-caps"(view) {
    for (const t of ports.tasks.open(view)) if (t.minted > t.mintCap) return `task ${t.id} minted ${t.minted} of ${t.mintCap}`;
    return undefined;
  },
});
