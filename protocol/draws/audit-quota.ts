/**
 * Which of the audits that are due in a block are queued in it (protocol section 10): tasks in turn, up to a count and an
 * amount of work, so that nobody's flood makes others wait. What is left over is dropped: no backlog outlives what an audit
 * refers to.
 */
import { compareBytes, u32be, u64be } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";
import { H, raw } from "../hash.js";

export interface DueAudit {
  readonly slot: number;
  readonly seq: bigint;
}

export interface DueTask<A extends DueAudit = DueAudit> {
  readonly taskId: bigint;
  /** R·F: what re-running one of its iterations takes at most */
  readonly rerunFlop: bigint;
  readonly due: readonly A[];
}

export interface AuditQuota {
  /** beacon(h+D) */
  readonly beacon: Uint8Array;
  readonly maxAudits: number;
  /** most Σ R·F of what is queued; one is queued whatever it takes */
  readonly auditFlop: bigint;
}

/**
 * The kept audits in the order in which they are queued: of tasks ascending by H('pouw/audit-keep/1'; beacon, u64 task) one
 * each in a round, of a task the lowest H('pouw/audit-keep/1'; beacon, u64 task, u32 slot, u64 seq) first. The first that
 * would bring the work above `auditFlop` ends it.
 */
export function keptAudits<A extends DueAudit>(hash: Hash, { beacon, maxAudits, auditFlop }: AuditQuota, tasks: readonly DueTask<A>[]): { readonly taskId: bigint; readonly audit: A }[] {
  raw(beacon, 32, "beacon");
  const turn = (taskId: bigint, ...of: Uint8Array[]): Uint8Array => H(hash, "pouw/audit-keep/1", beacon, u64be(taskId), ...of);
  const inTurn = tasks
    .filter((t) => t.due.length > 0)
    .map((t) => ({ of: t, turn: turn(t.taskId) }))
    .sort((a, b) => compareBytes(a.turn, b.turn))
    // No task has more of its own kept than all may have, so beyond that many tasks none has a turn.
    .slice(0, maxAudits)
    .map(({ of: { taskId, rerunFlop, due } }) => ({ taskId, rerunFlop, left: lowest(due, maxAudits, (a) => turn(taskId, u32be(a.slot), u64be(a.seq))).reverse() }));

  const kept: { taskId: bigint; audit: A }[] = [];
  let flop = 0n;
  for (let wanting = inTurn; wanting.length > 0; wanting = wanting.filter((t) => t.left.length > 0)) {
    for (const { taskId, rerunFlop, left } of wanting) {
      if (kept.length >= maxAudits || (kept.length > 0 && flop + rerunFlop > auditFlop)) return kept;
      flop += rerunFlop;
      kept.push({ taskId, audit: left.pop() as A });
    }
  }
  return kept;
}

/** The `count` items with the lowest digests, ascending. PERF: of a flood of 84,000 only the kept ones are ever sorted. */
function lowest<A>(items: readonly A[], count: number, digestOf: (item: A) => Uint8Array): A[] {
  const best: { item: A; digest: Uint8Array }[] = [];
  for (const item of items) {
    const digest = digestOf(item);
    if (best.length >= count && compareBytes(digest, (best[best.length - 1] as { digest: Uint8Array }).digest) >= 0) continue;
    let at = best.length;
    while (at > 0 && compareBytes(digest, (best[at - 1] as { digest: Uint8Array }).digest) < 0) at--;
    best.splice(at, 0, { item, digest });
    if (best.length > count) best.pop();
  }
  return best.map((b) => b.item);
}
