/**
 * Positions, rounds and slots: position p (0 … epochs·N_b − 1) belongs to slot p mod M and to round ⌊p/M⌋.
 *
 * A slot works its rounds in ascending order and, without resumption, leaves none out: its iteration `seq` is the one
 * of round seq − 1.
 */
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { isTolerant } from "../tasks/profiles.js";

export type Span = Pick<TaskSpec, "epochs" | "batches" | "slots">;

/** epochs · N_b. */
export const totalPositions = (spec: Span): bigint => BigInt(spec.epochs) * BigInt(spec.batches);

/** How many positions, so iterations, the slot has in all. */
export function slotPositions(spec: Span, slot: number): bigint {
  const total = totalPositions(spec);
  const m = BigInt(spec.slots);
  const s = BigInt(slot);
  return s >= total ? 0n : (total - s - 1n) / m + 1n;
}

/** How many rounds there are; the last may miss slots. */
export const totalRounds = (spec: Span): bigint => (totalPositions(spec) + BigInt(spec.slots) - 1n) / BigInt(spec.slots);

export const lastRound = (spec: Span): bigint => totalRounds(spec) - 1n;

export const roundOf = (seq: bigint): bigint => seq - 1n;

export const seqOf = (round: bigint): bigint => round + 1n;

export const positionOf = (spec: Span, slot: number, seq: bigint): bigint => roundOf(seq) * BigInt(spec.slots) + BigInt(slot);

export const epochOf = (spec: Span, position: bigint): number => Number(position / BigInt(spec.batches));

/** R: iterations from one hashed residual to the next. What a tolerant iteration leaves cannot be made again, so all are hashed. */
export const residualInterval = (parameters: number, profile: string): bigint => (parameters <= 2 ** 14 || isTolerant(profile) ? 1n : 16n);

/** Bits of the learning rate in an epoch: the last step of the schedule that has begun, else the task's own. */
export function lrBitsAt(spec: Pick<TaskSpec, "lrBits" | "schedule">, epoch: number): number {
  let bits = spec.lrBits;
  for (const step of spec.schedule) if (step.epoch <= epoch) bits = step.lrBits;
  return bits;
}
