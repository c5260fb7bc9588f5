/**
 * The lag rule: which peers' maps a header must have, and what a closed slot changes.
 *
 * A header of round t must have the map of every slot for every round ≤ t − lag that exists and is not excused by a
 * block ≤ its height. A slot closed late excuses its rounds above its head then. A slot closed for a fault at block y
 * counts, in headers with height ≥ y, as min(c_j, f), and its later rounds are excused.
 */
import { type Slot, SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import { slotPositions, type Span } from "./positions.js";

export interface Closure {
  slot: number;
  status: "late" | "fault";
  /** y: the block whose FinalizeBlock closed it. */
  closedHeight: bigint;
  /** late: its anchored head then; fault: f. */
  closedSeq: bigint;
}

/** A slot is closed at most once; of what closes it twice (late, then for a fault) the chain keeps the fault. */
export class Closures {
  readonly #bySlot = new Map<number, Closure[]>();

  constructor(closures: Iterable<Closure> = []) {
    for (const c of closures) this.add(c);
  }

  /** Idempotent. A late slot may later be closed for a fault: both closures then count, each from its own height. */
  add(closure: Closure): void {
    const list = this.#bySlot.get(closure.slot) ?? [];
    if (list.some((c) => c.status === closure.status)) return;
    list.push(closure);
    this.#bySlot.set(closure.slot, list);
  }

  /** The closures of a slot that a header of this height knows of. */
  of(slot: number, height: bigint): readonly Closure[] {
    const list = this.#bySlot.get(slot);
    return list ? list.filter((c) => c.closedHeight <= height) : [];
  }

  /** f, when the slot is closed for a fault at or below the height. */
  fault(slot: number, height: bigint): bigint | undefined {
    return this.of(slot, height).find((c) => c.status === "fault")?.closedSeq;
  }

  all(): Closure[] {
    return [...this.#bySlot.values()].flat();
  }
}

export type LagSpec = Span & { lag: number };

/** The lowest entry that a header of `round` at `height` may have for a slot. */
export function requiredEntry(spec: LagSpec, closures: Closures, slot: number, round: bigint, height: bigint): bigint {
  const rounds = round - BigInt(spec.lag) + 1n;
  if (rounds <= 0n) return 0n;
  const exist = slotPositions(spec, slot);
  let need = rounds < exist ? rounds : exist;
  for (const c of closures.of(slot, height)) if (c.closedSeq < need) need = c.closedSeq;
  return need;
}

/** requiredEntry of every slot. */
export function requiredClock(spec: LagSpec, closures: Closures, round: bigint, height: bigint): bigint[] {
  return Array.from({ length: spec.slots }, (_, slot) => requiredEntry(spec, closures, slot, round, height));
}

/** The clock that a header of this height stands for: min(c_j, f) where slot j is closed for a fault. */
export function effectiveClock(clock: readonly bigint[], closures: Closures, height: bigint): bigint[] {
  return clock.map((c, slot) => {
    const f = closures.fault(slot, height);
    return f !== undefined && f < c ? f : c;
  });
}

export interface ClockFault {
  slot: number;
  got: bigint;
  want: bigint;
}

/** The first slot whose entry breaks the lag rule. */
export function lagFault(spec: LagSpec, closures: Closures, round: bigint, height: bigint, clock: readonly bigint[]): ClockFault | undefined {
  for (let slot = 0; slot < spec.slots; slot++) {
    const got = clock[slot] as bigint;
    const want = requiredEntry(spec, closures, slot, round, height);
    if (got < want) return { slot, got, want };
  }
  return undefined;
}

/** The first slot whose entry is lower than in the slot's previous header, where no fault at or below `height` explains it. */
export function decreaseFault(closures: Closures, height: bigint, previous: readonly bigint[], clock: readonly bigint[]): ClockFault | undefined {
  for (let slot = 0; slot < clock.length; slot++) {
    const got = clock[slot] as bigint;
    const before = previous[slot] as bigint;
    const f = closures.fault(slot, height);
    const want = f !== undefined && f < before ? f : before;
    if (got < want) return { slot, got, want };
  }
  return undefined;
}

/** Whether a slot with these applied entries may begin `round`: every required map is there. */
export function isReady(spec: LagSpec, closures: Closures, round: bigint, height: bigint, applied: readonly bigint[]): boolean {
  return lagFault(spec, closures, round, height, applied) === undefined;
}

/** What the chain's slot records say of closures; a slot closed late and later for a fault has both. */
export function closuresOf(slots: readonly Slot[]): Closures {
  const closures = new Closures();
  for (const s of slots) {
    if (s.lateHeight !== undefined) closures.add({ slot: s.slot, status: "late", closedHeight: s.lateHeight, closedSeq: s.lateSeq ?? 0n });
    if (s.status === SlotStatus.SLOT_CLOSED_FAULT && s.closedHeight !== undefined) closures.add({ slot: s.slot, status: "fault", closedHeight: s.closedHeight, closedSeq: s.closedSeq ?? 0n });
  }
  return closures;
}
