/** How far slots are, and which of them could move on (protocol section 4): pure functions of a task's slots. */
import { roundOf } from "#protocol/log/positions.js";
import { headSeq, type Slot } from "./types.js";

/** A: the lowest anchored round of the open slots; with none open, of all. Undefined before any anchor. */
export function lowestRound(slots: readonly Slot[]): bigint | undefined {
  const working = slots.filter((s) => s.positions > 0n);
  const open = working.filter((s) => s.state.kind === "open");
  let lowest: bigint | undefined;
  for (const { head } of open.length > 0 ? open : working) {
    if (!head) return undefined;
    const round = roundOf(head.seq);
    if (lowest === undefined || round < lowest) lowest = round;
  }
  return lowest;
}

/** A + run_ahead, the last round that a header may be of; before any anchor the round before the first stands for A. */
export const furthestRound = (slots: readonly Slot[], runAhead: bigint): bigint => (lowestRound(slots) ?? roundOf(0n)) + runAhead;

/**
 * Whether a slot could work on: its next position exists, every map that it requires (each slot's up to round t − lag,
 * as far as it exists and is not excused) is anchored, and its round t ≤ A + run_ahead.
 */
export function readiness(slots: readonly Slot[], { lag, runAhead }: { readonly lag: number; readonly runAhead: bigint }): (s: Slot) => boolean {
  // The lowest head that can still grow bounds what may be required; a slot at its end or its closure lacks nothing.
  let lowest: bigint | undefined;
  for (const s of slots) {
    const seq = headSeq(s);
    const end = s.state.kind === "open" ? s.positions : s.state.seq;
    if (seq < end && (lowest === undefined || seq < lowest)) lowest = seq;
  }
  const furthest = furthestRound(slots, runAhead);
  return (s) => {
    const round = headSeq(s);
    if (round >= s.positions || round > furthest) return false;
    const required = round - BigInt(lag) + 1n;
    return lowest === undefined || required <= lowest;
  };
}
