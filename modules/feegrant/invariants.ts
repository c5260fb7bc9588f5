/** What must hold of fee grants after every block. */
import type { Invariants } from "#kernel/module.js";
import { readAllowance } from "./allowances/index.js";
import { grants, queue } from "./store.js";

export const feegrantInvariants: Invariants = {
  /** What ends stands in the queue, and nothing else does. */
  queue(ctx) {
    const name = (ns: bigint, granter: string, grantee: string): string => `${ns} ${granter} ${grantee}`;
    const queued = queue.keys(ctx).map(([ns, grantee, granter]) => name(ns, granter, grantee));
    const ending = new Set(
      grants.list(ctx).flatMap(({ granter, grantee, allowance }) => {
        const expiresNs = allowance && readAllowance(allowance).expiresNs;
        return expiresNs === undefined ? [] : [name(expiresNs, granter, grantee)];
      }),
    );
    const stray = queued.find((q) => !ending.has(q));
    if (stray !== undefined) return `the queue has ${stray}, which no grant is`;
    return queued.length === ending.size ? undefined : `${ending.size} grants end, ${queued.length} stand in the queue`;
  },
};
