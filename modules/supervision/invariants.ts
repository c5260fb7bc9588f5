/** What must hold of slots after every block. */
import { equalBytes } from "#kernel/bytes.js";
import type { View } from "#kernel/store.js";
import { type Slot, SlotStatus } from "#proto/gen/pouw.js";
import { headOf } from "./keeper.js";
import * as store from "./store.js";

const each = (check: (ctx: View, s: Slot) => string | undefined) => (ctx: View): string | undefined => {
  for (const s of store.slots.list(ctx)) {
    const broken = check(ctx, s);
    if (broken) return `task ${s.taskId}, slot ${s.slot}: ${broken}`;
  }
  return undefined;
};

export const supervisionInvariants = {
  "heads-within-positions": each((_, s) => (headOf(s).seq > s.positions ? `head ${headOf(s).seq} beyond ${s.positions} positions` : undefined)),
  "head-is-newest-advance": each((ctx, s) => {
    if (s.status === SlotStatus.SLOT_CLOSED_FAULT) return undefined;
    const newest = store.advances.last(ctx, store.slotKey(s.taskId, s.slot));
    if (!newest) return undefined;
    return newest.seq === headOf(s).seq && equalBytes(newest.hash, headOf(s).hash) ? undefined : `newest kept advance is ${newest.seq}, head is ${headOf(s).seq}`;
  }),
  "closed-slots-have-a-height": each((_, s) => ((s.status === SlotStatus.SLOT_OPEN) === (s.closedHeight === 0n) ? undefined : `status ${s.status} with closed height ${s.closedHeight}`)),
};
