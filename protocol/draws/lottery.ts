/** What the beacon decides D blocks after a head was anchored: the lottery and the audits. */
import { toBigInt, u32be, u64be } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";
import { H, raw } from "../hash.js";

const MILLION = 1_000_000n;
const MAX_TARGET = (1n << 256n) - 1n;

export interface LotteryTicket {
  /** beacon(h+D), h the height of the first anchored head that covers the iteration. */
  beacon: Uint8Array;
  taskId: bigint;
  slot: number;
  seq: bigint;
  headerHash: Uint8Array;
}

/** H('pouw/lottery/1'; beacon(h+D), u64 task, u32 slot, u64 seq, header_hash). */
export const lotteryDraw = (hash: Hash, { beacon, taskId, slot, seq, headerHash }: LotteryTicket): Uint8Array =>
  H(hash, "pouw/lottery/1", raw(beacon, 32, "beacon"), u64be(taskId), u32be(slot), u64be(seq), raw(headerHash, 32, "header hash"));

/** draw < min(2^256 − 1, target · F): the more work an iteration is, the likelier it wins. */
export function isLucky(draw: Uint8Array, target: bigint, flop: bigint): boolean {
  const bound = target * flop;
  return toBigInt(draw) < (bound < MAX_TARGET ? bound : MAX_TARGET);
}

export interface AuditDraw {
  /** beacon(h+D). */
  beacon: Uint8Array;
  taskId: bigint;
  slot: number;
  /** h, where the head advanced. */
  height: bigint;
  /** N: by how many iterations it advanced. */
  count: number | bigint;
  /** p, from auditPpm. */
  ppm: number | bigint;
}

/** p = max(audit_ppm, ⌈3·10^6 / the slot's positions⌉): every slot expects at least three audits a task. */
export function auditPpm(params: { auditPpm: number }, positions: bigint): bigint {
  const floor = positions > 0n ? (3n * MILLION + positions - 1n) / positions : 0n;
  const configured = BigInt(params.auditPpm);
  return configured > floor ? configured : floor;
}

/**
 * Offsets of the audited iterations, ascending, without repeats (0 = the lowest new seq): ⌊(N·p + x)/10^6⌋ draws, x from
 * index 2^32 − 1, the i-th at H(…, u32 i) mod N.
 */
export function auditOffsets(hash: Hash, { beacon, taskId, slot, height, count, ppm }: AuditDraw): bigint[] {
  const n = BigInt(count);
  if (n <= 0n) return [];
  const at = (index: number): bigint => toBigInt(H(hash, "pouw/audit/1", raw(beacon, 32, "beacon"), u64be(taskId), u32be(slot), u64be(height), u32be(index)));
  const draws = (n * BigInt(ppm) + (at(0xffffffff) % MILLION)) / MILLION;
  const offsets = new Set<bigint>();
  for (let i = 0; BigInt(i) < draws; i++) offsets.add(at(i) % n);
  return [...offsets].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
