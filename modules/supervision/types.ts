/**
 * What `supervision` needs of other modules, and what it offers.
 *
 * Ports are read at call time, never at definition: `work` is defined after this module and stands behind a getter.
 */
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import type { AnchoredHead, AttestedHead, Params, Role, Seat, Slot, Task, VerdictCode } from "#proto/gen/pouw.js";

export interface SupervisionPorts {
  readonly params: { get(ctx: View): Params };
  readonly bank: { toPool(ctx: Context, from: string, pool: "work", amount: bigint): void };
  readonly tasks: {
    get(ctx: View, id: bigint): Task | undefined;
    must(ctx: View, id: bigint): Task;
    set(ctx: Context, t: Task): void;
    open(ctx: View): Task[];
    /** Every supervisor is gone: the task ends, every stake and what is left of the fee returns. */
    endWithoutSupervisors(ctx: Context, t: Task): void;
  };
  readonly seats: {
    seats(ctx: View, taskId: bigint, role?: Role): Seat[];
    seat(ctx: View, taskId: bigint, role: Role, index: number): Seat | undefined;
    set(ctx: Context, s: Seat): void;
    byWorker(ctx: View, taskId: bigint, worker: string): Seat[];
    slash(ctx: Context, s: Seat, ppm: number, opts: { bountyTo?: string }): bigint;
  };
  readonly work: {
    requestAudit(ctx: Context, a: { taskId: bigint; slot: number; seq: bigint; head: AnchoredHead; submitter: string; deposit: bigint }): bigint;
    auditOf(ctx: View, taskId: bigint, slot: number, seq: bigint): bigint | undefined;
  };
}

/** An advance of a slot's anchored head: iterations from + 1 … head.seq are new. */
export interface Advance {
  taskId: bigint;
  slot: number;
  from: bigint;
  head: AnchoredHead;
}

export interface SlotsKeeper {
  slots(ctx: View, taskId: bigint): Slot[];
  slot(ctx: View, taskId: bigint, slot: number): Slot | undefined;
  /** kept advances, ascending seq */
  anchors(ctx: View, taskId: bigint, slot: number): AnchoredHead[];
  firstAtOrAbove(ctx: View, taskId: bigint, slot: number, seq: bigint): AnchoredHead | undefined;
  advancesAt(ctx: View, height: bigint): Advance[];
  /** On entering Training. */
  start(ctx: Context, t: Task, seats: Seat[]): void;
  /** On leaving Training: writes final_seq; heads move no more. */
  freeze(ctx: Context, t: Task): void;
  /** code UNSPECIFIED: equivocation. The first fault of a slot stands. */
  closeForFault(ctx: Context, taskId: bigint, slot: number, f: bigint, code: VerdictCode): void;
  /** A, −1 before any anchor */
  lowestAnchoredRound(ctx: View, t: Task): bigint;
  /** every open slot anchored its last position */
  allDone(ctx: View, t: Task): boolean;
  /** seated to the end, with attested heads at or above every final one */
  dutyDone(ctx: View, t: Task, supervisorIndex: number): boolean;
  /** the highest attested head of each (slot, seated supervisor), slots ascending, then seats */
  attested(ctx: View, taskId: bigint): AttestedHead[];
  /** seats of the supervisors that attested exactly this head, ascending */
  attesters(ctx: View, taskId: bigint, slot: number, head: AnchoredHead): number[];
  /** anchored iterations that count as verified work: none after a fault */
  verifiedIterations(ctx: View, taskId: bigint, slot: number): bigint;
}
