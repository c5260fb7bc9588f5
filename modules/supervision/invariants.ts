/** What must hold of slots after every block. */
import { equalBytes } from "#kernel/bytes.js";
import type { Invariants } from "#kernel/module.js";
import type { View } from "#kernel/store.js";
import { advances, advancesByHeight, slots } from "./store.js";
import { headSeq, type Slot } from "./types.js";

const each = (check: (view: View, s: Slot) => string | undefined) => (view: View): string | undefined => {
  for (const s of slots.list(view)) {
    const broken = check(view, s);
    if (broken) return `task ${s.taskId}, slot ${s.slot}: ${broken}`;
  }
  return undefined;
};

/** One line when the newest kept advance is not the head of a slot that no fault cut back. */
export function newestAdvanceFault(view: View, s: Slot): string | undefined {
  if (s.state.kind === "fault") return undefined;
  const newest = advances.last(view, { prefix: [s.taskId, s.slot] })?.value;
  if (!newest || (s.head?.seq === newest.seq && equalBytes(newest.hash, s.head.hash))) return undefined;
  return `newest kept advance is ${newest.seq}, head is ${headSeq(s)}`;
}

export const supervisionInvariants: Invariants = {
  "heads-within-positions": each((_, s) => (headSeq(s) > s.positions ? `head ${headSeq(s)} beyond ${s.positions} positions` : undefined)),
  "head-is-newest-advance": each(newestAdvanceFault),
  "advances-are-found-by-height"(view) {
    const kept = advances.keys(view).length;
    const found = advancesByHeight.list(view);
    for (const { taskId, slot, head } of found) if (advances.get(view, taskId, slot, head.seq)?.height !== head.height) return `task ${taskId}, slot ${slot}: the advance to ${head.seq} at ${head.height} is not kept by its slot`;
    return kept === found.length ? undefined : `${kept} advances are kept, ${found.length} are found by height`;
  },
};
