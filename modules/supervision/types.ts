/**
 * Slots of `supervision`, what it needs of other modules, and what it offers.
 *
 * What happened to a slot is one of three things, told apart by `state.kind`; a head, a closure or a final sequence number
 * that is not there is undefined. Ports are read at call time, never at definition.
 */
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import { type Advance as WireAdvance, type AnchoredHead, type AttestedHead, type Params, type Slot as WireSlot, SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import type { Phase, Terms } from "#proto/gen/pouw/tasks/v1/types.js";
import { type Role, VerdictCode } from "#proto/gen/pouw/v1/types.js";

/** An advance of a slot's anchored head: the iterations from + 1 to head.seq are new. */
export interface Advance {
  readonly taskId: bigint;
  readonly slot: number;
  readonly from: bigint;
  readonly head: AnchoredHead;
}

/** Throws Error for a record without a head. */
export function parseAdvance({ taskId, slot, from, head }: WireAdvance): Advance {
  if (!head) throw new Error("head: want that of the advance");
  return { taskId, slot, from, head };
}

/** A block in which a slot was closed, and its anchored sequence number then. */
export interface Closure {
  readonly height: bigint;
  readonly seq: bigint;
}

export type SlotState =
  | {
      readonly kind: "open";
      /** blocks since its last move in which it could have moved on; they count towards lateness */
      readonly readyBlocks: bigint;
    }
  /** it moved too late; its maps may still be anchored, nobody waits for them */
  | ({ readonly kind: "late" } & Closure)
  /** it was convicted; nothing above `seq` stands */
  | ({
      readonly kind: "fault";
      /** INVALID or NO_RESIDUAL; undefined after equivocation */
      readonly code?: VerdictCode | undefined;
      /** it had been closed late before */
      readonly late?: Closure | undefined;
    } & Closure);

/** A miner's slot in Training and after. */
export interface Slot {
  readonly taskId: bigint;
  readonly slot: number;
  /** how many positions, so iterations, it has in all */
  readonly positions: bigint;
  /** the newest anchored head */
  readonly head?: AnchoredHead | undefined;
  readonly state: SlotState;
  /** anchored sequence number when Training ended */
  readonly finalSeq?: bigint | undefined;
}

/** Throws Error for a closure that is not whole; genesis refuses besides what a slot in its state does not have. */
export function parseSlot(w: WireSlot): Slot {
  const { taskId, slot, positions, head, finalSeq } = w;
  return { taskId, slot, positions, head, finalSeq, state: parseState(w) };
}

function parseState(w: WireSlot): SlotState {
  if (w.status === SlotStatus.SLOT_OPEN) return { kind: "open", readyBlocks: w.readyBlocks };
  const closed = closureOf(w.closedHeight, w.closedSeq, "closed");
  if (!closed) throw new Error("closed_height: want that of a closed slot");
  if (w.status === SlotStatus.SLOT_CLOSED_LATE) return { kind: "late", ...closed };
  return { kind: "fault", ...closed, code: w.fault === VerdictCode.VERDICT_UNSPECIFIED ? undefined : w.fault, late: closureOf(w.lateHeight, w.lateSeq, "late") };
}

function closureOf(height: bigint | undefined, seq: bigint | undefined, what: string): Closure | undefined {
  if (height === undefined && seq === undefined) return undefined;
  if (height === undefined || seq === undefined) throw new Error(`${what}_${height === undefined ? "height" : "seq"}: want it beside ${what}_${height === undefined ? "seq" : "height"}`);
  return { height, seq };
}

const STATUS = { open: SlotStatus.SLOT_OPEN, late: SlotStatus.SLOT_CLOSED_LATE, fault: SlotStatus.SLOT_CLOSED_FAULT } as const;

export function wireSlot(s: Slot): WireSlot {
  const { taskId, slot, positions, head, finalSeq, state } = s;
  const late = lateness(state);
  return {
    taskId,
    slot,
    head,
    status: STATUS[state.kind],
    closedHeight: state.kind === "open" ? undefined : state.height,
    closedSeq: state.kind === "open" ? undefined : state.seq,
    fault: (state.kind === "fault" && state.code) || VerdictCode.VERDICT_UNSPECIFIED,
    readyBlocks: state.kind === "open" ? state.readyBlocks : 0n,
    positions,
    finalSeq,
    lateHeight: late?.height,
    lateSeq: late?.seq,
  };
}

/** Where the slot was closed late, also when a fault closed it later. */
export const lateness = (state: SlotState): Closure | undefined => (state.kind === "fault" ? state.late : state.kind === "late" ? { height: state.height, seq: state.seq } : undefined);

/** Sequence number of the anchored head; 0 before any, since the first iteration has 1. */
export const headSeq = (s: Pick<Slot, "head">): bigint => s.head?.seq ?? 0n;

/** A task as this module sees it. */
export interface SupervisedTask {
  readonly id: bigint;
  readonly phase: Phase;
  readonly spec: { readonly epochs: number; readonly batches: number; readonly slots: number; readonly lag: number; readonly runAhead: bigint; readonly iterationBlocks: bigint };
  /** blocks in which Training began and ended */
  readonly training?: { readonly start: bigint; readonly end?: bigint | undefined } | undefined;
  readonly closedHeight?: bigint | undefined;
  /** parameters of its creation */
  readonly terms: Pick<Terms, "anchorInterval" | "stallBlocks" | "supervisorStallBlocks" | "auditRequestWindow" | "slashStall" | "slashEquivocation" | "auditDeposit" | "seatUnlockBlocks">;
}

export interface SeatId {
  readonly taskId: bigint;
  readonly role: Role;
  readonly index: number;
}

/** A seat as this module sees it. */
export interface SupervisedSeat extends SeatId {
  readonly worker: string;
  readonly stake: bigint;
  readonly sessionKey?: Uint8Array | undefined;
  readonly confirmed: boolean;
  readonly dropped: boolean;
  /** block of the supervisor's newest MsgAnchorLog */
  readonly lastAnchor?: bigint | undefined;
  readonly drawnHeight: bigint;
}

export interface SupervisionPorts {
  readonly tasks: {
    get(view: View, id: bigint): SupervisedTask | undefined;
    must(view: View, id: bigint): SupervisedTask;
    open(view: View): readonly SupervisedTask[];
    /** A head of the task moved in this block. */
    noteAdvance(ctx: Context, id: bigint): void;
    /** Every supervisor is gone: the task ends, every stake and what is left of the fee returns. */
    endWithoutSupervisors(ctx: Context, id: bigint): void;
  };
  readonly matching: {
    seats(view: View, taskId: bigint, role?: Role): readonly SupervisedSeat[];
    seat(view: View, taskId: bigint, role: Role, index: number): SupervisedSeat | undefined;
    byWorker(view: View, taskId: bigint, worker: string): readonly SupervisedSeat[];
    /** The supervisor holds the task's data. */
    confirm(ctx: Context, seat: SeatId): void;
    /** The supervisor anchored in this block. */
    noteAnchor(ctx: Context, seat: SeatId): void;
    drop(ctx: Context, seat: SeatId): void;
    slash(ctx: Context, seat: SeatId, ppm: number, options: { readonly bountyTo?: string }): bigint;
  };
  readonly work: {
    /** blocks whose advances may be asked for */
    history(view: View): bigint;
    auditOf(view: View, taskId: bigint, slot: number, seq: bigint): bigint | undefined;
    /** an open job is of iterations that this head anchored */
    refersTo(view: View, taskId: bigint, slot: number, headSeq: bigint): boolean;
    /** The slot is convicted: its open claims are worth nothing. */
    lapseClaims(ctx: Context, taskId: bigint, slot: number): void;
    /** Takes the deposit from the submitter and answers the job's id. */
    requestAudit(ctx: Context, audit: { taskId: bigint; slot: number; seq: bigint; head: AnchoredHead; submitter: string; deposit: bigint }): bigint;
  };
}

export interface SupervisionKeeper {
  params(view: View): Params;
  /** ascending */
  slots(view: View, taskId: bigint): Slot[];
  slot(view: View, taskId: bigint, slot: number): Slot | undefined;
  /** the same, as the generated Slot: for queries and verifiers */
  wire(view: View, taskId: bigint): WireSlot[];
  /** kept advances, ascending seq */
  anchors(view: View, taskId: bigint, slot: number): AnchoredHead[];
  /** the head that first covered the iteration, while it is kept */
  firstAtOrAbove(view: View, taskId: bigint, slot: number, seq: bigint): AnchoredHead | undefined;
  /** Advances of anchored heads in block `height`, by task and slot: iterations from + 1 … head.seq were new. */
  advancesAt(view: View, height: bigint): Advance[];
  /** On entering Training: a slot for each of the task's miners. */
  start(ctx: Context, task: Pick<SupervisedTask, "id" | "spec">): void;
  /** On leaving Training: writes finalSeq; heads move no more. */
  freeze(ctx: Context, task: { readonly id: bigint }): void;
  /** Without a code: for equivocation. The first fault of a slot stands. */
  closeForFault(ctx: Context, taskId: bigint, slot: number, seq: bigint, code?: VerdictCode): void;
  /** A of protocol section 4; undefined before any anchor */
  lowestAnchoredRound(view: View, taskId: bigint): bigint | undefined;
  /** every open slot anchored its last position */
  allDone(view: View, task: { readonly id: bigint }): boolean;
  /** seated to the end, with attested heads at or above every final one */
  dutyDone(view: View, task: { readonly id: bigint }, supervisorIndex: number): boolean;
  /** the highest attested head of each (slot, seated supervisor), slots ascending, then seats */
  attested(view: View, taskId: bigint): AttestedHead[];
  /** seats of the supervisors that attested exactly this head, ascending */
  attesters(view: View, taskId: bigint, slot: number, head: AnchoredHead): number[];
  /** anchored iterations that count as verified work: none after a fault */
  verifiedIterations(view: View, taskId: bigint, slot: number): bigint;
}
