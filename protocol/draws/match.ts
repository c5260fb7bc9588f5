/** Who gets a task's seats: drawn by the beacon, weighted by free stake and fit. */
import { compareBytes, u32be, u64be } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";
import { Drbg } from "./drbg.js";
import { H, raw } from "../hash.js";

const MILLION = 1_000_000n;
const TWO64 = 1n << 64n;

/** Largest integer whose square is at most n. */
export function isqrt(n: bigint): bigint {
  if (n < 0n) throw new RangeError(`isqrt(${n})`);
  if (n < 2n) return n;
  let x = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const y = (x + n / x) >> 1n;
    if (y >= x) return x;
    x = y;
  }
}

/** isqrt(⌊10^12·dot²/(|a|²·|b|²)⌋), parts per million; no preference (none, or all zero) fits everything. */
export function fitPpm(preferences: readonly number[], properties: readonly number[]): bigint {
  const a = preferences.map(BigInt);
  const b = properties.map(BigInt);
  const square = (v: bigint[]) => v.reduce((s, x) => s + x * x, 0n);
  const norms = square(a) * square(b);
  if (square(a) === 0n) return MILLION;
  if (norms === 0n) return 0n;
  const dot = a.reduce((s, x, i) => s + x * (b[i] ?? 0n), 0n);
  return isqrt((MILLION * MILLION * dot * dot) / norms);
}

export interface Candidate {
  /** 20 raw bytes. */
  address: Uint8Array;
  /** Stake in no seat, base units, at the end of block h. */
  freeStake: bigint;
  /** How many more seats it may take. */
  seats: number;
  /** From fitPpm. */
  fit: bigint;
}

export interface SeatDraw {
  /** beacon(h+1). */
  beacon: Uint8Array;
  taskId: bigint;
  /** 1 miner, 2 supervisor, 3 evaluator. */
  role: number;
  count: number;
  /** What one seat locks. */
  seatStake: bigint;
  candidates: readonly Candidate[];
}

/**
 * The drawn candidates, in seat order; fewer than `count` when they run out.
 *
 * Weight = free stake · (10^6 + fit). A seat locks seat_stake of its worker's free stake at once, so the next seat weighs
 * what is left; who has less than seat_stake or no seat left is out. Should the weights sum to 2^64 or more, all are
 * halved until they do not: below() takes a u64.
 */
export function drawSeats(hash: Hash, { beacon, taskId, role, count, seatStake, candidates }: SeatDraw): Candidate[] {
  const random = new Drbg(hash, H(hash, "pouw/match/1", raw(beacon, 32, "beacon"), u64be(taskId), u32be(role)));
  const pool = candidates.map((candidate) => ({ candidate, free: candidate.freeStake, seats: candidate.seats })).sort((a, b) => compareBytes(a.candidate.address, b.candidate.address));
  const drawn: Candidate[] = [];
  while (drawn.length < count) {
    const open = pool.filter((c) => c.seats > 0 && c.free >= seatStake && c.free > 0n);
    if (open.length === 0) break;
    let weights = open.map((c) => c.free * (MILLION + c.candidate.fit));
    let sum = total(weights);
    while (sum >= TWO64) {
      weights = weights.map((w) => w >> 1n);
      sum = total(weights);
    }
    if (sum === 0n) break;
    let left = random.below(sum);
    const at = weights.findIndex((w) => {
      if (left < w) return true;
      left -= w;
      return false;
    });
    const chosen = open[at] as (typeof open)[number];
    chosen.free -= seatStake;
    chosen.seats -= 1;
    drawn.push(chosen.candidate);
  }
  return drawn;
}

const total = (weights: readonly bigint[]): bigint => weights.reduce((s, w) => s + w, 0n);
